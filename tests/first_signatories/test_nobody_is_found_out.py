"""Importing a list of addresses does not reveal who has signed, has declined, or was invited before."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from letters.base.accounts.invitations import health_of
from letters.models import AuditEvent, Letter, OutgoingEmail, Signature, User
from letters.organizer.collectives.queries import record_of
from letters.organizer.first_signatories.operations import cancel_invitations, forget_invitations, invite_people
from letters.organizer.first_signatories.queries import invitation_refusal, progress
from letters.organizer.letter_editor.operations import close_letter, publish_letter, set_up_letter
from letters.public.public_pages.names_on_letter import first_signatures
from letters.shared.refused import Refused
from letters.signer.signing.operations import (
    Changes,
    accept_invitation,
    confirm_signature,
    decline_invitation,
    disown_signature,
    purge_unconfirmed,
    withdraw_signature,
)
from letters.signer.signing.queries import texts_to_sign
from tests.conftest import LetterMaker
from tests.first_signatories.conftest import Inviter, people_in
from tests.first_signatories.test_operations import accept, sign_anyway
from tests.people import FROM_OUR_PAGE, NOW, Signer, in_threads, publish, sign, signature_of, words

PAGE = "/organize/letters/night-trains/first-signers/"
LIST = f"{PAGE}list/"
ROUND = f"{PAGE}round/"
DAY = timedelta(days=1)


# When people can be invited


def test_the_opening_cannot_be_postponed_once_the_form_has_been_open(letter: Letter, organizer: User) -> None:
    """The answer is the same whether or not anyone has signed: a different one would reveal it."""
    for _ in range(2):
        with pytest.raises(Refused, match="open_already"):
            set_up_letter(letter, values={"opens_at": NOW + DAY}, by=organizer, now=NOW)
        sign(letter)
    # A time in the past does not postpone the opening either.
    set_up_letter(letter, values={"opens_at": NOW - DAY}, by=organizer, now=NOW)
    with pytest.raises(Refused, match="open_already"):
        set_up_letter(letter, values={"opens_at": NOW + DAY}, by=organizer, now=NOW)


def test_a_letter_that_has_not_opened_yet_may_open_later(published: LetterMaker, organizer: User) -> None:
    letter = published(opens_at=NOW + DAY)
    set_up_letter(letter, values={"opens_at": NOW + 2 * DAY}, by=organizer, now=NOW)
    assert Letter.objects.get().opens_at == NOW + 2 * DAY


def test_the_page_says_why_the_opening_stays(letter: Letter, browser: Client) -> None:
    page = browser.get("/organize/letters/night-trains/settings/")
    fields = {"displays": ["public"], "ask_affiliation": "off", "ask_role": "off", "ask_country": "off"}
    fields |= {"ask_comment": "off", "opens_at": "2099-01-01T12:00"}
    page = browser.post("/organize/letters/night-trains/settings/", fields)
    assert page.status_code == 422
    assert (
        "People have already signed this letter, so its opening time cannot be in the future. Enter an earlier time."
    ) in words(page)


@pytest.mark.parametrize("state", ["pending", "confirmed", "held"])
def test_nobody_can_be_invited_once_anyone_has_signed_with_the_form(
    published: LetterMaker, invite: Inviter, state: str
) -> None:
    """Write the rows of a letter whose opening was postponed before that was refused."""
    letter = published(opens_at=NOW + DAY)
    assert invitation_refusal(letter, NOW) == ""
    proof: dict[str, Any] = {} if state == "pending" else {"confirmed_at": NOW, "verified": "link"}
    sign_anyway(letter, state=state, **proof)
    with pytest.raises(Refused, match="letter_open"):
        invite(letter, "bob@example.org", now=NOW)


# What an import reveals


def known_by(how: str, letter: Letter, invite: Inviter) -> None:
    if how == "nobody":
        sign_anyway(
            letter, state="confirmed", name="", display="nobody", confirmed_at=NOW, verified="link", is_first=True
        )
        return
    if how == "new":
        return
    invite(letter, "ada@example.org")
    signature = signature_of(letter)
    if how == "signed":
        accept(letter, now=timezone.now())
    if how == "declined":
        decline_invitation(signature, now=timezone.now())
    if how == "disowned":
        disown_signature(signature, now=timezone.now())


def without_list(text: str) -> str:
    """Return the page without the rows of the list, which depend only on what organizers did."""
    return re.sub("The people on your lists.*Send a reminder", "Send a reminder", text)


@pytest.mark.parametrize("how", ["invited", "signed", "nobody", "declined", "disowned"])
def test_a_list_with_a_known_person_looks_like_any_other(
    draft: LetterMaker, browser: Client, invite: Inviter, how: str, organizer: User
) -> None:
    seen = []
    for slug, case in [("night-trains", how), ("day-trains", "new")]:
        letter = draft(slug)
        if how != "nobody":
            # Both have had invitations, so only the answer differs.
            invite(letter, "zoe@example.org")
        known_by(case, letter, invite)
        before = {str(pk) for pk in OutgoingEmail.objects.values_list("pk", flat=True)}
        url = f"/organize/letters/{slug}/first-signers/"
        pages = [browser.post(url, {"pasted": "Ada <ada@example.org>\nBob <bob@example.org>"}, follow=True)]
        fields = {"column_0": "name", "column_1": "address", "action": "invite"}
        pages.append(browser.post(f"{url}list/", fields, follow=True))
        texts = [words(page) for page in pages]
        assert "2 people on the list" in texts[0]
        assert "We have received your list of 2 addresses." in texts[1]
        seen.append([without_list(text).split("addresses on your lists")[-1] for text in texts[1:]])
        number = OutgoingEmail.objects.exclude(pk__in=before).filter(kind="invited").count()
        assert number == (2 if case == "new" else 1)
    if how == "invited":
        assert seen[0] == seen[1]


def test_no_number_on_the_page_changes_when_someone_answers(
    before: Letter, browser: Client, invite: Inviter, organizer: User
) -> None:
    invite(before, "\n".join(f"p{place}@example.org" for place in range(3)))
    pages = {words(browser.get(PAGE))}
    decline_invitation(signature_of(before, "p0@example.org"), now=timezone.now())
    pages.add(words(browser.get(PAGE)))
    signature = signature_of(before, "p1@example.org")
    seen = texts_to_sign(signature)["en"].version
    changes = Changes(display="nobody")
    accept_invitation(signature, changes=changes, language="en", seen=seen, now=timezone.now())
    pages.add(words(browser.get(PAGE)))
    for email in ("p1@example.org", "p2@example.org", "p2@example.org"):
        browser.post(ROUND, {"action": "withdraw", "email": email})
        browser.get(PAGE)  # This page, and no later one, reports the attempt.
        pages.add(words(browser.get(PAGE)))
    # The list shows what the organizer cancelled; test_list.py compares its rows.
    assert len({without_list(page) for page in pages}) == 1


@pytest.mark.parametrize("act", ["signs", "confirms", "withdraws", "disowns", "never answers"])
def test_the_number_of_bounced_invitations_does_not_change_when_someone_signs_with_the_form(
    before: Letter, invite: Inviter, organizer: User, act: str
) -> None:
    invite(before, "\n".join(f"p{place}@example.org" for place in range(3)), now=NOW)
    OutgoingEmail.objects.update(sent_at=NOW)
    back = OutgoingEmail.objects.filter(signature=signature_of(before, "p0@example.org"))
    back.update(sent_at=None, failed_at=NOW, error="550 5.1.1")
    cancel_invitations(before, by=organizer, now=NOW)
    publish_letter(before, by=organizer, now=NOW)
    before.refresh_from_db()
    numbers = progress(before), health_of(before.collective)
    assert numbers[0].bounced == {"550 5.1.1": 1}
    signature = sign(before, "p0@example.org", now=NOW)
    if act in {"confirms", "withdraws"}:
        confirm_signature(signature, verified=Signature.Verified.LINK, now=NOW)
        signature.refresh_from_db()
    if act in {"withdraws", "disowns"}:
        {"withdraws": withdraw_signature, "disowns": disown_signature}[act](signature, now=NOW)
    if act == "never answers":
        with override_settings(CONFIRMATION_DAYS=1):
            purge_unconfirmed(now=NOW + 3 * DAY)
    assert (progress(before), health_of(before.collective)) == numbers
    forget_invitations(now=NOW + 15 * DAY)
    assert progress(before).bounced == {}


def test_cancelling_and_sending_the_list_again_reveals_nothing(
    before: Letter, browser: Client, invite: Inviter
) -> None:
    invite(before, "ada@example.org\nbob@example.org")
    accept(before, now=timezone.now())
    assert "This cancels all unanswered invitations." in words(browser.post(ROUND, {"action": "cancel"}, follow=True))
    browser.post(PAGE, {"pasted": "ada@example.org\nbob@example.org"})
    page = words(browser.post(LIST, {"column_0": "address", "action": "invite"}, follow=True))
    assert "We have received your list of 2 addresses." in page
    assert "4 addresses on your lists" in page


def test_limits_count_lines_and_not_people_who_are_new(before: Letter, invite: Inviter, organizer: User) -> None:
    invite(before, "ada@example.org", now=NOW)
    for _ in range(2):
        invite(before, "ada@example.org", now=NOW)
    events = AuditEvent.objects.filter(verb="invite_first_signers").values_list("details", flat=True)
    assert list(events) == [{"invited": 1}] * 3


def test_every_upload_is_recorded_without_an_address(before: Letter, browser: Client, organizer: User) -> None:
    browser.post(PAGE, {"pasted": "ada@example.org\nbob@example.org"})
    browser.post(LIST, {"action": "discard"})
    event = AuditEvent.objects.get(verb="upload_list")
    assert (event.actor, event.details, event.object_id) == (organizer, {"lines": 2}, before.pk)
    assert record_of(before.collective, to=organizer).lines[0].event.verb == "upload_list"
    page = words(browser.get("/organize/collectives/night-train/record/"))
    assert "Olga added a list of people to invite to Keep the night trains running" in page


# The order of names


def test_names_that_are_withheld_come_last_in_an_order_that_no_list_has(
    before: Letter, invite: Inviter, organizer: User
) -> None:
    people = [f"p{place}@example.org" for place in range(40)]
    invite(before, "\n".join(people))
    for place, email in enumerate(people):
        signature = signature_of(before, email)
        seen = texts_to_sign(signature)["en"].version
        changes = Changes(display="public", name=f"Named {place}") if place % 10 == 5 else Changes(display="nobody")
        accept_invitation(signature, changes=changes, language="en", seen=seen, now=timezone.now())
    publish()
    publish_letter(before, by=organizer, now=timezone.now())
    letter = Letter.objects.get()
    shown = first_signatures(letter, None).signatures
    assert [signature.public_name for signature in shown[:4]] == ["Named 5", "Named 15", "Named 25", "Named 35"]
    withheld = [signature.pk for signature in shown[4:]]
    assert len(withheld) == 36
    assert withheld != sorted(withheld)
    assert withheld != sorted(withheld, reverse=True)
    # The order never changes, so two versions of the page reveal nothing either.
    assert [signature.pk for signature in first_signatures(letter, None).signatures[4:]] == withheld


# A closed letter


@pytest.mark.parametrize("how", ["by hand", "automatically"])
def test_a_closed_letter_takes_no_signature_by_an_invitation(
    before: Letter, invite: Inviter, organizer: User, how: str
) -> None:
    invite(before)
    signer = Signer()
    url = signer.mailed_link("ada@example.org", purpose="invitation")
    page = signer.get(url).content.decode()
    publish_letter(before, by=organizer, now=timezone.now())
    if how == "by hand":
        close_letter(before, by=organizer, now=timezone.now())
    else:
        Letter.objects.update(closes_at=timezone.now() - timedelta(seconds=1))
    seen = page.split('name="seen" value="')[1].split('"')[0]
    fields = {"name": "Ada", "display": "public", "seen": seen}
    answer = signer.client.post(url, fields, headers=FROM_OUR_PAGE)
    assert answer.status_code in {409, 410, 422}
    assert "closed" in words(answer)
    assert Signature.objects.get().state == "invited"
    publish()
    assert Letter.objects.get().signature_count == 0


@pytest.mark.usefixtures("transactional_db")
def test_closing_and_accepting_at_once_take_effect_one_after_the_other(
    before: Letter, invite: Inviter, organizer: User
) -> None:
    invite(before, now=timezone.now())
    publish_letter(before, by=organizer, now=timezone.now())
    signature = signature_of(before)
    seen = texts_to_sign(signature)["en"].version

    def sign_first() -> str:
        changes = Changes(display="public", name="Ada")
        try:
            accept_invitation(
                Signature.objects.select_related("letter").get(),
                changes=changes,
                language="en",
                seen=seen,
                now=timezone.now(),
            )
        except Refused as refused:
            return refused.code
        return "signed"

    def close() -> str:
        close_letter(Letter.objects.get(), by=organizer, now=timezone.now())
        return "closed"

    acts: list[Callable[[], str]] = [sign_first, close]
    done = in_threads(lambda act: act(), acts, threads=2)
    assert Letter.objects.get().status == "closed"
    state = Signature.objects.get().state
    assert (done[0], state) in {("signed", "confirmed"), ("letter_closed", "invited")}
    # Afterwards, accepting is refused in any case.
    Signature.objects.filter(state="invited").update(signed_at=timezone.now())
    if state == "invited":
        with pytest.raises(Refused, match="letter_closed"):
            accept_invitation(
                Signature.objects.select_related("letter").get(),
                changes=Changes(display="nobody"),
                language="en",
                seen=seen,
                now=timezone.now(),
            )


def test_each_list_of_one_address_leaves_a_record(before: Letter, organizer: User) -> None:
    for place in range(3):
        invite_people(before, people=people_in(f"p{place}@example.org"), by=organizer, now=NOW)
    assert AuditEvent.objects.filter(verb="invite_first_signers", actor=organizer).count() == 3
