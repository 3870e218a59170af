"""Signing again before confirming: only what that person typed and saw counts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from letters.models import Letter, OutgoingEmail, Signature, SignerContact, Submission, User
from letters.moderator.moderation.operations import accept_signatures
from letters.shared import batches
from letters.shared.refused import Refused
from letters.signer.signing.operations import (
    Changes,
    change_signature,
    confirm_signature,
    confirming,
    disown_signature,
    forget_submissions,
    purge_unconfirmed,
    sign_letter,
    use_submission,
    withdraw_signature,
)
from letters.signer.signing.queries import stored_about, words_to_confirm
from letters.signer.signing.tasks import tend_unconfirmed
from tests.conftest import LetterMaker
from tests.people import (
    FROM_OUR_PAGE,
    NOW,
    Signer,
    deliver,
    in_threads,
    publish,
    sign,
    sign_and_confirm,
    signature_of,
    submit,
    submitted_form,
    words,
)

DAY = timedelta(days=1)
# By then the last reminder has left.
OVER = timedelta(hours=73)
ADA = "ada@example.org"


def confirm(letter: Letter, submission_id: int) -> Signature:
    signature = signature_of(letter)
    confirm_signature(signature, submission_id=submission_id, verified="link", now=NOW)
    signature.refresh_from_db()
    return signature


# What is confirmed


def test_a_person_who_signs_again_without_a_name_and_confirms_is_not_named(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="Ada Lovelace", updates="on")
    signer.sign(letter, name="Ada Lovelace", display="nobody")
    page = signer.get(signer.mailed_link(ADA))
    assert "You sign without a name." in words(page)
    assert "Lovelace" not in words(page)
    signer.press(signer.mailed_link(ADA))
    signature = signature_of(letter)
    assert (signature.state, signature.display, signature.name) == ("confirmed", "nobody", "")
    assert not SignerContact.objects.exists()


def test_a_corrected_name_is_the_one_that_counts(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="Ada Lovelcae")
    deliver()
    signer.sign(letter, name="Ada Lovelace", affiliation="Analytical Society")
    signer.confirm(ADA)
    signature = signature_of(letter)
    assert (signature.name, signature.affiliation) == ("Ada Lovelace", "Analytical Society")


def test_the_owner_confirms_their_own_name_after_a_stranger_typed_their_address(letter: Letter) -> None:
    stranger, owner = Signer(), Signer()
    stranger.sign(letter, name="An Insult", updates="on")
    deliver()
    owner.sign(letter, name="Ada Lovelace")
    deliver()
    assert [message.to for message in mail.outbox] == [[ADA], [ADA]]
    assert "You sign as Ada Lovelace" in words(owner.get(owner.mailed_link(ADA)))
    owner.confirm(ADA)
    signature = signature_of(letter)
    assert signature.name == "Ada Lovelace"
    assert signature.contact.consent == ""


def test_each_link_shows_and_confirms_its_own_words(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="First")
    first = signer.mailed_link(ADA)
    signer.sign(letter, name="Second")
    second = signer.mailed_link(ADA)
    assert "You sign as First" in words(signer.get(first))
    assert "You sign as Second" in words(signer.get(second))
    signer.press(first)
    assert signature_of(letter).name == "First"


def test_all_that_was_typed_is_shown_before_it_counts(published: LetterMaker, signer: Signer) -> None:
    letter = published(ask_role="optional", ask_country="optional", ask_comment="optional")
    signer.sign(letter, affiliation="Society", role="Countess", country="IT", comment="Because.", updates="on")
    page = words(signer.get(signer.mailed_link()))
    for typed in ("Ada Lovelace", "Society", "Countess", "Italy", "Because.", "Email me updates"):
        assert typed in page


@pytest.mark.parametrize("field", ["name", "affiliation", "role", "country", "comment", "consent"])
def test_everything_that_a_submission_says_is_in_effect(letter: Letter, field: str) -> None:
    submit(letter)
    value = "IT" if field == "country" else "Something Else"
    signature = confirm(letter, submit(letter, **{"name": "Ada", field: value}))
    assert getattr(signature.contact if field == "consent" else signature, field) == value


def test_the_text_and_the_language_are_those_that_were_read(letter: Letter) -> None:
    submit(letter)
    assert confirm(letter, submit(letter, language="it")).language == "it"


def test_a_concern_about_one_submission_holds_that_one(letter: Letter) -> None:
    submit(letter, name="Without Proof", concern="unproven")
    proven = submit(letter, name="With Proof")
    assert (confirm(letter, proven).state, signature_of(letter).concern) == ("confirmed", "")


def test_an_earlier_submission_does_not_clear_the_concern(letter: Letter) -> None:
    submit(letter, name="With Proof")
    assert confirm(letter, submit(letter, name="Without Proof", concern="unproven")).state == "held"


# The more private choice


@pytest.mark.parametrize(
    ("first", "second", "holds"),
    [
        ("public", "organizers", "organizers"),
        ("public", "nobody", "nobody"),
        ("organizers", "nobody", "nobody"),
        ("organizers", "public", "organizers"),
        ("nobody", "public", "nobody"),
        ("nobody", "organizers", "nobody"),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_the_most_private_choice_holds_whichever_is_confirmed(
    letter: Letter, first: str, second: str, holds: str, which: int
) -> None:
    typed = [submit(letter, name="Ada One", display=first), submit(letter, name="Ada Two", display=second)]
    signature = signature_of(letter)
    shown = words_to_confirm(signature, typed[which])
    confirmed = confirm(letter, typed[which])
    assert confirmed.display == shown.display == holds
    assert confirmed.name == shown.name == ("" if holds == "nobody" else ["Ada One", "Ada Two"][which])
    assert shown.is_more_private == ([first, second][which] != holds)


def test_the_page_says_why_it_is_more_private(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, display="organizers")
    signer.sign(letter, name="Ada Two")
    page = words(signer.get(signer.mailed_link(ADA)))
    assert "You sign as Ada Two . Only the organizers see this" in page
    assert "the more private choice counts" in page


@pytest.mark.parametrize(
    ("display", "sentence"),
    [
        ("public", "Everyone will see your name."),
        ("organizers", "Only the organizers will see your name."),
        ("nobody", "Nobody will see your name."),
    ],
)
def test_the_email_says_who_will_see_the_name(letter: Letter, signer: Signer, display: str, sentence: str) -> None:
    signer.sign(letter, display=display)
    signer.sign(letter, name="Ada Two")
    assert sentence in signer.last_mail(ADA)


def test_an_outdated_page_confirms_nothing(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    link = signer.mailed_link(ADA)
    seen = signer.get(link).content.decode().split('name="seen" value="')[1].split('"')[0]
    signer.sign(letter, display="organizers")
    page = signer.client.post(link, {"seen": seen}, headers=FROM_OUR_PAGE)
    assert page.status_code == 409
    assert "Something changed after you opened this page, so nothing was saved." in words(page)
    assert signature_of(letter).state == "pending"
    seen = page.content.decode().split('name="seen" value="')[1].split('"')[0]
    assert signer.client.post(link, {"seen": seen}, headers=FROM_OUR_PAGE).status_code == 303
    assert signature_of(letter).display == "organizers"


def test_every_link_shows_what_the_owner_changed_before_confirming(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="First")
    links = [signer.mailed_link(ADA)]
    signer.sign(letter, name="Second", display="organizers")
    links.append(signer.mailed_link(ADA))
    change_signature(signature_of(letter), changes=Changes(name="Third", display="public"), now=timezone.now())
    assert all("You sign as Third . Everyone can see this." in words(signer.get(link)) for link in links)
    signer.press(links[0])
    assert (signature_of(letter).name, signature_of(letter).display) == ("Third", "public")


# Emails


def test_a_double_click_is_one_submission_and_one_email(letter: Letter, signer: Signer) -> None:
    for _ in range(3):
        signer.sign(letter)
    deliver()
    assert (Submission.objects.count(), len(mail.outbox)) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_many_double_clicks_at_once_are_one_submission(letter: Letter) -> None:
    def click(_: int) -> int:
        return submit(letter)

    assert len(set(in_threads(click, range(24), threads=8))) == 1
    assert Submission.objects.count() == 1


@pytest.mark.parametrize("more", [{"name": "Someone"}, {"display": "organizers"}, {"updates": "on"}])
def test_a_different_submission_gets_its_own_email_at_once(
    letter: Letter, signer: Signer, more: dict[str, str]
) -> None:
    signer.sign(letter)
    deliver()
    signer.sign(letter, **more)
    deliver()
    assert len(mail.outbox) == 2


def test_every_email_contains_the_code_that_its_page_asks_for(letter: Letter, signer: Signer) -> None:
    for name in ("First", "Second"):
        check = signer.sign(letter, name=name)["Location"]
        page = signer.client.post(check, {"code": signer.mailed_code(ADA)}, headers=FROM_OUR_PAGE, follow=True)
        assert f"You sign as {name}" in words(page)


def test_the_email_is_in_the_language_of_the_submission(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    signer.sign(letter, language="it")
    assert "Lasciate correre i treni notturni" in signer.last_mail(ADA)


def test_send_again_on_the_page_is_about_that_submission(letter: Letter, signer: Signer) -> None:
    check = signer.sign(letter, name="First")["Location"]
    signer.sign(letter, name="Second")
    deliver()
    OutgoingEmail.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    again = signer.client.post(check, {"action": "resend"}, headers=FROM_OUR_PAGE)["Location"]
    page = signer.client.post(again, {"code": signer.mailed_code(ADA)}, headers=FROM_OUR_PAGE, follow=True)
    assert "You sign as First" in words(page)


def test_an_email_requested_by_address_is_about_the_newest_submission(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, name="First")
    signer.sign(letter, name="Second")
    deliver()
    OutgoingEmail.objects.update(created_at=F("created_at") - timedelta(minutes=2))
    signer.client.post(letter.url_of("link"), {"email": ADA}, headers=FROM_OUR_PAGE)
    assert "You sign as Second" in words(signer.get(signer.mailed_link(ADA)))


def test_each_submission_can_be_confirmed_for_two_weeks(letter: Letter) -> None:
    """Otherwise a stranger who types an address would leave its owner less time."""
    submit(letter)
    sign_letter(letter, submitted=submitted_form(name="Ada Two"), language="en", now=NOW + 13 * DAY)
    assert purge_unconfirmed(now=NOW + 27 * DAY - timedelta(seconds=1)) == 0
    assert purge_unconfirmed(now=NOW + 27 * DAY) == 1
    assert not Submission.objects.exists()


# People who have signed already


def test_a_signer_is_asked_whether_to_use_the_new_submission(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter, name="Ada Lovelcae")
    check = signer.sign(letter, name="Ada Lovelace")["Location"]
    page = signer.client.post(check, {"code": signer.mailed_code(ADA)}, headers=FROM_OUR_PAGE, follow=True)
    assert "You have already signed" in words(page)
    assert "Your current signature You sign as Ada Lovelcae" in words(page)
    assert "What you typed this time You sign as Ada Lovelace" in words(page)
    assert signature_of(letter).name == "Ada Lovelcae"
    link = signer.mailed_link(ADA)
    assert "You have already signed" in words(signer.get(link))
    assert "Thank you for signing" in words(signer.press(link))
    signature = signature_of(letter)
    assert (signature.name, signature.state) == ("Ada Lovelace", "confirmed")
    assert not Submission.objects.unanswered().exists()


def test_a_new_submission_never_makes_a_signer_more_visible(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter, display="organizers")
    signer.sign(letter, name="Ada Two")
    signer.press(signer.mailed_link(ADA))
    assert (signature_of(letter).name, signature_of(letter).display) == ("Ada Two", "organizers")


def test_accepted_words_that_change_are_reviewed_again(letter: Letter, organizer: User, signer: Signer) -> None:
    signature = sign(letter, concern="disposable")
    confirm_signature(signature, verified="link", now=NOW)
    accept_signatures(letter, [signature.pk], by=organizer, now=NOW)
    publish()
    signer.sign(letter, name="Another Name")
    signer.press(signer.mailed_link(ADA))
    signature.refresh_from_db()
    assert (signature.name, signature.pending_changes) == ("Ada Lovelace", {"name": "Another Name"})


def test_the_same_words_raise_no_question(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter)
    signer.sign(letter)
    assert "This link has been used" in words(signer.get(signer.mailed_link(ADA)))


def test_a_page_that_was_answered_elsewhere_changes_nothing(letter: Letter) -> None:
    signature = sign_and_confirm(letter)
    typed = submit(letter, name="Ada Two")
    use_submission(signature, submission_id=typed, now=NOW)
    with pytest.raises(Refused, match="answered"):
        use_submission(signature, submission_id=typed, now=NOW)
    withdraw_signature(signature, now=NOW)
    assert not Submission.objects.exists()


# Nameless signers


def test_a_nameless_signer_who_signs_again_gets_an_email_and_is_forgotten_again(letter: Letter, signer: Signer) -> None:
    """Otherwise a mail log would reveal nameless signers: they would be the only ones who get no email."""
    sign_and_confirm(letter, name="", display="nobody")
    signer.sign(letter, name="Ada Lovelace")
    assert Submission.objects.get().address
    assert not SignerContact.objects.exists()
    text = signer.last_mail(ADA)
    assert mail.outbox[-1].to == [ADA]
    assert "You have already signed this letter" in text
    tend_unconfirmed(now=timezone.now() + timedelta(hours=72))
    assert Submission.objects.get().address
    # The typed name is not used: a person who asked to be visible to nobody stays so.
    assert "This link has been used" in words(signer.get(signer.mailed_link(ADA)))
    assert signature_of(letter).name == ""
    OutgoingEmail.objects.owed().update(dropped_at=timezone.now())
    tend_unconfirmed(now=timezone.now() + OVER)
    assert Submission.objects.get().address is None


def test_the_address_is_deleted_even_if_the_emails_never_leave(letter: Letter, settings: Settings) -> None:
    settings.REMINDER_HOURS = []
    sign_and_confirm(letter, name="", display="nobody")
    submit(letter)
    forget_submissions(now=NOW + timedelta(hours=1))
    assert Submission.objects.get().address
    assert stored_about(signature_of(letter))["address"] == ADA
    OutgoingEmail.objects.update(dropped_at=NOW)
    forget_submissions(now=NOW + timedelta(hours=1))
    assert Submission.objects.get().address is None
    assert stored_about(signature_of(letter))["address"] is None


def test_the_address_of_a_person_who_disowned_is_stored_only_until_the_email_is_dropped(letter: Letter) -> None:
    disown_signature(sign(letter, "eve@example.org"), now=NOW)
    submit(letter, email="eve@example.org")
    deliver()
    assert not mail.outbox
    assert set(Submission.objects.values_list("address", flat=True)) == {None}


# Stored data


@pytest.mark.parametrize(
    "act",
    [
        lambda signature: confirm_signature(signature, verified="link", now=NOW),
        lambda signature: withdraw_signature(signature, now=NOW),
        lambda signature: disown_signature(signature, now=NOW),
        lambda signature: change_signature(signature, changes=Changes(name="A", display="public"), now=NOW),
        lambda _: purge_unconfirmed(now=NOW + 14 * DAY),
    ],
    ids=["confirm", "withdraw", "disown", "change", "purge"],
)
def test_no_typed_words_are_left_after_confirming(letter: Letter, act: Callable[[Signature], object]) -> None:
    for name in ("First", "Second"):
        submit(letter, name=name)
    act(signature_of(letter))
    assert not Submission.objects.unanswered().exists()
    assert not Submission.objects.exclude(name="").exists()


def test_a_submission_after_the_confirmation_stays_as_long_as_its_page_says(letter: Letter) -> None:
    sign_and_confirm(letter)
    submit(letter, name="Ada Two")
    sign(letter, "eve@example.org", now=NOW + DAY)
    tend_unconfirmed(now=NOW + 14 * DAY - timedelta(seconds=1))
    assert Submission.objects.count() == 2
    tend_unconfirmed(now=NOW + 14 * DAY)
    assert Submission.objects.get().signature == signature_of(letter, "eve@example.org")


def test_more_than_a_batch_is_deleted_in_one_run(letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BATCH_SIZE", 2)
    sign_and_confirm(letter)
    for number in range(5):
        submit(letter, name=f"Ada {number}")
    OutgoingEmail.objects.update(dropped_at=NOW)
    assert forget_submissions(now=NOW + 14 * DAY) == 5


def test_its_owner_reads_what_was_typed_with_their_address(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter)
    signer.sign(letter, name="A Bad Idea", updates="on")
    data = signer.get(f"{signer.mailed_link(ADA, purpose='manage')}data.json").json()
    (typed,) = data["typed_into_the_form"]
    assert (typed["name"], typed["updates"] != "") == ("A Bad Idea", True)


# One statement


@pytest.mark.django_db(transaction=True)
def test_signing_and_confirming_are_one_statement_each(
    letter: Letter, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    submit(letter)
    with django_assert_num_queries(1):
        typed = submit(letter, name="Ada Two")
    signature = signature_of(letter)
    assert signature.letter
    with django_assert_num_queries(1):
        confirming.confirm_now(signature, "link", NOW, submission_id=typed)
