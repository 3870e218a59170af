"""A letter that moves does not pass on what signers entrusted to the earlier collective."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from letters.models import BlockRule, Collective, Export, Letter, LetterMove, Signature, SignerContact, User
from letters.organizer.exports.operations import Wanted, ask_export
from letters.organizer.letter_moves.operations import accept_offer, offer_letter
from letters.organizer.updates.operations import UpdateText, send_update, write_update
from letters.organizer.updates.queries import reach
from letters.organizer.updates.tasks import carry_on
from letters.shared.refused import Refused
from letters.signer.signing.operations import Changes, change_signature, confirm_signature, withdraw_signature
from tests.letter_moves.conftest import moved, with_account
from tests.people import (
    NOW,
    Signer,
    add_published,
    browser_of,
    deliver,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    submit,
)
from tests.updates.conftest import WORDS, agree

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)
AFTER = NOW + timedelta(hours=2)


def manage_url(signature: Signature) -> str:
    return signature.link("manage", now=timezone.now())


def offered(letter: Letter, organizer: User) -> LetterMove:
    return offer_letter(letter, slug="day-trains", by=organizer, now=NOW)


# Names of members


def test_the_new_collective_reads_no_name_of_a_member_of_the_earlier_one(
    letter: Letter, other: Collective, organizer: User, receiver: User
) -> None:
    User.objects.filter(pk=organizer.pk).update(name="Olga Organizer")
    ends = {"expires_at": NOW + timedelta(days=30)}
    letter.draft_links.create(label="For Prof. Reader", salt=b"12345678", created_by=organizer, created_at=NOW, **ends)
    ask_export(letter, wanted=Wanted(Export.Kind.SIGNATURES, Export.Format.CSV), by=organizer, now=NOW)
    ask_export(letter, wanted=Wanted(Export.Kind.LETTER, Export.Format.PDF), by=organizer, now=NOW)
    about = {"letter": letter, "made_by": organizer, "made_at": NOW, "ends_at": AFTER + timedelta(days=30)}
    rule = BlockRule.objects.create(
        **about, is_of_site=False, kind="domain", effect="hold", text="a.example", reason="x"
    )
    paths = [f"/organize/letters/{letter.slug}/{page}/" for page in ("exports", "draft-links", "handover")]
    paths.append(f"/moderate/rules/{rule.pk}/")
    colleague = with_account("carl@example.org")
    letter.collective.memberships.create(user=colleague, role="owner", created_at=NOW)
    for path in paths:
        assert "Olga" in browser_of(colleague).get(path).content.decode(), path
    moved(letter, other)
    for path in paths:
        page = browser_of(receiver).get(path)
        assert page.status_code == 200
        assert "Olga" not in page.content.decode(), path
        assert "Reader" not in page.content.decode(), path


# Names that only the organizers see


@pytest.mark.parametrize("state", ["confirmed", "held", "published", "rejected"])
def test_a_letter_stays_while_a_name_is_only_for_its_organizers(letter: Letter, organizer: User, state: str) -> None:
    add_published(letter, 1, display="organizers")
    if state in {"confirmed", "held"}:
        Signature.objects.update(state=state, number=None, published_at=None, counted=False)
    else:
        Signature.objects.update(state=state)
    with pytest.raises(Refused, match="names_entrusted"):
        offered(letter, organizer)


def test_it_is_checked_again_when_the_other_owner_accepts(
    letter: Letter, other: Collective, organizer: User, receiver: User
) -> None:
    offer = offered(letter, organizer)
    sign_and_confirm(letter, display="organizers")
    with pytest.raises(Refused, match="cannot_move_now"):
        accept_offer(offer, by=receiver, now=LATER)
    assert Letter.objects.get().collective.slug == "night-train"


def test_it_can_move_once_these_signers_have_withdrawn_or_show_their_names(
    letter: Letter, other: Collective, organizer: User, receiver: User
) -> None:
    withdraw_signature(sign_and_confirm(letter, "ada@example.org", display="organizers"), now=NOW)
    grace = sign_and_confirm(letter, "grace@example.org", display="organizers")
    change_signature(grace, changes=Changes(display="nobody"), now=NOW)
    publish(NOW)
    assert moved(letter, other).collective == other


def test_whether_it_can_move_reveals_nothing_about_an_unconfirmed_address(letter: Letter, organizer: User) -> None:
    """An organizer types an address: the answer is the same whether it has signed in public before."""
    sign(letter, "new@example.org", display="organizers")
    sign_and_confirm(letter, "known@example.org")
    submit(letter, email="known@example.org", display="organizers")
    assert offered(letter, organizer)


def test_a_signer_who_confirms_after_the_move_reads_who_the_organizers_are_now(
    letter: Letter, other: Collective, signer: Signer
) -> None:
    signer.sign(letter, display="organizers")
    link = signer.mailed_link()
    moved(letter, other, now=timezone.now())
    page = signer.get(link).content.decode()
    assert "Moved from “Friends of the Night Train” to “Day Trains”" in page
    assert "these are the members of Day Trains now" in page
    assert signer.press(link).status_code == 200


def test_a_page_that_named_the_earlier_collective_confirms_nothing(
    letter: Letter, other: Collective, signer: Signer
) -> None:
    signer.sign(letter, display="organizers")
    link = signer.mailed_link()
    seen = signer.get(link).content.decode().partition('name="seen" value="')[2].partition('"')[0]
    moved(letter, other, now=timezone.now())
    answer = signer.client.post(link, {"seen": seen}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 409
    assert signature_of(letter).state == "pending"


def test_a_confirmation_that_began_before_the_move_confirms_nothing(letter: Letter, other: Collective) -> None:
    """Race: the view has read the signature with its collective, and then the letter moves."""
    signature = sign(letter, display="organizers")
    read_before = Signature.objects.select_related("letter__collective").get(pk=signature.pk)
    moved(letter, other)
    with pytest.raises(Refused, match="changed"):
        confirm_signature(read_before, verified=Signature.Verified.LINK, now=AFTER)
    assert signature_of(letter).state == "pending"


def test_a_control_page_from_before_the_move_hands_no_name_to_the_new_organizers(
    letter: Letter, other: Collective, signer: Signer
) -> None:
    signature = sign_and_confirm(letter)
    publish(NOW)
    url = manage_url(signature)
    moved(letter, other)
    saved = {"action": "save", "name": "Ada Lovelace", "display": "organizers", "moved": ""}
    answer = signer.client.post(url, saved, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 422
    assert "has moved to another collective since you opened this page" in answer.content.decode()
    assert signature_of(letter).display == "public"
    shown = answer.content.decode().partition('name="moved" value="')[2].partition('"')[0]
    again = signer.client.post(url, {**saved, "moved": shown}, headers={"Sec-Fetch-Site": "same-origin"})
    assert again.status_code == 303
    assert signature_of(letter).display == "organizers"


# Updates


def send_update_to_signers(letter: Letter, by: User) -> list[str]:
    """Send an update, and return who got it."""
    text = UpdateText(title="News", body="We meet her on Friday.", language="en")
    update = write_update(letter, text=text, by=by, now=AFTER)
    send_update(update, seen=update.version, by=by, now=AFTER)
    carry_on(now=AFTER)
    deliver()
    return sorted(address for message in mail.outbox if "List-Id" in message.extra_headers for address in message.to)


def save(signature: Signature, *, signer: Signer, **fields: Any) -> None:
    page = signer.get(manage_url(signature)).content.decode()
    mark = page.partition('name="moved" value="')[2].partition('"')[0]
    about = {"action": "save", "name": "Ada Lovelace", "display": "public", "moved": mark, **fields}
    answer = signer.client.post(manage_url(signature), about, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303


def test_only_signers_who_agree_after_the_move_get_updates(
    letter: Letter, other: Collective, receiver: User, signer: Signer
) -> None:
    ada = agree(letter, "ada@example.org")
    agree(letter, "grace@example.org", name="Grace Hopper")
    letter = moved(letter, other)
    assert reach(letter).number == 0
    page = signer.get(manage_url(ada)).content.decode()
    assert "sends you none, unless you tick the box" in page
    assert "checked" not in page.partition('name="updates"')[2].partition(">")[0]
    save(ada, signer=signer, updates="on")
    assert "sends you none" not in signer.get(manage_url(ada)).content.decode()
    assert reach(letter).number == 1
    assert send_update_to_signers(letter, receiver) == ["ada@example.org"]


def test_a_consent_that_is_confirmed_after_the_move_does_not_count(
    letter: Letter, other: Collective, receiver: User
) -> None:
    signature = sign(letter, consent=WORDS)
    letter = moved(letter, other)
    confirm_signature(
        Signature.objects.select_related("letter").get(pk=signature.pk), verified=Signature.Verified.LINK, now=AFTER
    )
    publish(AFTER)
    letter.refresh_from_db()
    assert reach(letter).number == 0
    assert send_update_to_signers(letter, receiver) == []


def test_an_update_that_owes_emails_keeps_the_letter(letter: Letter, organizer: User) -> None:
    agree(letter, "ada@example.org")
    text = UpdateText(title="News", body="We meet her on Friday.", language="en")
    update = write_update(letter, text=text, by=organizer, now=NOW)
    send_update(update, seen=update.version, by=organizer, now=NOW)
    with pytest.raises(Refused, match="emails_under_way"):
        offered(letter, organizer)


def test_a_move_touches_no_consent(letter: Letter, other: Collective) -> None:
    """It is only suspended: the words, and when they were agreed to, stay for the signer to see."""
    agree(letter, "ada@example.org")
    before = list(SignerContact.objects.values_list("consent", "consented_at"))
    moved(letter, other)
    assert list(SignerContact.objects.values_list("consent", "consented_at")) == before


def test_a_signer_who_has_just_signed_reads_nothing_about_an_old_move(
    letter: Letter, other: Collective, signer: Signer
) -> None:
    letter = moved(letter, other)
    signature = sign_and_confirm(letter, now=AFTER)
    assert "Moved from" not in signer.get(manage_url(signature)).content.decode()
