"""Nobody reads a name before the names appear, and nobody can change what signers were told."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from letters.models import Display, Export, Letter, OutgoingEmail, Release, Revision, Signature, State, User
from letters.organizer.exports.paper import letterhead
from letters.organizer.first_signatories.operations import invite_people
from letters.organizer.letter_delivery.operations import Delivered, record_letter_delivery
from letters.organizer.letter_editor.operations import (
    close_letter,
    publish_letter,
    reopen_letter,
    set_up_letter,
    start_revision,
)
from letters.organizer.letter_moves.queries import hindrance
from letters.shared.refused import Refused
from letters.signer.signing.operations import disown_signature, withdraw_signature
from letters.signer.signing.queries import texts
from tests.conftest import LetterMaker
from tests.people import (
    NOW,
    Reader,
    Signer,
    browser_of,
    deliver,
    message_of,
    sign,
    sign_and_confirm,
    signature_of,
    words,
)
from tests.release.conftest import CLOSES, DAY, NEEDED, Clock, sign_many


def test_organizers_and_moderators_see_nobody_before_the_names_appear(
    sealed: Letter, tick: Clock, organizer: User, moderator: User
) -> None:
    names = sign_many(sealed, 3)
    # The site doubts one of them, who would be in the queue of an ordinary letter.
    Signature.objects.filter(pk=signature_of(sealed, f"{names[0].lower()}@gmail.com").pk).update(concern="disposable")
    tick(NOW + timedelta(minutes=1))
    for person in (organizer, moderator):
        browser = browser_of(person)
        for url in _pages(sealed):
            response = browser.get(url)
            assert response.status_code in {200, 404}, url
            text = response.content.decode()
            assert not [name for name in names if name in text], url


def _pages(letter: Letter) -> list[str]:
    own = [reverse(name, kwargs={"slug": letter.slug}) for name in ("dashboard", "organize_signatures", "exports")]
    lists = [f"{own[1]}?shown={shown}" for shown in ("published", "held", "withdrawn", "rejected")]
    queue = reverse("moderate_letter", kwargs={"slug": letter.slug})
    return [*own, *lists, queue, f"{queue}?q=a"]


def test_organizers_do_not_see_that_someone_has_left(sealed: Letter, organizer: User) -> None:
    url = reverse("organize_signatures", kwargs={"slug": sealed.slug}) + "?shown=withdrawn"
    before = words(browser_of(organizer).get(url))
    withdraw_signature(sign_and_confirm(sealed, name="Onda"), now=NOW)
    assert words(browser_of(organizer).get(url)) == before


def test_the_record_does_not_say_that_someone_has_left(sealed: Letter, published: LetterMaker, organizer: User) -> None:
    url = reverse("record_of_collective", kwargs={"slug": sealed.collective.slug})
    before = words(browser_of(organizer).get(url))
    disown_signature(sign_and_confirm(sealed, name="Onda"), now=NOW)
    disown_signature(sign(sealed, "bea@example.org"), now=NOW)
    assert words(browser_of(organizer).get(url)) == before
    # The record of an ordinary letter says so.
    disown_signature(sign_and_confirm(published("another"), name="Onda"), now=NOW)
    assert "they did not sign" in words(browser_of(organizer).get(url))


def test_the_settings_that_signers_were_told_stay(sealed: Letter, organizer: User) -> None:
    changes: list[dict[str, Any]] = [
        {"closes_at": CLOSES + DAY},
        {"closes_at": CLOSES - DAY},
        {"closes_at": None},
        {"reviewed": True},
        {"displays": [Display.ORGANIZERS]},
        {"domains": ["example.org"]},
    ]
    for values in changes:
        with pytest.raises(Refused, match="letter_sealed"):
            set_up_letter(sealed, values=values, by=organizer, now=NOW)
    with pytest.raises(Refused, match="published_already"):
        set_up_letter(sealed, values={"names_from": 500, "notice_hours": 72}, by=organizer, now=NOW)
    with pytest.raises(Refused, match="published_already"):
        set_up_letter(sealed, values={"names_from": None, "notice_hours": 72}, by=organizer, now=NOW)
    set_up_letter(sealed, values={"goal": 100}, by=organizer, now=NOW)


def test_an_open_letter_cannot_begin_to_name_nobody(letter: Letter, organizer: User) -> None:
    values = {"names_from": NEEDED, "notice_hours": 72, "closes_at": CLOSES}
    with pytest.raises(Refused):
        set_up_letter(letter, values=values, by=organizer, now=NOW)
    letter.refresh_from_db()
    assert letter.names_from is None


def test_such_a_letter_needs_an_end_and_no_review(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    with pytest.raises(Refused, match="sealed_needs_end"):
        set_up_letter(letter, values={"names_from": NEEDED, "notice_hours": 72}, by=organizer, now=NOW)
    values = {"names_from": NEEDED, "notice_hours": 72, "closes_at": CLOSES}
    with pytest.raises(Refused, match="sealed_not_reviewed"):
        set_up_letter(letter, values={**values, "reviewed": True}, by=organizer, now=NOW)
    set_up_letter(letter, values=values, by=organizer, now=NOW)
    with pytest.raises(Refused, match="sealed_needs_end"):
        publish_letter(letter, by=organizer, now=CLOSES + DAY)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"organisations_sign": True}, "sealed_no_organisations"),
        ({"origins": ["https://example.org"]}, "sealed_no_websites"),
    ],
)
def test_neither_organisations_nor_other_websites_learn_who_signs_such_a_letter(
    draft: LetterMaker, sealed: Letter, organizer: User, values: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        set_up_letter(sealed, values=values, by=organizer, now=NOW)
    seals: dict[str, Any] = {"names_from": NEEDED, "notice_hours": 72, "closes_at": CLOSES}
    both_ways: list[tuple[dict[str, Any], dict[str, Any]]] = [(values, seals), (seals, values)]
    for place, (first, second) in enumerate(both_ways):
        letter = draft(f"draft-{place}")
        set_up_letter(letter, values=first, by=organizer, now=NOW)
        with pytest.raises(Refused, match=code):
            set_up_letter(letter, values=second, by=organizer, now=NOW)


def test_the_page_of_settings_has_no_heading_without_a_field(published: LetterMaker, organizer: User) -> None:
    page = browser_of(organizer).get(reverse("set_up_letter", kwargs={"slug": published("another").slug}))
    assert "Nobody is named at first" not in words(page)
    assert "Who can sign" in words(page)


def test_the_page_of_settings_says_why_organisations_cannot_sign_such_a_letter(sealed: Letter, organizer: User) -> None:
    browser, url = browser_of(organizer), reverse("set_up_letter", kwargs={"slug": sealed.slug})
    shown = browser.get(url).context["form"]
    typed = {each.html_name: value for each in shown if (value := each.value()) not in (None, "")}
    answer = browser.post(url, {**typed, "organisations_sign": "on"})
    assert answer.status_code == 422
    assert "Organisations would be named at once" in words(answer)


def test_no_page_and_no_door_of_such_a_letter_takes_organisations_or_other_websites(
    sealed: Letter, reader: Reader
) -> None:
    # As if both had been switched on together before they excluded each other.
    there = "https://example.org"
    in_a_month = timezone.now() + 30 * DAY
    Letter.objects.filter(pk=sealed.pk).update(organisations_sign=True, origins=[there], closes_at=in_a_month)
    assert "Organisations" not in reader.read(sealed)
    assert reader.get(sealed.url_of("sign_for_organisation")).status_code == 404
    sent = Signer().client.post(
        f"/api/v1/letters/{sealed.slug}/signatures/", {}, "application/json", headers={"Origin": there}
    )
    assert sent.status_code == 403


def test_a_draft_can_still_become_an_ordinary_letter(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    values = {"names_from": NEEDED, "notice_hours": 48, "closes_at": CLOSES}
    set_up_letter(letter, values=values, by=organizer, now=NOW)
    assert Release.objects.get(letter=letter).notice_hours == 48
    set_up_letter(letter, values={"names_from": None, "notice_hours": None}, by=organizer, now=NOW)
    assert not Release.objects.exists()


def test_nobody_is_invited_to_sign_first(draft: LetterMaker, organizer: User) -> None:
    letter = draft()
    values = {"names_from": NEEDED, "notice_hours": 72, "closes_at": CLOSES}
    set_up_letter(letter, values=values, by=organizer, now=NOW)
    with pytest.raises(Refused, match="letter_sealed"):
        invite_people(letter, people=[], by=organizer, now=NOW)


def test_the_letter_neither_moves_nor_changes_in_substance(sealed: Letter, organizer: User) -> None:
    assert hindrance(sealed, NOW) == "letter_sealed"
    start_revision(sealed, by=organizer, now=NOW)
    with pytest.raises(Refused, match="letter_sealed"):
        publish_letter(sealed, by=organizer, now=NOW, kind=Revision.Kind.SUBSTANCE, note="Something else.")


def test_a_letter_whose_signatures_were_deleted_does_not_open_again(
    sealed: Letter, tick: Clock, organizer: User
) -> None:
    close_letter(sealed, by=organizer, now=NOW)
    tick(NOW + 2 * DAY)
    assert Release.objects.get(letter=sealed).missed_at
    with pytest.raises(Refused, match="letter_sealed"):
        reopen_letter(sealed, by=organizer, now=NOW + 2 * DAY)


def test_the_site_scores_in_memory_and_who_is_doubted_does_not_count(sealed: Letter, tick: Clock) -> None:
    one = sign_and_confirm(sealed, "one@gmail.com", name="Donald Trump")
    tick(NOW + timedelta(minutes=1))
    one.refresh_from_db()
    assert (one.state, one.concern, one.to_score, one.name) == (State.SEALED, "doubtful", False, "")


def test_a_signer_reads_the_own_words_behind_the_link(sealed: Letter) -> None:
    one = sign_and_confirm(sealed, name="Ada Lovelace", affiliation="Analytical Society")
    text = Reader().get(one.link("manage", now=timezone.now())).content.decode()
    assert "Ada Lovelace" in text
    assert "Analytical Society" in text
    assert "the key is on the server" in text


def test_the_form_says_what_the_people_who_run_the_server_could_do(sealed: Letter, reader: Reader) -> None:
    Letter.objects.filter(pk=sealed.pk).update(closes_at=timezone.now() + 30 * DAY)
    text = reader.read(sealed)
    assert "The people who run this site, or someone who takes over the whole server, could read the names" in " ".join(
        text.split()
    )
    assert f"Nobody is named until {NEEDED} people have signed with their names" in " ".join(text.split())
    assert "Chi gestisce questo sito, o chi si impadronisce" in reader.read(sealed, language="it")


def test_no_paper_and_no_delivery_says_that_nobody_has_signed(sealed: Letter, organizer: User) -> None:
    sign_many(sealed, 1)
    about = {"asked_by": organizer, "created_at": NOW, "next_attempt_at": NOW, "last_number": 0}
    export = Export.objects.create(letter=sealed, kind="letter", format="pdf", language="en", **about)
    assert letterhead(export, now=NOW).signed_by == "Nobody is named yet"
    page = words(browser_of(organizer).get(reverse("exports", kwargs={"slug": sealed.slug})))
    assert "Nobody is named yet, so the file will be empty." in page
    assert "Nobody has signed yet" not in page
    delivered = Delivered(on=NOW.date(), to="The ministry", signature_count=0)
    with pytest.raises(Refused, match="letter_sealed"):
        record_letter_delivery(sealed, delivered=delivered, by=organizer, now=NOW)


def test_no_other_website_sees_who_signs_until_the_names_appear(sealed: Letter, signer: Signer) -> None:
    """Its organizers may run that website, and the form says that not even they see a name."""
    url, there = f"/api/v1/letters/{sealed.slug}/", "https://choir.example"
    Letter.objects.filter(pk=sealed.pk).update(origins=[there], closes_at=timezone.now() + 30 * DAY)
    typed = {"name": "Ada Lovelace", "email": "ada@example.org", "display": "public", "text": 1}

    def send() -> int:
        headers = {"Origin": there}
        answer = signer.client.post(f"{url}signatures/", typed, content_type="application/json", headers=headers)
        return answer.status_code

    assert signer.get(url).json()["form"]["origins"] == []
    assert send() == 403
    assert not sealed.signatures.exists()
    Letter.objects.filter(pk=sealed.pk).update(named_at=NOW, version=F("version") + 1)
    texts._letter_in_second.cache_clear()
    assert signer.get(url).json()["form"]["origins"] == [there]
    assert send() == 202


def test_the_count_as_data_has_the_step_alone(sealed: Letter, tick: Clock, reader: Reader) -> None:
    sign_many(sealed, 12)
    tick(NOW + timedelta(minutes=1))
    count = reader.count(sealed)
    assert (count["published"], count["awaiting_confirmation"]) == (0, 0)
    assert (count["names_from"], count["signed_more_than"]) == (NEEDED, 10)
    assert "More than <b>10</b> people have signed with their names" in " ".join(reader.read(sealed).split())


def test_all_announcements_have_the_same_size_and_subject_and_name_nobody(sealed: Letter, tick: Clock) -> None:
    names = sign_many(sealed, NEEDED)
    tick(NOW + timedelta(minutes=1))
    messages = [message_of(outgoing) for outgoing in OutgoingEmail.objects.filter(kind="release")]
    assert len(messages) == NEEDED
    # The addresses of these people differ in length.
    sizes = {len(message.message().as_bytes(linesep="\r\n")) for message in messages}  # type: ignore[call-arg]
    assert len(sizes) == 1
    assert {message.subject for message in messages} == {"Enough people have signed: names will appear soon"}
    assert not [name for name in names for message in messages if name in str(message.body)]


def test_an_announcement_that_was_called_off_is_not_sent(sealed: Letter, tick: Clock) -> None:
    sign_many(sealed, NEEDED)
    tick(NOW + timedelta(minutes=1))
    Release.objects.filter(letter=sealed).update(due_at=None)
    OutgoingEmail.objects.filter(kind="release").update(next_attempt_at=NOW)
    deliver()
    assert not OutgoingEmail.objects.filter(kind="release", sent_at__isnull=False).exists()
    assert OutgoingEmail.objects.filter(kind="release", dropped_at__isnull=False).count() == NEEDED
