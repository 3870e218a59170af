"""Each reason for doubt, from the signing to the words that a moderator reads."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from letters.base.outbox.operations import note_bounce
from letters.models import Doubt, Letter, OutgoingEmail, Signature, SigningTrace, User
from letters.moderator.block_rules.operations import RuleWish, make_rule, switch_rule
from letters.moderator.moderation.operations import accept_signatures
from letters.moderator.signals.reasons import SIGNALS, Reason
from letters.shared.traces import hash_browser
from letters.signer.signing.operations import confirm_signature, disown_signature
from tests.conftest import LetterMaker
from tests.live_signals.conftest import run_sequencer
from tests.people import NOW, add_confirmed, browser_of, sign_and_confirm, signature_of, submit

pytestmark = pytest.mark.django_db

OFFICE = {"network": "203.0.113.0/24", "browser": "firefox on linux"}
# A person who takes a minute and a half.
LATER = timedelta(seconds=90)


def signed(letter: Letter, email: str = "ilse@posteo.de", **entered: str) -> Signature:
    """Sign, and confirm as quickly as people do."""
    submission = submit(letter, email=email, **{"name": "Ilse Marwick", **entered})
    signature = signature_of(letter, email)
    confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW + LATER, submission_id=submission)
    return signature


def typed(letter: Letter, email: str = "ada@example.org") -> Signature:
    """Send the form from the office, and confirm nothing."""
    submit(letter, email=email, **OFFICE)
    return signature_of(letter, email)


def several(letter: Letter, number: int, **entered: str) -> Signature:
    """Let different people sign in the same way, and return the last one's signature."""
    names = ["Ilse Marwick", "Tomas Berglind", "Noor Haddad", "Pia Lorentz", "Jonas Whitfield", "Mara Kessler"]
    names += ["Edit Varga", "Samuel Oduya", "Lena Brandt", "Hugo Almeida", "Ines Faro", "Karel Novotny"]
    for place, name in enumerate(names[:number]):
        last = signed(letter, f"someone{place}@{entered.get('at', 'posteo.de')}", name=name, **_without_at(entered))
    return last


def _without_at(entered: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in entered.items() if key != "at"}


def same_name(letter: Letter) -> Signature:
    signed(letter, "first@posteo.de", affiliation="University of Bremen")
    return signed(letter, affiliation="Museum of Hamburg")


def same_person(letter: Letter) -> Signature:
    signed(letter, "first@posteo.de", affiliation="University of Bremen")
    return signed(letter, affiliation="university of bremen")


def bounced(letter: Letter) -> Signature:
    signature = signed(letter)
    moderator = User.objects.get(memberships__role="moderator")
    accept_signatures(letter, [signature.pk], by=moderator, now=NOW + LATER)
    run_sequencer()
    thanks = OutgoingEmail.objects.get(signature=signature, kind=OutgoingEmail.Kind.THANKS)
    note_bounce(thanks, at=NOW + 2 * LATER, now=NOW + 2 * LATER)
    return signature


def fast(letter: Letter) -> Signature:
    return sign_and_confirm(letter, name="Ilse Marwick")


def browsers(letter: Letter) -> Signature:
    """Everyone in a flood has one type of browser, in networks all over the world."""
    for place in range(40):
        kind = "opera on linux" if place % 4 else "safari on ios"
        last = signed(letter, f"a{place}@posteo.de", network=f"198.51.{place}.0/24", browser=kind)
    elsewhere = Letter.objects.exclude(pk=letter.pk)[0]
    add_confirmed(elsewhere, 300, state=Signature.State.HELD)
    SigningTrace.objects.bulk_create(
        SigningTrace(letter=elsewhere, signature=each, at=NOW, browser=hash_browser(f"browser {place % 7}"))
        for place, each in enumerate(elsewhere.signatures.all())
    )
    return last


def many_letters(letter: Letter) -> Signature:
    for other in Letter.objects.exclude(pk=letter.pk):
        signed(other)
    return signed(letter)


def disowned_nearby(letter: Letter) -> Signature:
    disown_signature(typed(letter, "victim@posteo.de"), now=NOW)
    return signed(letter, **OFFICE)


def crowded_domain(letter: Letter) -> Signature:
    return several(letter, 7, at="catchall.example", affiliation="University of Bremen")


def ruled(letter: Letter) -> Signature:
    moderator = User.objects.get(memberships__role="moderator")
    about: dict[str, Any] = {"kind": "name", "text": "Ilse Marwick", "effect": "hold", "is_of_site": False}
    rule = make_rule(
        RuleWish(letter=letter, reason="spam wave", ends_at=NOW + timedelta(days=7), **about), by=moderator, now=NOW
    )
    switch_rule(rule, on=True, by=moderator, now=NOW)
    return signed(letter)


STORIES: dict[Reason, Callable[[Letter], Signature]] = {
    Reason.WATCHED_NAME: lambda letter: signed(letter, name="Greta Thunberg"),
    Reason.DISGUISED_NAME: lambda letter: signed(letter, name="Gr\u0435ta Thunb\u0435rg"),
    Reason.SAME_NAME: same_name,
    Reason.SAME_PERSON: same_person,
    Reason.NUMERALS_IN_NAME: lambda letter: signed(letter, name="Ilse Marwick 77"),
    Reason.MIXED_SCRIPTS: lambda letter: signed(letter, name="Ilse M\u0430rwick"),
    Reason.LINK_IN_NAME: lambda letter: signed(letter, name="Buy at http://spam.example now"),
    Reason.KEYBOARD_MASH: lambda letter: signed(letter, name="asdfgh jkl\u00f6"),
    Reason.ABUSE: lambda letter: signed(letter, comment="You fucking idiots"),
    Reason.ADVERTISING: lambda letter: signed(letter, comment="Best casino bonus, cheap viagra at www.spam.example"),
    Reason.LINK_IN_WORDS: lambda letter: signed(letter, affiliation="www.marwick.example"),
    Reason.THROWAWAY_DOMAIN: lambda letter: signed(letter, "ilse@mailinator.com"),
    Reason.MISTYPED_DOMAIN: lambda letter: signed(letter, "ilse@gmial.com"),
    Reason.CROWDED_DOMAIN: crowded_domain,
    Reason.UNRELATED_DOMAIN: lambda letter: signed(letter, affiliation="University of Bremen"),
    Reason.BOUNCED: bounced,
    Reason.FAST: fast,
    Reason.UNPROVEN: lambda letter: signed(letter, concern="unproven"),
    Reason.NETWORK_BURST: lambda letter: several(letter, 6, **OFFICE),
    Reason.NETWORK_SERIES: lambda letter: several(letter, 12, **OFFICE),
    Reason.BROWSER_BURST: browsers,
    Reason.MANY_LETTERS: many_letters,
    Reason.DISOWNED_NEARBY: disowned_nearby,
    Reason.BLOCK_RULE: ruled,
}
# The site has no public reports yet.
NOT_LIVE = {Reason.REPORTED}


def test_every_reason_that_the_site_can_see_has_a_story() -> None:
    assert {*STORIES} == {*Reason} - NOT_LIVE


@pytest.mark.parametrize("reason", [*STORIES])
def test_a_reason_reaches_the_moderator_in_words(
    reason: Reason, reviewed: Letter, published: LetterMaker, moderator: User
) -> None:
    published("second"), published("third")
    signature = STORIES[reason](reviewed)
    run_sequencer()
    assert reason in Doubt.objects.get(pk=signature.pk).reasons
    signature.refresh_from_db()
    assert signature.risk >= SIGNALS[reason].weight
    page = queue_of(moderator)
    # Of a rule, moderators read which one it is.
    sentence = SIGNALS[reason].sentence if reason != Reason.BLOCK_RULE else "Rule: names like “Ilse Marwick”, until"
    assert escape(str(sentence)) in page


def test_moderators_can_read_what_each_signal_weighs(moderator: User) -> None:
    client: Client = browser_of(moderator)
    page = client.get("/moderate/about/signals/").content.decode()
    for signal in SIGNALS.values():
        assert f'<th scope="row">{escape(str(signal.sentence))}</th><td>{signal.weight}</td>' in page


def queue_of(moderator: User) -> str:
    """Return all pages of the queue."""
    client: Client = browser_of(moderator)
    return client.get("/moderate/").content.decode() + client.get("/moderate/next/").content.decode()
