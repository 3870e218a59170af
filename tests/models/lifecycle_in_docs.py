"""Write the life cycle of a signature into docs/architecture.md: `python -m tests.models.lifecycle_in_docs`."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import django

from tests.tables_in_docs import write

if TYPE_CHECKING:
    from letters.models import Transition

NAME = "life cycle"


def drawn() -> str:
    """Return the diagram and the table in Markdown."""
    return f"\n```mermaid\n{_diagram()}```\n\n{_states()}\n{_table()}\n"


# A step from more states than this is a note in the diagram, because its arrows would hide the others.
MAX_ARROWS = 4


def _diagram() -> str:
    from letters.models import Transition

    lines, notes = [], []
    for transition in Transition:
        sources: Sequence[str] = transition.sources or ["[*]"]
        targets: Sequence[str] = transition.step.targets or ["[*]"]
        name = _words(transition.name)
        for target in targets:
            if len(sources) > MAX_ARROWS:
                notes.append(f"    note right of {target}: {name}, from {', '.join(sources)}")
            else:
                lines += [f"    {source} --> {target}: {name}" for source in sources]
    return "\n".join(["stateDiagram-v2", *lines, *notes, ""])


def _states() -> str:
    from letters.models import State

    rows = [f"| `{state.value}` | {state.label} |" for state in State]
    return "\n".join(["| state | meaning |", "|---|---|", *rows, ""])


def _table() -> str:
    from letters.models import Transition

    heads = ["step", "from", "to", "when", "who", "writes", "clears", "operation"]
    rows = [heads, ["---"] * len(heads), *(_row(transition) for transition in Transition)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(transition: "Transition") -> list[str]:
    step = transition.step
    cleared = [name for name, value in step.sets.items() if value in {"", None}]
    return [
        _words(transition.name),
        _listed(step.sources) or "new row",
        _listed(step.targets) or "row deleted",
        step.when,
        ", ".join(step.who),
        _fields([name for name in [*step.sets, *step.given] if name not in cleared]),
        _fields(cleared),
        _listed(step.operations),
    ]


def _fields(names: list[str]) -> str:
    from letters.models import WORDS

    others = _listed([name for name in names if name not in WORDS])
    return ", ".join(
        filter(None, ["words" if set(WORDS) <= {*names} else _listed([n for n in WORDS if n in names]), others])
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
    django.setup()
    write(NAME, drawn())
