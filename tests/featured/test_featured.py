"""Organizers feature signers on the letter's page, and only with their consent."""

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from letters.models import AuditEvent, Featuring, Letter, OutgoingEmail, Signature, User, next_daily_hour
from letters.organizer.featured import operations
from letters.organizer.featured.operations import feature_signer, pass_on_answers, stop_featuring
from letters.public.public_pages.names_on_letter import first_signatures, newest_signatures
from letters.shared.refused import Refused
from letters.signer.signing.operations import answer_featuring, withdraw_signature
from tests.moderation.test_emails_about_decisions import SILENT, TOLD, next_morning, signed
from tests.people import FROM_OUR_PAGE, NOW, Reader, add_published, browser_of, words

pytestmark = pytest.mark.django_db

HEADING = "Signed by, among others"
QUESTION = "The organizers would like to show your name above the names of others"


@pytest.fixture
def ada(letter: Letter) -> Signature:
    """A published signature with a public name, number 1, at a provider of private mailboxes."""
    Letter.objects.update(displays=["public", "organizers", "nobody"])
    letter.refresh_from_db()
    return signed(letter, *TOLD)


def morning(letter: Letter) -> None:
    pass_on_answers(now=next_daily_hour(letter.zone(), timezone.now()))
    letter.refresh_from_db()


@pytest.fixture
def featured(letter: Letter, ada: Signature, organizer: User) -> Signature:
    """The same signature, whose signer has agreed."""
    feature_signer(letter, number=1, by=organizer, now=NOW)
    answer_featuring(ada, agrees=True, now=timezone.now())
    morning(letter)
    assert letter.featured == [1]
    return ada


def manage(signature: Signature, action: str = "") -> str:
    url, client = signature.link("manage", now=timezone.now()), Client()
    if action:
        assert client.post(url, {"action": action}, headers=FROM_OUR_PAGE).status_code == 303
    return words(client.get(url))


def on_page(letter: Letter) -> list[int | None]:
    return [each.number for each in first_signatures(letter, None).featured]


def test_a_signer_is_asked_first_and_featured_the_next_morning(
    letter: Letter, ada: Signature, organizer: User, reader: Reader
) -> None:
    assert not feature_signer(letter, number=1, by=organizer, now=NOW)
    assert HEADING not in reader.read(letter)
    assert QUESTION in manage(ada)
    assert "You agreed" in manage(ada, "feature")
    assert HEADING not in reader.read(letter)
    morning(letter)
    assert HEADING in reader.read(letter)
    assert on_page(letter) == [1]
    assert "The letter’s page features your name" in manage(ada)  # noqa: RUF001 -- as on the page


def test_nobody_is_featured_without_an_answer(letter: Letter, ada: Signature, organizer: User) -> None:
    feature_signer(letter, number=1, by=organizer, now=NOW)
    morning(letter)
    assert not feature_signer(letter, number=1, by=organizer, now=NOW)
    assert letter.featured == []


def test_featured_names_are_on_the_page_once_and_counted_once(
    letter: Letter, featured: Signature, reader: Reader
) -> None:
    add_published(letter, 3)
    first = first_signatures(letter, None)
    assert (on_page(letter), first.others) == ([1], letter.signature_count - 1)
    assert [each.number for each in newest_signatures(letter, None)] == [4, 3, 2]
    assert reader.read(letter).count("Ada Lovelace") == 1


def test_organizers_read_the_answer_only_the_next_morning(letter: Letter, ada: Signature, organizer: User) -> None:
    url, desk = f"/organize/letters/{letter.slug}/featured/", browser_of(organizer)
    feature_signer(letter, number=1, by=organizer, now=NOW)
    for agrees, said in [(True, "Featured"), (False, "Said no")]:
        Featuring.objects.update(answer="", reaches_at=None, passed_on_at=None)
        Letter.objects.update(featured=[])
        answer_featuring(ada, agrees=agrees, now=timezone.now())
        assert "Asked, no answer yet" in words(desk.get(url))
        pass_on_answers(now=timezone.now())
        assert "Asked, no answer yet" in words(desk.get(url))
        assert not AuditEvent.objects.filter(verb="answer_featuring", at__lte=timezone.now()).exists()
        morning(letter)
        assert said in words(desk.get(url))


def test_the_signer_stops_it_at_once(letter: Letter, featured: Signature, organizer: User, reader: Reader) -> None:
    assert "You said no" in manage(featured, "not_feature")
    letter.refresh_from_db()
    assert letter.featured == []
    assert HEADING not in reader.read(letter)
    with pytest.raises(Refused, match="declined_featuring"):
        feature_signer(letter, number=1, by=organizer, now=NOW)


def test_a_signer_can_change_their_mind(letter: Letter, ada: Signature, organizer: User) -> None:
    feature_signer(letter, number=1, by=organizer, now=NOW)
    for agrees in (False, True, True):
        answer_featuring(ada, agrees=agrees, now=timezone.now())
    morning(letter)
    assert letter.featured == [1]


def test_organizers_stop_and_feature_again_without_asking_twice(
    letter: Letter, featured: Signature, organizer: User
) -> None:
    assert stop_featuring(letter, number=1, by=organizer, now=NOW)
    assert not stop_featuring(letter, number=1, by=organizer, now=NOW)
    assert on_page(letter) == []
    OutgoingEmail.objects.all().delete()
    assert feature_signer(letter, number=1, by=organizer, now=NOW)
    assert on_page(letter) == [1]
    assert not OutgoingEmail.objects.exists()


def test_a_question_taken_back_leaves_nothing(letter: Letter, ada: Signature, organizer: User) -> None:
    feature_signer(letter, number=1, by=organizer, now=NOW)
    answer_featuring(ada, agrees=True, now=timezone.now())
    assert not stop_featuring(letter, number=1, by=organizer, now=NOW)
    morning(letter)
    assert (letter.featured, Featuring.objects.count(), OutgoingEmail.objects.owed().count()) == ([], 0, 0)
    page = words(Client().post(ada.link("manage", now=timezone.now()), {"action": "feature"}, headers=FROM_OUR_PAGE))
    assert QUESTION not in page
    assert "You can no longer answer" in page


def test_a_name_that_is_hidden_is_not_featured(letter: Letter, featured: Signature, reader: Reader) -> None:
    url = featured.link("manage", now=timezone.now())
    fields = {"action": "save", "name": "Ada Lovelace", "display": "organizers"}
    assert Client().post(url, fields, headers=FROM_OUR_PAGE).status_code == 303
    letter.refresh_from_db()
    assert on_page(letter) == []
    assert HEADING not in reader.read(letter)
    assert [each.number for each in newest_signatures(letter, None)] == [1]


def test_withdrawing_ends_it_and_deletes_the_answer(letter: Letter, featured: Signature, reader: Reader) -> None:
    withdraw_signature(featured, now=timezone.now())
    assert HEADING not in reader.read(letter)
    assert not Featuring.objects.exists()


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_a_name_that_not_everyone_reads_cannot_be_asked(letter: Letter, organizer: User, display: str) -> None:
    Letter.objects.update(displays=["public", "organizers", "nobody"])
    letter.refresh_from_db()
    signed(letter, "ada@posteo.de", display)
    for number in (1, 2, 2**31):
        with pytest.raises(Refused, match="not_featurable"):
            feature_signer(letter, number=number, by=organizer, now=NOW)


def test_a_letter_asks_a_limited_number(
    letter: Letter, ada: Signature, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "MAX_ASKED", 1)
    add_published(letter, 1)
    feature_signer(letter, number=1, by=organizer, now=NOW)
    with pytest.raises(Refused, match="too_many_asked"):
        feature_signer(letter, number=2, by=organizer, now=NOW)


def test_only_people_who_write_the_letter_may_feature(letter: Letter, ada: Signature, moderator: User) -> None:
    for operation in (feature_signer, stop_featuring):
        with pytest.raises(Refused, match="not_yours"):
            operation(letter, number=1, by=moderator, now=NOW)
    page = words(browser_of(moderator).get(f"/organize/letters/{letter.slug}/signatures/"))
    assert "Ada Lovelace" in page
    assert "Feature" not in page


# Emails


def test_the_email_leaves_in_the_morning_and_says_little(letter: Letter, ada: Signature, organizer: User) -> None:
    feature_signer(letter, number=1, by=organizer, now=timezone.now())
    owed = OutgoingEmail.objects.get()
    assert owed.next_attempt_at == next_daily_hour(letter.zone(), owed.created_at)
    next_morning()
    (sent,) = mail.outbox
    assert sent.subject == "A question about your signature"
    assert "would like to show your name" in str(sent.body)


@pytest.mark.parametrize(("email", "display"), SILENT.values(), ids=SILENT)
def test_no_email_gives_a_signer_away(letter: Letter, organizer: User, email: str, display: str) -> None:
    Letter.objects.update(displays=["public", "organizers", "nobody"])
    letter.refresh_from_db()
    signature = signed(letter, email, "public")
    feature_signer(letter, number=1, by=organizer, now=NOW)
    # The signer may hide the name in the meantime.
    Signature.objects.filter(pk=signature.pk).update(display=display, **({"name": ""} if display == "nobody" else {}))
    next_morning()
    assert mail.outbox == []


@pytest.mark.parametrize("meanwhile", ["answered", "taken back"])
def test_no_email_about_a_question_that_is_settled(
    letter: Letter, ada: Signature, organizer: User, meanwhile: str
) -> None:
    feature_signer(letter, number=1, by=organizer, now=NOW)
    if meanwhile == "answered":
        answer_featuring(ada, agrees=False, now=timezone.now())
    else:
        stop_featuring(letter, number=1, by=organizer, now=NOW)
    next_morning()
    assert mail.outbox == []


# Pages


def test_the_list_of_signatures_leads_there(letter: Letter, ada: Signature, organizer: User) -> None:
    desk, url = browser_of(organizer), f"/organize/letters/{letter.slug}"
    assert "Feature : Ada Lovelace" in words(desk.get(f"{url}/signatures/"))
    assert "You have asked nobody yet." in words(desk.get(f"{url}/featured/"))
    page = words(desk.post(f"{url}/featured/1/", follow=True))
    assert "Asked, no answer yet" in page
    assert "The question is withdrawn." in words(desk.post(f"{url}/featured/1/stop/", follow=True))


def test_organizers_read_what_cannot_be_done(letter: Letter, ada: Signature, organizer: User) -> None:
    page = words(browser_of(organizer).post(f"/organize/letters/{letter.slug}/featured/99/", follow=True))
    assert "You can feature a signature only while everyone can read its name." in page


def test_the_record_says_what_happened(letter: Letter, featured: Signature, organizer: User) -> None:
    stop_featuring(letter, number=1, by=organizer, now=NOW)
    feature_signer(letter, number=1, by=organizer, now=NOW)
    record = words(browser_of(organizer).get(f"/organize/collectives/{letter.collective.slug}/record/"))
    for said in ("asked a signer", "answered whether its page may feature", "stopped featuring", "featured a name"):
        assert said in record
