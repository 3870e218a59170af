"""A person whose account is closed or blocked can do nothing, whatever role is still stored for them."""

from collections.abc import Callable
from typing import Any

import pytest

from letters.models import MODERATING, OWNING, WRITING, Collective, Export, Letter, Membership, User
from letters.moderator.moderation.operations import accept_signatures
from letters.organizer.collectives.operations import describe_collective
from letters.organizer.exports.operations import Wanted, ask_export
from letters.organizer.first_signatories.operations import cancel_invitations, remind_invited
from letters.organizer.letter_delivery.operations import remove_letter_delivery
from letters.organizer.letter_editor.operations import close_letter, publish_letter, start_revision, withdraw_letter
from letters.shared.refused import Refused
from letters.signer.carry_over.operations import ask_to_carry_over
from tests.people import NOW

SIGNATURES = Wanted(Export.Kind.SIGNATURES, Export.Format.CSV)

ACTS: dict[str, Callable[[Letter, User], Any]] = {
    "publish": lambda letter, by: publish_letter(letter, by=by, now=NOW),
    "close": lambda letter, by: close_letter(letter, by=by, now=NOW),
    "revise": lambda letter, by: start_revision(letter, by=by, now=NOW),
    "withdraw": lambda letter, by: withdraw_letter(letter, reason="No.", by=by, now=NOW),
    "export": lambda letter, by: ask_export(letter, wanted=SIGNATURES, by=by, now=NOW),
    "remind": lambda letter, by: remind_invited(letter, by=by, now=NOW),
    "call off": lambda letter, by: cancel_invitations(letter, by=by, now=NOW),
    "carry over": lambda letter, by: ask_to_carry_over(letter, by=by, now=NOW),
    "remove a delivery": lambda letter, by: remove_letter_delivery(letter, 1, by=by, now=NOW),
    "moderate": lambda letter, by: accept_signatures(letter, [], by=by, now=NOW),
    "describe": lambda letter, by: describe_collective(letter.collective, values={"name": "Us"}, by=by, now=NOW),
}


@pytest.mark.parametrize("roles", [OWNING, WRITING, MODERATING], ids=["owning", "writing", "moderating"])
def test_a_role_is_worth_nothing_without_an_active_account(
    collective: Collective, organizer: User, roles: list[Membership.Role]
) -> None:
    assert collective.has_role(organizer, roles)
    organizer.is_active = False
    assert not collective.has_role(organizer, roles)


@pytest.mark.parametrize("act", ACTS)
def test_an_owner_with_a_blocked_account_can_do_nothing(act: str, letter: Letter, organizer: User) -> None:
    organizer.is_active = False
    organizer.save(update_fields=["is_active"])
    with pytest.raises(Refused, match="not_yours"):
        ACTS[act](letter, organizer)
