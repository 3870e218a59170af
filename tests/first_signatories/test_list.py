"""The organizers' list of invited people: it shows what organizers did, and nothing of what invited people did."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from letters.models import AuditEvent, InvitationBatch, InvitedPerson, Letter, OutgoingEmail, Signature, User
from letters.organizer.first_signatories.operations import (
    forget_lists,
    note_undelivered,
    order_names,
    reencrypt_invited,
    resend_invitation,
)
from letters.organizer.letter_editor.operations import publish_letter
from letters.public.public_pages.names_on_letter import first_signatures
from letters.shared.addresses import decrypt
from letters.signer.signing.operations import (
    Changes,
    accept_invitation,
    decline_invitation,
    disown_signature,
    withdraw_signature,
)
from letters.signer.signing.queries import texts_to_sign
from tests.first_signatories.conftest import Inviter
from tests.people import Response, Signer, deliver, publish, sign, signature_of, words

PAGE = "/organize/letters/night-trains/first-signers/"
ROUND = f"{PAGE}round/"
TWO = "Ada Lovelace <ada.lovelace@example.org>\nBob Mann <bob.mannings@example.org>"
Act = Callable[[Signature], None]


def accept_as(signature: Signature, name: str, display: str) -> None:
    seen = texts_to_sign(signature)["en"].version
    changes = Changes(display=display, name=name)
    accept_invitation(signature, changes=changes, language="en", seen=seen, now=timezone.now())


def as_nobody(signature: Signature) -> None:
    accept_as(signature, "", "nobody")


def under_another_name(signature: Signature) -> None:
    accept_as(signature, "A Countess", "public")


def for_organizers(signature: Signature) -> None:
    accept_as(signature, "Ada Lovelace", "organizers")


def and_withdraws(signature: Signature) -> None:
    as_nobody(signature)
    signature.refresh_from_db()
    withdraw_signature(signature, now=timezone.now())


def declines(signature: Signature) -> None:
    decline_invitation(signature, now=timezone.now())


def disowns(signature: Signature) -> None:
    disown_signature(signature, now=timezone.now())


def person(name: str) -> InvitedPerson:
    return next(each for each in InvitedPerson.objects.all() if name in decrypt(each.encrypted))


def row_of(page: Response, name: str) -> str:
    """Return a person's row without the parts that differ between otherwise equal people."""
    text = page.content.decode()
    row = next(row for row in re.findall(r"<tr.*?</tr>", text, re.DOTALL) if name in row)
    row = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", row)
    row = re.sub(r'name="person" value="\d+"', "", row)
    for word in ("Ada Lovelace", "ad…e", "Bob Mann", "bo…s"):
        row = row.replace(word, "-")
    return row


def press(browser: Client, action: str, name: str) -> Response:
    return browser.post(ROUND, {"action": action, "person": str(person(name).pk)}, follow=True)


# Contents


def test_the_list_shows_everyone_with_a_part_of_their_address(before: Letter, browser: Client, invite: Inviter) -> None:
    invite(before, TWO)
    text = words(browser.get(PAGE))
    assert "Ada Lovelace ad…e@example.org Invited" in text
    assert "ada.lovelace@example.org" not in text


def test_the_list_goes_on_on_other_pages(before: Letter, browser: Client, invite: Inviter) -> None:
    invite(before, "\n".join(f"P{place:03} <p{place}@example.org>" for place in range(120)))
    assert "1 to 50 of 120" in words(browser.get(PAGE))
    text = words(browser.get(f"{PAGE}?page=3"))
    assert "101 to 120 of 120" in text
    assert "P119" in text
    for odd in ("0", "999", "-1", "x", "٣"):
        assert browser.get(PAGE, {"page": odd}).status_code == 200


# Privacy


@pytest.mark.parametrize(
    "act",
    [as_nobody, under_another_name, for_organizers, and_withdraws, declines, disowns],
    ids=lambda act: act.__name__,
)
def test_a_row_shows_nothing_about_what_its_person_did(
    before: Letter, browser: Client, invite: Inviter, act: Act
) -> None:
    """Before and after each button, and in the button's message."""
    invite(before, TWO)
    deliver()
    act(signature_of(before, "ada.lovelace@example.org"))
    publish()
    for action in ("", "resend", "resend", "remind", "cancel_one", "cancel_one", "resend"):
        pages = [press(browser, action, name) if action else browser.get(PAGE) for name in ("Ada", "Bob")]
        page = browser.get(PAGE)
        assert row_of(page, "ad…e") == row_of(page, "bo…s")
        assert len({tuple(map(str, each.context["messages"])) for each in pages}) == 1


@pytest.mark.parametrize("action", ["resend", "cancel_one"])
@pytest.mark.parametrize(
    "act",
    [as_nobody, under_another_name, for_organizers, and_withdraws, declines, disowns],
    ids=lambda act: act.__name__,
)
def test_a_button_does_the_same_work_whatever_its_person_did(
    before: Letter, browser: Client, invite: Inviter, act: Act, action: str
) -> None:
    """Otherwise the time of the answer tells it."""
    invite(before, TWO)
    deliver()
    act(signature_of(before, "ada.lovelace@example.org"))
    publish()
    work = []
    for name in ("Ada", "Bob"):
        with CaptureQueriesContext(connection) as found:
            press(browser, action, name)
        work.append([query["sql"].split()[0] for query in found])
    assert work[0] == work[1]


def test_the_order_of_the_list_does_not_lead_to_signatures_in_a_stolen_database(
    before: Letter, invite: Inviter
) -> None:
    """Whoever has ADDRESS_KEYS too reads the names on the list, and could count to a signature without a name."""
    names = [f"P{place:03}" for place in range(60)]
    invite(before, "\n".join(f"{name} <{name}@example.org>" for name in names))
    written = list(before.signatures.order_by("pk").values_list("name", flat=True))
    assert sorted(written) == names
    assert written != names
    # Neither does the order of the emails.
    mailed = OutgoingEmail.objects.order_by("pk").values_list("signature__name", flat=True)
    assert list(mailed) == written


@pytest.mark.parametrize("act", [as_nobody, declines, disowns], ids=lambda act: act.__name__)
def test_the_whole_page_has_the_same_bytes_whatever_one_person_does(
    before: Letter, browser: Client, invite: Inviter, act: Act
) -> None:
    invite(before, TWO)
    deliver()

    def page() -> str:
        return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", browser.get(PAGE).content.decode())

    first = page()
    act(signature_of(before, "ada.lovelace@example.org"))
    assert page() == first


def test_a_name_is_marked_as_signed_only_if_the_letter_shows_it(
    before: Letter, browser: Client, invite: Inviter, organizer: User
) -> None:
    invite(before, TWO)
    accept_as(signature_of(before, "ada.lovelace@example.org"), "Ada  LOVELACE", "public")
    assert "Signed" not in row_of(browser.get(PAGE), "Ada Lovelace")
    publish()
    assert "Signed" in row_of(browser.get(PAGE), "ad…e")
    signature = signature_of(before, "ada.lovelace@example.org")
    withdraw_signature(signature, now=timezone.now())
    publish()
    page = browser.get(PAGE)
    assert row_of(page, "ad…e") == row_of(page, "bo…s")


def test_sending_again_does_the_same_work_for_someone_who_has_signed(
    before: Letter, invite: Inviter, organizer: User
) -> None:
    invite(before, TWO)
    deliver()
    as_nobody(signature_of(before, "ada.lovelace@example.org"))
    mail.outbox.clear()
    statements = []
    for name in ("Ada", "Bob"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            resend_invitation(before, person_id=person(name).pk, by=organizer, now=timezone.now())
        statements.append([re.sub(r"\d+|'[^']*'", "?", query["sql"]) for query in queries])
    assert statements[0] == statements[1]
    deliver()
    assert [message.to for message in mail.outbox] == [["bob.mannings@example.org"]]
    assert AuditEvent.objects.filter(verb="resend_invitation").count() == 2


def test_nobody_gets_a_third_email(before: Letter, browser: Client, invite: Inviter) -> None:
    invite(before, TWO, now=timezone.now() - timedelta(days=2))
    deliver()
    mail.outbox.clear()
    press(browser, "resend", "Ada")
    deliver()
    for action in ("resend", "remind", "resend"):
        press(browser, action, "Ada")
        deliver()
    assert sorted(message.to[0] for message in mail.outbox) == ["ada.lovelace@example.org", "bob.mannings@example.org"]


def test_an_invitation_that_is_cancelled_leads_nowhere(before: Letter, browser: Client, invite: Inviter) -> None:
    invite(before, TWO)
    signer = Signer()
    url = signer.mailed_link("ada.lovelace@example.org", purpose="invitation")
    assert "Cancelled" in words(press(browser, "cancel_one", "Ada"))
    assert signature_of(before, "ada.lovelace@example.org").state == "expired"
    assert 'name="seen"' not in signer.get(url).content.decode()
    assert signature_of(before, "bob.mannings@example.org").state == "invited"


def test_only_the_first_email_makes_someone_not_delivered(
    before: Letter, browser: Client, invite: Inviter, organizer: User
) -> None:
    """Otherwise a mailbox that was closed later would reveal who answered, because they get no reminder."""
    invite(before, TWO)
    ada, bob = (signature_of(before, email) for email in ("ada.lovelace@example.org", "bob.mannings@example.org"))
    OutgoingEmail.objects.update(sent_at=timezone.now())
    ada.outgoing_emails.update(sent_at=None, failed_at=timezone.now(), error="550 5.1.1")
    resend_invitation(before, person_id=person("Bob").pk, by=organizer, now=timezone.now())
    bob.outgoing_emails.filter(sent_at=None).update(failed_at=timezone.now(), error="550 5.1.1")
    note_undelivered(now=timezone.now())
    page = browser.get(PAGE)
    assert "Not delivered" in row_of(page, "ad…e")
    assert "Not delivered" not in row_of(page, "bo…s")
    publish_letter(before, by=organizer, now=timezone.now())
    before.refresh_from_db()
    withdraw_signature(sign(before, "ada.lovelace@example.org"), now=timezone.now())
    note_undelivered(now=timezone.now())
    assert "Not delivered" in row_of(browser.get(PAGE), "ad…e")


def test_an_import_lists_known_people_like_all_others(
    before: Letter, browser: Client, invite: Inviter, organizer: User
) -> None:
    invite(before, TWO)
    deliver()
    as_nobody(signature_of(before, "ada.lovelace@example.org"))
    for name in ("Ada", "Bob"):
        press(browser, "cancel_one", name)
    assert invite(before, TWO) == 1
    page = browser.get(PAGE)
    assert row_of(page, "ad…e") == row_of(page, "bo…s")
    assert "Invited" in row_of(page, "ad…e")
    assert InvitedPerson.objects.count() == 2


def test_a_stolen_database_does_not_link_the_list_to_signatures(before: Letter, invite: Inviter) -> None:
    invite(before, TWO)
    listed = InvitedPerson.objects.all()
    hashes = {bytes(each) for each in Signature.objects.values_list("address_hash", flat=True) if each}
    assert hashes
    assert not hashes & {bytes(each.digest) for each in listed}
    assert not any(b"Ada" in bytes(each.encrypted) for each in listed)
    assert "lovelace@" not in "".join(decrypt(each.encrypted) for each in listed)
    related = {field.related_model for field in InvitedPerson._meta.get_fields() if field.is_relation}
    assert related == {Letter, InvitationBatch}


def test_the_list_is_deleted_after_thirty_days_whatever_people_did(before: Letter, invite: Inviter) -> None:
    invite(before, TWO, now=timezone.now() - timedelta(days=29))
    forget_lists(now=timezone.now())
    assert InvitedPerson.objects.count() == 2
    forget_lists(now=timezone.now() + timedelta(days=1))
    assert not InvitedPerson.objects.exists()
    assert not InvitationBatch.objects.exists()


def test_lists_and_notes_are_encrypted_again_under_a_new_key(
    before: Letter, organizer: User, settings: object, invite: Inviter
) -> None:
    from cryptography.fernet import Fernet

    invite(before, TWO)
    settings.ADDRESS_KEYS = [Fernet.generate_key().decode(), *settings.ADDRESS_KEYS]  # type: ignore[attr-defined]
    assert reencrypt_invited() == (2, [])
    settings.ADDRESS_KEYS = settings.ADDRESS_KEYS[:1]  # type: ignore[attr-defined]
    assert "Ada" in decrypt(person("Ada").encrypted)


def test_nobody_else_can_send_or_cancel(before: Letter, invite: Inviter, stranger: User, moderator: User) -> None:
    from tests.people import browser_of

    invite(before, TWO)
    number = OutgoingEmail.objects.count()
    for someone in (stranger, moderator):
        for action in ("resend", "cancel_one", "order"):
            fields = {"action": action, "person": str(person("Ada").pk)}
            assert browser_of(someone).post(ROUND, fields).status_code == 404
    assert OutgoingEmail.objects.count() == number


# The order of the names


@pytest.fixture
def four(before: Letter, invite: Inviter, organizer: User) -> Letter:
    """Three names that everyone can read, and one that nobody can."""
    invite(before, "\n".join(f"p{place}@example.org" for place in range(4)))
    for place, name in enumerate(["Ada", "", "Bob", "Cyd"]):
        accept_as(signature_of(before, f"p{place}@example.org"), name, "public" if name else "nobody")
        publish()
    publish_letter(before, by=organizer, now=timezone.now())
    return Letter.objects.get()


def names_on(letter: Letter) -> list[str]:
    letter.refresh_from_db()
    return [each.public_name for each in first_signatures(letter, None).signatures]


def test_organizers_order_the_names_that_everyone_reads(four: Letter, browser: Client) -> None:
    assert names_on(four) == ["Ada", "Bob", "Cyd", ""]
    numbers = {each.name: each.number for each in Signature.objects.exclude(name="")}
    places = {f"place_{number}": str(place) for place, number in enumerate(numbers.values(), 1)}
    browser.post(ROUND, {**places, "up": numbers["Cyd"]})
    assert names_on(four) == ["Ada", "Cyd", "Bob", ""]
    browser.post(
        ROUND, {"place_1": "1", f"place_{numbers['Cyd']}": "2", f"place_{numbers['Bob']}": "1", "action": "order"}
    )
    assert names_on(four) == ["Bob", "Ada", "Cyd", ""]
    fields = {f"place_{numbers['Bob']}": "3", "place_1": "2", f"place_{numbers['Cyd']}": "3", "action": "order"}
    page = browser.post(ROUND, fields, follow=True)
    assert names_on(four) == ["Ada", "Cyd", "Bob", ""]
    assert "You have changed the order of the names." in words(page)


def test_a_name_that_is_hidden_leaves_the_order(four: Letter, organizer: User) -> None:
    order_names(four, numbers=[4, 3, 1], by=organizer, now=timezone.now())
    assert names_on(four) == ["Cyd", "Bob", "Ada", ""]
    Signature.objects.filter(number=4).update(name="", display="nobody")
    assert names_on(four)[:2] == ["Bob", "Ada"]


def test_an_order_that_changes_nothing_makes_no_new_version(four: Letter, organizer: User) -> None:
    """A number without a public name changes nothing either."""
    version = four.version
    for numbers in ([1, 3, 4], [2, 1, 3, 4, 999], []):
        order_names(four, numbers=numbers, by=organizer, now=timezone.now())
    four.refresh_from_db()
    assert (four.version, four.first_order) == (version, [])


def test_invalid_places_change_nothing(four: Letter, browser: Client) -> None:
    page = browser.post(
        ROUND, {"action": "order", "place_1": "x", "place_٣": "1", "place_": "", "up": "-1"}, follow=True
    )
    assert page.status_code == 200
    assert names_on(four) == ["Ada", "Bob", "Cyd", ""]
