"""The pages of members: create a token, see it once, read when it was last used, revoke it."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from letters.models import AuditEvent, Collective, Letter, Membership, PersonalToken, Scope, User
from letters.organizer.collectives.operations import create_collective
from letters.organizer.collectives.queries import record_of
from letters.organizer.collectives.sentences import sentence_of
from letters.organizer.letter_editor.operations import start_revision
from letters.organizer.personal_tokens import operations
from letters.organizer.personal_tokens.operations import MAX_TOKENS, create_token, revoke_token
from letters.shared.refused import Refusal, Refused
from tests.accounts.people import PASSWORD
from tests.conftest import LetterMaker
from tests.people import NOW, Response, browser_of, words
from tests.personal_tokens.conftest import LETTER, Program, ProgramMaker

pytestmark = pytest.mark.django_db
PAGE = "/organize/collectives/night-train/tokens/"
NEW = f"{PAGE}new/"
TYPED = {"name": "Spreadsheet", "scopes": ["counts:read", "signatures:read"], "letter": "", "days": "90"}


def secret_in(answer: Response) -> str:
    (secret,) = set(re.findall(r"und_[0-9a-f]{64}", answer.content.decode()))
    return str(secret)


@pytest.mark.parametrize("person", ["organizer", "teammate", "moderator"])
def test_a_member_creates_a_token_and_sees_it_once(letter: Letter, person: str, request: pytest.FixtureRequest) -> None:
    browser = browser_of(request.getfixturevalue(person))
    answer = browser.post(NEW, TYPED)
    secret = secret_in(answer)
    assert "we show it only once" in words(answer)
    assert "no-store" in answer["Cache-Control"]
    assert secret not in browser.get(PAGE).content.decode()
    assert f"{secret[:8]}…" in words(browser.get(PAGE))
    token = PersonalToken.objects.get()
    assert token.scopes == ["counts:read", "signatures:read"]
    assert token.expires_at - token.created_at == timedelta(days=90)
    program = Program(token, secret)
    assert program.get(f"{LETTER}counts/").status_code == 200
    assert program.get(LETTER).status_code == 403


def test_a_token_can_be_for_one_letter(letter: Letter, organizer: User) -> None:
    browser = browser_of(organizer)
    assert browser.post(NEW, {**TYPED, "letter": "night-trains"}).status_code == 200
    assert PersonalToken.objects.get().letter == letter
    assert f"Only for the letter “{letter.newest_title()}”." in words(browser.get(PAGE))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Enter a name by which you will recognise the token."),
        ({"name": "\u200b"}, "Enter a name by which you will recognise the token."),
        ({"name": "a" * 101}, "The name can have 100 characters at most."),
        ({"name": "a\u202eb"}, "characters that we cannot show"),
        ({"scopes": []}, "Select at least one thing that the program may read."),
        ({"scopes": ["letters:write"]}, "Select from this list."),
        ({"days": "3650"}, "Select from this list."),
        ({"days": ""}, "Select how long the token works."),
        ({"letter": "the-letter-of-others"}, "Select from this list."),
    ],
)
def test_what_is_wrong_gets_a_sentence(letter: Letter, organizer: User, wrong: dict[str, str], sentence: str) -> None:
    answer = browser_of(organizer).post(NEW, {**TYPED, **wrong})
    assert answer.status_code == 422
    assert sentence in words(answer)
    assert not PersonalToken.objects.exists()


def test_the_twenty_first_gets_a_sentence(letter: Letter, program_of: ProgramMaker, organizer: User) -> None:
    for _ in range(MAX_TOKENS):
        program_of(organizer)
    answer = browser_of(organizer).post(NEW, TYPED)
    assert answer.status_code == 422
    assert "twenty personal tokens in this collective, which is the limit" in words(answer)


def test_a_password_that_was_typed_long_ago_must_be_typed_again(letter: Letter, organizer: User) -> None:
    """Security: whoever finds a browser open must not leave with a token."""
    organizer.set_password(PASSWORD)
    organizer.save()
    browser = browser_of(organizer)
    assert browser.get(PAGE).status_code == 200
    for answer in (browser.get(NEW), browser.post(NEW, TYPED)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert not PersonalToken.objects.exists()
    browser.post(f"/accounts/reauthenticate/?next={NEW}", {"password": PASSWORD})
    assert browser.post(NEW, TYPED).status_code == 200


def test_members_see_their_own_tokens_and_owners_see_all(
    letter: Letter, program_of: ProgramMaker, organizer: User, teammate: User, moderator: User
) -> None:
    for person in (organizer, teammate, moderator):
        program_of(person, name=f"Program of {person.name}")
    assert re.findall(r"Program of \w+", words(browser_of(teammate).get(PAGE)))[0] == "Program of Tariq"
    assert "Program of Olga" not in words(browser_of(teammate).get(PAGE))
    of_owner = words(browser_of(organizer).get(PAGE))
    assert [name for name in ("Olga", "Tariq", "Mona") if f"Program of {name}" not in of_owner] == []
    assert "Created by Tariq." in of_owner
    assert "Created by Olga." not in of_owner


def test_a_member_revokes_a_token(letter: Letter, program_of: ProgramMaker, teammate: User) -> None:
    program, browser = program_of(teammate), browser_of(teammate)
    answer = browser.post(f"{PAGE}{program.token.pk}/revoke/", follow=True)
    assert "The token no longer works." in words(answer)
    assert program.get(LETTER).status_code == 401
    assert AuditEvent.objects.get(verb="revoke_personal_token").details == {"name": "Office", "member": teammate.pk}


def test_an_owner_revokes_the_token_of_another_member_and_nobody_else_does(
    letter: Letter, program_of: ProgramMaker, teammate: User, request: pytest.FixtureRequest
) -> None:
    program, now = program_of(teammate), timezone.now()
    organizer, *others = map(request.getfixturevalue, ("organizer", "moderator", "stranger"))
    for person in others:
        with pytest.raises(Refused) as refused:
            revoke_token(letter.collective, program.token.pk, by=person, now=now)
        assert refused.value.code == Refusal.NOT_YOURS
    assert program.get(LETTER).status_code == 200
    for _ in range(2):
        revoke_token(letter.collective, program.token.pk, by=organizer, now=now)
    assert program.get(LETTER).status_code == 401
    assert AuditEvent.objects.filter(verb="revoke_personal_token").count() == 1


def test_an_owner_of_another_collective_revokes_nothing(letter: Letter, program: Program, stranger: User) -> None:
    theirs = Collective.objects.get(slug="the-other-side")
    revoke_token(theirs, program.token.pk, by=stranger, now=timezone.now())
    assert program.get(LETTER).status_code == 200


def test_a_token_can_be_revoked_while_the_collective_is_suspended(
    letter: Letter, program: Program, organizer: User
) -> None:
    Collective.objects.update(suspended_at=NOW)
    assert browser_of(organizer).post(f"{PAGE}{program.token.pk}/revoke/").status_code == 302
    Collective.objects.update(suspended_at=None)
    assert program.get(LETTER).status_code == 401


def test_nobody_creates_one_for_a_collective_that_is_suspended_or_not_theirs(
    letter: Letter, organizer: User, stranger: User
) -> None:
    asked: dict[str, Any] = {"name": "Office", "scopes": ["counts:read"], "now": timezone.now()}
    with pytest.raises(Refused) as refused:
        create_token(letter.collective, by=stranger, **asked)
    assert refused.value.code == Refusal.NOT_YOURS
    Collective.objects.update(suspended_at=NOW)
    with pytest.raises(Refused) as refused:
        create_token(letter.collective, by=organizer, **asked)
    assert refused.value.code == Refusal.SUSPENDED


def test_nobody_creates_one_for_a_letter_of_another_collective(letter: Letter, stranger: User) -> None:
    theirs = Collective.objects.get(slug="the-other-side")
    with pytest.raises(Refused) as refused:
        create_token(theirs, name="Office", scopes=["counts:read"], letter=letter, by=stranger, now=timezone.now())
    assert refused.value.code == Refusal.NOT_YOURS


def test_the_member_gets_an_email(letter: Letter, organizer: User, mails: list[EmailMultiAlternatives]) -> None:
    secret = secret_in(browser_of(organizer).post(NEW, TYPED))
    (mail,) = mails
    assert mail.to == [organizer.email]
    assert mail.subject == "A personal token was created in your account"
    body = str(mail.body)
    for said in ("Spreadsheet", f"{secret[:8]}…", "Friends of the Night Train", PAGE, Scope.COUNTS.label):
        assert str(said) in body
    assert secret[8:] not in body
    assert secret[8:] not in str(mail.alternatives)


def test_without_a_worker_for_the_email_there_is_no_token(
    letter: Letter, organizer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_worker(mail: object) -> None:
        raise Refused(Refusal.NO_WORKER)

    monkeypatch.setattr(operations, "mail_to_account", no_worker)
    answer = browser_of(organizer).post(NEW, TYPED)
    assert "We could not send the email." in words(answer)
    assert not PersonalToken.objects.exists()


def test_the_activity_says_who_created_and_revoked_it(
    letter: Letter, program_of: ProgramMaker, organizer: User, teammate: User
) -> None:
    program = program_of(teammate, name="Office <b>")
    assert AuditEvent.objects.get(verb="create_personal_token").details == {
        "name": "Office <b>",
        "scopes": sorted(Scope.values),
        "days": 90,
        "letter": None,
    }
    revoke_token(letter.collective, program.token.pk, by=organizer, now=timezone.now())
    said = [re.sub(r"<[^>]*>", "", sentence_of(each)) for each in record_of(letter.collective, to=organizer).lines]
    assert "Tariq created the personal token “Office &lt;b&gt;”." in said
    assert "Olga revoked the personal token “Office &lt;b&gt;” of Tariq." in said


def test_the_page_says_on_which_day_a_token_was_used(letter: Letter, program: Program, organizer: User) -> None:
    browser = browser_of(organizer)
    assert "No program has used it yet." in words(browser.get(PAGE))
    PersonalToken.objects.update(last_used_on=date(2025, 3, 4))
    assert "The last use was on March 4, 2025." in words(browser.get(PAGE))
    PersonalToken.objects.update(created_at=NOW, expires_at=NOW + timedelta(days=30))
    assert "Ended on April 2, 2025." in words(browser.get(PAGE))


def test_a_closed_account_leaves_no_token(letter: Letter, program_of: ProgramMaker, teammate: User) -> None:
    program_of(teammate)
    Membership.objects.filter(user=teammate).delete()
    assert not PersonalToken.objects.exists()


def test_drafts_in_the_bin_cannot_be_chosen(letter: Letter, draft: LetterMaker, organizer: User) -> None:
    draft("thrown-away")
    Letter.objects.filter(slug="thrown-away").update(binned_at=NOW)
    page = browser_of(organizer).get(NEW).content.decode()
    assert 'value="night-trains"' in page
    assert "thrown-away" not in page


@pytest.mark.parametrize("status", ["published", "draft"])
def test_the_title_of_a_letter_that_has_moved_is_the_one_that_readers_know(
    letter: Letter, program_of: ProgramMaker, organizer: User, status: str
) -> None:
    """Privacy: what its new organizers write is not for those who gave it away."""
    program_of(organizer, letter=letter)
    public = letter.newest_title()
    revision = start_revision(letter, by=organizer, now=NOW)
    revision.translations.update(title="Our secret plan")
    assert "Our secret plan" in words(browser_of(organizer).get(PAGE))
    other = create_collective(name="Sleepers", slug="sleepers", by=organizer, now=NOW)
    Letter.objects.update(collective=other, status=status)
    page = words(browser_of(organizer).get(PAGE))
    assert "Our secret plan" not in page
    nameless = "Only for a letter that has moved to another collective."
    assert {"draft": nameless, "published": f"Only for the letter “{public}”."}[status] in page


def test_the_form_says_who_reads_the_name_of_a_token(letter: Letter, program: Program, organizer: User) -> None:
    warden = User.objects.create_user("wanda@example.org", moderates_site=True)
    activity = browser_of(warden).get("/site/activity/").content.decode()
    assert "personal token “<bdi>Office</bdi>”" in activity
    assert "the people who run the site can see it" in words(browser_of(organizer).get(NEW))


def test_a_new_password_ends_no_token_and_the_page_says_so(letter: Letter, program: Program, organizer: User) -> None:
    """Security: whoever takes over an account could leave a token there."""
    organizer.set_password(PASSWORD)
    organizer.save()
    assert program.get(LETTER).status_code == 200
    assert "A new password ends no token." in words(browser_of(organizer).get(PAGE))


def test_a_stranger_finds_no_page(letter: Letter, program: Program, stranger: User) -> None:
    for browser in (browser_of(stranger), Client()):
        statuses = [browser.get(PAGE).status_code, browser.get(NEW).status_code]
        statuses += [browser.post(f"{PAGE}{program.token.pk}/revoke/").status_code]
        assert set(statuses) <= {302, 404}
    assert PersonalToken.objects.exists()
