"""Write the table of email kinds into docs/architecture.md: `python -m tests.outbox.email_kinds_in_docs`."""

import os

import django

from tests.tables_in_docs import write

NAME = "email kinds"


def drawn() -> str:
    """Return the table in Markdown."""
    from letters.models import EMAIL_KINDS

    heads = ["kind", "caused by", "queue", "counts for emails caused by", "above that limit", "kept", "built by"]
    rows = [heads, ["---"] * len(heads), *(_row(kind) for kind in EMAIL_KINDS)]
    return "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\n"


def _row(kind: str) -> list[str]:
    from letters.models import EMAIL_KINDS, EmailKind
    from letters.tasks import EMAIL_BUILDERS

    rules, build = EMAIL_KINDS[EmailKind(kind)], EMAIL_BUILDERS[kind]
    where = build.__module__.removeprefix("letters.").rsplit(".", 2)[-2]
    counts = _counts(EmailKind(kind))
    return [
        f"`{EmailKind(kind).value}`",
        rules.cause.value,
        f"`{rules.queue.value}`",
        counts,
        rules.when_full.value,
        rules.kept.value,
        f"`{where}/mail.py`, `{build.__name__}`",
    ]


def _counts(kind: str) -> str:
    """Return towards which daily limits an email counts, by who causes the emails that they limit."""
    from letters.models import EMAIL_KINDS, counted_for

    causes = [EMAIL_KINDS[other].cause.value for other in EMAIL_KINDS if kind in counted_for(other)]
    return "; ".join(dict.fromkeys(causes)) or "nobody"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
    django.setup()
    write(NAME, drawn())
