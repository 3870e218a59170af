"""Readers report letters and signatures, moderators decide, and readers learn no more than the decision."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from letters.models import Letter, Membership, Report, Signature, User
from letters.moderator.live_signals.operations import score_signatures
from letters.moderator.moderation.operations import accept_signatures, reject_signatures
from letters.moderator.moderation.queries import scope_of, waiting_in
from letters.moderator.reports import operations
from letters.moderator.reports.operations import (
    KEPT_AFTER_DECISION,
    Notice,
    dismiss_reports,
    forget_reports,
    report_letter,
    report_signature,
)
from letters.moderator.signals.reasons import SIGNALS, Reason
from letters.moderator.takedowns.operations import take_down_letter
from letters.public.public_pages.tasks import sweep
from letters.shared.refused import Refused
from letters.signer.signing.operations import withdraw_signature
from tests.conftest import LetterMaker
from tests.people import FROM_OUR_PAGE, NOW, Reader, browser_of, publish, sign_and_confirm, words
from tests.takedowns.conftest import STATEMENT, told, warden

__all__ = ["told", "warden"]

ABOUT_LETTER = {
    "reason": "illegal", "words": "The third line is false.", "name": "Rita", "email": "Rita@example.org",
}  # fmt: skip
NOTICE = Notice(reason="illegal", words="The third line is false.", name="Rita", address="rita@example.org")


# The tests confirm within the same second. A report adds nothing to that: moderators read only that there is one.
BEFORE = SIGNALS[Reason.FAST].weight
REPORTED = SIGNALS[Reason.REPORTED].weight


def sequence() -> None:
    """Score and number signatures, as the worker does."""
    sweep(now=timezone.now(), score=score_signatures)


@pytest.fixture
def emails(monkeypatch: pytest.MonkeyPatch, told: list[str]) -> list[str]:
    """Collect the emails to readers who reported something."""
    sent: list[str] = []
    monkeypatch.setattr(operations, "mail_to_account", lambda mail: sent.append(f"{mail.to[0]}\n{mail.body}"))
    return sent


@pytest.fixture
def signature(letter: Letter) -> Signature:
    found = sign_and_confirm(letter)
    publish()
    Signature.objects.update(to_score=False)
    found.refresh_from_db()
    assert found.number == 1
    return found


def send(letter: Letter, page: str, network: str = "192.0.2.1", **fields: str) -> int:
    answer = Client(REMOTE_ADDR=network).post(letter.url_of(page), fields, headers=FROM_OUR_PAGE)
    return answer.status_code


def report(letter: Letter, network: str = "192.0.2.1", number: str = "1") -> int:
    return send(letter, "report_signature", network, number=number, reason="someone_else")


# A letter


def test_a_reader_reports_a_letter_and_reads_that_we_have_it(letter: Letter, reader: Reader) -> None:
    page = reader.read(letter)
    assert letter.url_of("report_letter") in page
    assert send(letter, "report_letter", **ABOUT_LETTER) == 303
    assert "We have received your report" in reader.get(f"{letter.url_of('report_letter')}?sent").content.decode()
    found = Report.objects.get()
    assert (found.words, found.name, found.address) == ("The third line is false.", "Rita", "rita@example.org")
    assert send(letter, "report_letter", **ABOUT_LETTER) == 303
    assert Report.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"), [("reason", ""), ("reason", "twice"), ("words", " "), ("words", "x" * 2001), ("email", "rita@")]
)
def test_a_report_that_says_too_little_is_explained(letter: Letter, field: str, value: str) -> None:
    assert send(letter, "report_letter", **(ABOUT_LETTER | {field: value})) == 422
    assert not Report.objects.exists()


@pytest.mark.parametrize("page", ["report_letter", "report_signature", "report_name"])
def test_a_needless_language_in_the_address_leads_to_the_same_page(letter: Letter, reader: Reader, page: str) -> None:
    """What follows in the address stays: it says which signature is meant, and that a report has arrived."""
    url = letter.url_of(page)
    answer = reader.get(f"/{letter.language}{url}?number=7")
    assert (answer.status_code, answer["Location"]) == (302, f"{url}?number=7")
    posted = Client().post(f"/{letter.language}{url}", {}, headers=FROM_OUR_PAGE)
    assert posted.status_code == 422


@pytest.mark.parametrize("page", ["report_letter", "report_signature", "report_name"])
def test_a_draft_and_a_language_that_is_missing_have_no_page_for_reports(
    draft: LetterMaker, letter: Letter, reader: Reader, page: str
) -> None:
    assert reader.get(f"/fr{letter.url_of(page)}").status_code == 404
    assert reader.get(draft(slug="not-yet").url_of(page)).status_code == 404


def test_a_report_needs_neither_a_name_nor_an_address(letter: Letter) -> None:
    assert send(letter, "report_letter", reason="rules", words="It is spam.") == 303
    assert Report.objects.get().address is None


def test_a_report_from_another_site_is_refused(letter: Letter) -> None:
    answer = Client().post(letter.url_of("report_letter"), ABOUT_LETTER, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_one_network_cannot_flood_the_moderators(letter: Letter) -> None:
    codes = [send(letter, "report_letter", reason="rules", words=f"It is spam, {n}.") for n in range(31)]
    assert codes == [303] * 30 + [429]
    assert send(letter, "report_letter", "198.51.100.1", reason="rules", words="It is spam.") == 303


def test_only_moderators_of_the_site_read_it_and_decide(
    letter: Letter, organizer: User, warden: User, emails: list[str]
) -> None:
    report_letter(letter, notice=NOTICE, language="en", now=NOW)
    assert "The third line" not in words(browser_of(organizer).get(f"/organize/letters/{letter.slug}/"))
    with pytest.raises(Refused, match="not_yours"):
        dismiss_reports(letter, up_to=2**40, by=organizer, now=NOW)
    browser = browser_of(warden)
    assert "1 report" in words(browser.get("/site/letters/"))
    page = words(browser.get(f"/site/letters/{letter.slug}/"))
    assert "The third line is false." in page
    assert "rita@example.org" not in page
    browser.post(f"/site/letters/{letter.slug}/", {"action": "dismiss", "seen": str(Report.objects.get().pk)})
    assert Report.objects.get().outcome == "nothing"
    assert emails[0].startswith("rita@example.org\n")
    assert "The letter stays" in emails[0]


def test_a_member_of_the_collective_decides_about_no_report(letter: Letter, warden: User) -> None:
    Membership.objects.create(collective=letter.collective, user=warden, role="editor", created_at=NOW)
    with pytest.raises(Refused, match="needs_another_moderator"):
        dismiss_reports(letter, up_to=2**40, by=warden, now=NOW)


def test_a_report_that_came_after_the_page_was_opened_stays_open(
    letter: Letter, warden: User, emails: list[str]
) -> None:
    seen = report_letter(letter, notice=NOTICE, language="en", now=NOW)
    later = report_letter(letter, notice=Notice(reason="rules", words="It is spam."), language="en", now=NOW)
    assert dismiss_reports(letter, up_to=seen.pk, by=warden, now=NOW) == 1
    later.refresh_from_db()
    assert later.outcome == ""


def test_taking_the_letter_down_answers_all_reports_with_one_email_for_each_address(
    letter: Letter, warden: User, emails: list[str]
) -> None:
    report_letter(letter, notice=NOTICE, language="en", now=NOW)
    again = Notice(reason="rules", words="And spam.", address="rita@example.org")
    report_letter(letter, notice=again, language="en", now=NOW)
    take_down_letter(letter, statement=STATEMENT, by=warden, now=NOW)
    assert {each.outcome for each in Report.objects.all()} == {"acted"}
    (only,) = emails
    assert "The letter was taken down" in only
    # Anyone can type any address: the email says nothing that someone typed.
    for typed in ("Rita", "third line", "night train"):
        assert typed not in only.partition("\n")[2].replace("/night-trains/", "")


def test_what_a_reader_wrote_is_forgotten_half_a_year_after_the_decision(
    letter: Letter, warden: User, emails: list[str]
) -> None:
    report_letter(letter, notice=NOTICE, language="en", now=NOW)
    assert forget_reports(now=NOW + timedelta(days=999)) == 0
    dismiss_reports(letter, up_to=2**40, by=warden, now=NOW)
    assert forget_reports(now=NOW + KEPT_AFTER_DECISION) == 0
    assert forget_reports(now=NOW + KEPT_AFTER_DECISION + timedelta(seconds=1)) == 1
    found = Report.objects.get()
    assert (found.words, found.name, found.address, found.outcome) == ("", "", None, "nothing")


# A signature


def test_a_reported_signature_stays_published_and_enters_the_queue(
    letter: Letter, signature: Signature, moderator: User, reader: Reader
) -> None:
    assert letter.url_of("report_signature") in reader.read(letter, "signatures")
    before, version = reader.count(letter), Letter.objects.get().version
    assert waiting_in(scope_of(moderator)) == 0
    assert report(letter) == 303
    sequence()
    signature.refresh_from_db()
    assert (signature.state, signature.concern, signature.risk) == ("published", "reported", REPORTED)
    assert waiting_in(scope_of(moderator)) == 1
    assert (reader.count(letter), Letter.objects.get().version) == (before, version)
    assert "Readers reported this signature." in words(browser_of(moderator).get("/moderate/"))


def test_many_reports_from_one_network_count_once(letter: Letter, signature: Signature) -> None:
    assert [report(letter) for _ in range(5)] == [303] * 5
    assert Report.objects.count() == 1
    for place in range(2, 9):
        report(letter, f"198.51.{place}.1")
    sequence()
    signature.refresh_from_db()
    # A crowd that reports weighs no more than one reader.
    assert (Report.objects.count(), signature.risk, signature.state) == (8, REPORTED, "published")


def test_rescoring_keeps_a_report_until_a_moderator_has_answered_it(
    letter: Letter, signature: Signature, organizer: User
) -> None:
    report(letter)
    for _ in range(2):
        Signature.objects.update(to_score=True)
        sequence()
        signature.refresh_from_db()
        assert (signature.risk, signature.doubt.reasons, signature.state) == (
            REPORTED,
            ["reported"],
            "published",
        )
    accept_signatures(letter, [signature.pk], by=organizer, now=timezone.now())
    Signature.objects.update(to_score=True)
    sequence()
    signature.refresh_from_db()
    assert (signature.risk, signature.concern) == (BEFORE, "")


@pytest.mark.parametrize("number", ["2", "999999999"])
def test_the_answer_is_the_same_for_a_number_that_nobody_has(letter: Letter, number: str) -> None:
    assert report(letter, number=number) == 303
    assert not Report.objects.exists()


@pytest.mark.parametrize("number", ["0", "-1", "x", "", "9" * 400, "1.5"])
def test_a_number_that_is_none_is_explained(letter: Letter, number: str) -> None:
    assert report(letter, number=number) == 422


def test_after_a_moderator_accepted_it_one_more_report_does_not_bring_it_back(
    letter: Letter, signature: Signature, organizer: User
) -> None:
    report_signature(letter, number=1, reason="someone_else", now=NOW)
    accept_signatures(letter, [signature.pk], by=organizer, now=NOW)
    concerns = []
    for _ in range(3):
        report_signature(letter, number=1, reason="someone_else", now=NOW + timedelta(days=1))
        signature.refresh_from_db()
        concerns.append(signature.concern)
    assert concerns == ["", "", "reported"]


def test_a_report_keeps_the_concern_that_a_signature_has(letter: Letter, signature: Signature) -> None:
    Signature.objects.update(concern="bounced")
    report_signature(letter, number=1, reason="twice", now=NOW)
    signature.refresh_from_db()
    assert (signature.concern, signature.to_score) == ("bounced", True)


def test_a_removed_signature_is_not_reported(letter: Letter, signature: Signature, organizer: User) -> None:
    reject_signatures(letter, [signature.pk], reason="A bot", by=organizer, now=NOW)
    report_signature(letter, number=1, reason="twice", now=NOW)
    assert not Report.objects.exists()


def test_a_report_about_a_signature_holds_no_word_about_its_signer(letter: Letter, signature: Signature) -> None:
    report_signature(letter, number=1, reason="twice", now=NOW)
    withdraw_signature(signature, now=NOW)
    found = Report.objects.values("words", "name", "address", "language").get()
    assert found == {"words": "", "name": "", "address": None, "language": ""}
