"""The life cycle of a signature is what letters/models/lifecycle.py says, and nothing else."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from letters.models import ACTIVE, CONFIRMED_OR_SEALED, Letter, Signature, State, Transition
from letters.models.lifecycle import COUNTED, TAKEN_OUT, UNCONFIRMED, UNNUMBERED, is_in
from tests.models.lifecycle_in_docs import NAME, drawn
from tests.models.test_rules import add_signature
from tests.people import NOW
from tests.tables_in_docs import parts

ROOT = Path(__file__).parents[2] / "letters"
SOURCES = [
    path for path in sorted(ROOT.rglob("*.py")) if "migrations" not in path.parts and path.name != "lifecycle.py"
]
# Values with which a step leads to a row that the database accepts.
GIVEN = {"number": 1, "published_at": NOW, "confirmed_at": NOW, "verified": "link", "signed_at": NOW, "concern": ""}
MOVES = [transition for transition in Transition if transition.sources and transition.step.targets]


def in_state(letter: Letter, state: State, **values: Any) -> Signature:
    """Create a row that the database accepts, with a number only if it must have one."""
    if state in CONFIRMED_OR_SEALED:
        values |= {"confirmed_at": NOW, "verified": "link"}
    if state == State.PUBLISHED:
        values |= {"number": state_number(letter), "published_at": NOW}
    return add_signature(letter, state=state, **values)


def state_number(letter: Letter) -> int:
    return Signature.objects.filter(letter=letter).count() + 1


def given(transition_: Transition) -> dict[str, Any]:
    return {name: value for name, value in GIVEN.items() if name in transition_.step.given}


@pytest.mark.parametrize("step", MOVES, ids=lambda step: step.name)
def test_a_step_moves_signatures_in_its_states_and_no_others(letter: Letter, step: Transition) -> None:
    for target in step.step.targets:
        for state in State:
            # A rejected signature is still confirmed. It gets its number back, if it had one.
            kept: dict[str, Any] = {"confirmed_at": NOW, "verified": "link"} if state == State.REJECTED else {}
            if kept and target == State.PUBLISHED:
                kept |= {"number": 77, "published_at": NOW}
            with transaction.atomic():
                signature = in_state(letter, state, **kept)
                moved = Signature.objects.filter(pk=signature.pk).move(step, to=target, **given(step))
                signature.refresh_from_db()
                transaction.set_rollback(True)
            assert moved == (state in step.sources), (state, target)
            assert signature.state == (target if state in step.sources else state)


@pytest.mark.parametrize("step", MOVES, ids=lambda step: step.name)
def test_a_step_leads_to_no_state_that_the_table_does_not_name(letter: Letter, step: Transition) -> None:
    for target in set(State).difference(step.step.targets):
        with pytest.raises(ValueError, match="does not write"):
            Signature.objects.filter(letter=letter).move(step, to=target)


@pytest.mark.parametrize("step", MOVES, ids=lambda step: step.name)
def test_a_step_writes_no_field_that_the_table_does_not_name(letter: Letter, step: Transition) -> None:
    fields = {field.name for field in Signature._meta.get_fields() if field.concrete}
    for field in fields.difference(step.step.given):
        with pytest.raises(ValueError, match="does not write"):
            Signature.objects.filter(letter=letter).move(step, to=step.step.targets[0], **{field: None})


def test_no_step_leads_from_one_state_to_another_unless_the_table_says_so(letter: Letter) -> None:
    declared = {pair for step in MOVES for pair in product(step.sources, step.step.targets)}
    rows = {state: in_state(letter, state) for state in State}
    refused = 0
    for source, target in product(State, State):
        if (source, target) in declared:
            continue
        for step in MOVES:
            among = Signature.objects.filter(pk=rows[source].pk)
            if target in step.step.targets:
                assert among.move(step, to=target, **given(step)) == 0
                refused += 1
    assert refused > len(State)
    assert {State(row.state) for row in Signature.objects.filter(letter=letter)} == {*State}


@pytest.mark.parametrize("step", [step for step in Transition if not step.step.targets], ids=lambda step: step.name)
def test_a_signature_is_deleted_only_where_the_table_says_so(letter: Letter, step: Transition) -> None:
    for state in State:
        in_state(letter, state)
    Signature.objects.filter(letter=letter).remove(step)
    left = {State(state) for state in Signature.objects.filter(letter=letter).values_list("state", flat=True)}
    assert left == {*State}.difference(step.sources)


def test_only_a_step_that_deletes_may_delete(letter: Letter) -> None:
    with pytest.raises(ValueError, match="deletes nothing"):
        Signature.objects.filter(letter=letter).remove(Transition.REJECT)


def test_the_second_of_two_steps_at_once_finds_nothing(letter: Letter) -> None:
    signature = in_state(letter, State.HELD)
    held = Signature.objects.filter(pk=signature.pk)
    assert held.move(Transition.REJECT) == 1
    assert held.move(Transition.ACCEPT) == 0
    signature.refresh_from_db()
    assert signature.state == State.REJECTED


def test_a_step_clears_what_the_table_says(letter: Letter) -> None:
    signature = in_state(letter, State.HELD, affiliation="Society", via="example.org", address_hash=b"h" * 32)
    Signature.objects.filter(pk=signature.pk).move(Transition.WITHDRAW)
    signature.refresh_from_db()
    words = [signature.name, signature.affiliation, signature.via]
    assert (words, signature.address_hash) == (["", "", ""], None)


def test_every_state_can_be_reached_and_left() -> None:
    reached = {target for step in Transition for target in step.step.targets}
    # Some steps delete everything that belongs to a letter.
    of_a_letter = {Transition.DELETE_DRAFT, Transition.DELETE_UNREACHED}
    left = {source for step in Transition if step not in of_a_letter for source in step.sources}
    assert reached == {*State}
    assert {*State} - left == {State.WITHDRAWN, State.DISOWNED}


def test_each_state_is_on_one_side_of_every_rule() -> None:
    assert {*UNNUMBERED, *TAKEN_OUT, COUNTED} == {*State}
    assert {*UNCONFIRMED, *TAKEN_OUT, *CONFIRMED_OR_SEALED} == {*State}
    assert {*ACTIVE} == {State.PENDING, *CONFIRMED_OR_SEALED}


def test_python_and_sql_mean_the_same_states(letter: Letter) -> None:
    for state in State:
        in_state(letter, state)
    for step in MOVES:
        by_orm = Signature.objects.filter(letter=letter, state__in=step.sources)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM letters_signature WHERE {step.came_from()}")  # noqa: S608
            assert {pk for (pk,) in cursor.fetchall()} == {*by_orm.values_list("pk", flat=True)}
    assert is_in([COUNTED], "one.state") == "one.state IN ('published')"
    assert Transition.NUMBER.becomes() == "state = 'published', counted = true, via = '', to_score = false"


def test_the_operations_of_the_table_exist() -> None:
    source = "\n".join(path.read_text() for path in SOURCES)
    for step in Transition:
        for operation in step.step.operations:
            assert re.search(rf"^def {operation}\(", source, re.MULTILINE), operation


def test_architecture_md_shows_the_table() -> None:
    _, shown, _ = parts(NAME)
    assert shown == drawn(), "run: python -m tests.models.lifecycle_in_docs"


# `move` itself, and code that only reads. Add nothing here.
BY_HAND = {"models/signature.py": 3}
# Their `state` is not the state of a signature.
OF_OTHERS = {
    *(f"organizer/updates/operations/{flow}.py" for flow in ("writing", "sending", "spreading")),
    "organizer/updates/views.py",
    # Of an update, for programs.
    "api/organizers.py",
    "models/update.py",
    "models/bulk_decision.py",
    *(f"moderator/moderation/operations/{file}.py" for file in ("bulk", "bulk_work")),
    # Organisations have a life cycle of their own (models/organisation.py).
    "models/organisation.py",
    *(f"moderator/organisations/{file}.py" for file in ("operations", "queries")),
    # What a moderator searches for, and what a search is called.
    "moderator/moderation/forms.py",
    "moderator/moderation/pages.py",
    "base/accounts/forms.py",
}
READS = {"filter", "exclude", "get", "Q", "When", "alias", "annotate"}
SQL_STATE = re.compile(rf"\bstate\s*(?:=|<>|!=|(?:NOT\s+)?IN\s*\()\s*'(?:{'|'.join(State.values)})'")


def test_no_state_is_written_outside_the_table() -> None:
    found = {str(path.relative_to(ROOT)): sorted(_by_hand(path)) for path in SOURCES}
    assert {path: lines for path, lines in found.items() if len(lines) > BY_HAND.get(path, 0)} == {}


def test_a_state_written_by_hand_is_found(tmp_path: Path) -> None:
    by_hand = [
        "signatures.update(state=State.HELD)",
        "signatures.update(**{'state': 'held'})",
        "Signature(letter=letter, state='held')",
        "signature.state = State.HELD",
        "Signature.objects.bulk_update(rows, ['state'])",
        "signature.save(update_fields=['state'])",
        "SQL = \"UPDATE letters_signature SET state = 'held'\"",
        "SQL = f\"WHERE {x} state IN ('pending', 'held')\"",
        "signatures.filter(state__in=['pending'])",
    ]
    source = tmp_path / "source.py"
    source.write_text("\n".join(by_hand))
    assert sorted(_by_hand(source)) == [*range(1, len(by_hand) + 1)]
    source.write_text("signatures.filter(state=State.HELD)\nSignature(state=Transition.INVITE.target)\n")
    assert sorted(_by_hand(source)) == []


def _by_hand(path: Path) -> Iterator[int]:
    """Return the lines of a file that write the state of a signature, or name it in a string."""
    for node in ast.walk(ast.parse(path.read_text())):
        if _is_by_hand(node, is_of_others=path.is_relative_to(ROOT) and str(path.relative_to(ROOT)) in OF_OTHERS):
            yield node.lineno  # type: ignore[attr-defined]


def _is_by_hand(node: ast.AST, *, is_of_others: bool) -> bool:
    match node:
        case ast.Constant(value=str(text)):
            return bool(SQL_STATE.search(text))
        case ast.Call() if not is_of_others:
            return _writes(node)
        case ast.Dict() if not is_of_others:
            return any(isinstance(key, ast.Constant) and key.value == "state" for key in node.keys)
        case ast.Assign(targets=targets) if not is_of_others:
            return any(isinstance(target, ast.Attribute) and target.attr == "state" for target in targets)
    return False


def _writes(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name in {"bulk_update", "save"}:
        return any(isinstance(each, ast.Constant) and each.value == "state" for each in ast.walk(call))
    for keyword in call.keywords:
        if keyword.arg == "state__in" and not isinstance(keyword.value, ast.Name | ast.Attribute):
            return True
        if (
            keyword.arg == "state"
            and name not in READS
            and not re.search(r"Transition\.\w+\.target", ast.unparse(keyword))
        ):
            return True
    return False
