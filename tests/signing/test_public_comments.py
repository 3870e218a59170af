"""Why people sign: public only where the form said so before it was sent, and only beside a public name."""

import csv
import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from letters.models import CommentHiding, Doubt, Letter, Signature, User
from letters.moderator.moderation.operations import accept_signatures, hide_comments, show_comments
from letters.moderator.signals.reasons import Reason
from letters.organizer.letter_editor.operations import set_up_letter
from letters.shared.refused import Refused
from tests.conftest import LetterMaker
from tests.live_signals.conftest import run_sequencer
from tests.moderation.conftest import handle_of
from tests.people import NOW, Reader, Signer, add_confirmed, browser_of, publish, sign_and_confirm, signature_of, words
from tests.signing.test_manage import act, control_link

pytestmark = pytest.mark.django_db

COMMENT = "My mother takes this train."
EVERYONE = "everyone"
FOR_EVERYONE = "Everyone can read this beside your name."
FOR_ORGANIZERS = "Only the organizers and the moderators can read this."


@pytest.fixture
def asking(published: LetterMaker) -> Letter:
    """A letter that asks why people sign, for the organizers alone."""
    return published(ask_comment="optional")


@pytest.fixture
def publishing(published: LetterMaker) -> Letter:
    """A letter that shows why people sign."""
    return published(ask_comment="optional", comments_public=True)


def switch(letter: Letter, organizer: User, *, on: bool) -> None:
    set_up_letter(letter, values={"comments_public": on}, by=organizer, now=NOW)


def signed(letter: Letter, **entered: Any) -> Signature:
    signature = sign_and_confirm(letter, comment=COMMENT, **entered)
    publish()
    signature.refresh_from_db()
    return signature


def told(letter: Letter, signer: Signer) -> dict[str, str]:
    """Return what the form on the letter's page sends along with the comment."""
    page = signer.read(letter)
    return {"comment_for": EVERYONE} if f'name="comment_for" value="{EVERYONE}"' in page else {}


def listed(letter: Letter) -> str:
    """Return the public list as a page and as files."""
    return Reader().read(letter, "signatures") + whole_csv(letter) + whole_json(letter)


def whole_csv(letter: Letter) -> str:
    return Reader().get(letter.url_of("signatures_csv")).getvalue().decode("utf-8-sig")


def whole_json(letter: Letter) -> str:
    return Reader().get(letter.url_of("all_signatures_json")).getvalue().decode()


# The signer is told who reads the comment, and it stays so.


def test_comments_are_for_the_organizers_unless_they_choose_otherwise(asking: Letter, signer: Signer) -> None:
    assert FOR_ORGANIZERS in signer.read(asking)
    assert told(asking, signer) == {}
    signed(asking)
    assert COMMENT not in listed(asking)


def test_a_public_comment_stands_beside_the_name(publishing: Letter, signer: Signer) -> None:
    assert FOR_EVERYONE in signer.read(publishing)
    signer.sign(publishing, comment=COMMENT, **told(publishing, signer))
    confirmation = words(signer.get(signer.mailed_link()))
    assert COMMENT in confirmation
    assert "Everyone can read this." in confirmation
    signer.confirm()
    publish()
    assert f'<q class="comment" dir="auto">{COMMENT}</q>' in signer.read(publishing, "signatures")
    (row,) = list(csv.DictReader(io.StringIO(whole_csv(publishing))))
    assert (row["name"], row["comment"]) == ("Ada Lovelace", COMMENT)


def test_switching_it_on_publishes_nothing_that_was_written_before(
    asking: Letter, signer: Signer, organizer: User
) -> None:
    signed(asking)
    version = Letter.objects.get().version
    switch(asking, organizer, on=True)
    assert COMMENT not in listed(asking)
    assert Letter.objects.get().version > version


def test_switching_it_off_hides_comments_on_every_page_at_once(publishing: Letter, organizer: User) -> None:
    signed(publishing, comment_for=EVERYONE)
    assert listed(publishing).count(COMMENT) == 3
    switch(publishing, organizer, on=False)
    assert COMMENT not in listed(publishing)


def test_a_form_that_was_opened_before_the_switch_keeps_its_promise(
    asking: Letter, signer: Signer, organizer: User
) -> None:
    as_told = told(asking, signer)
    switch(asking, organizer, on=True)
    signer.sign(asking, comment=COMMENT, **as_told)
    signer.confirm()
    publish()
    assert signature_of(asking).comment_for == ""
    assert COMMENT not in listed(asking)


def test_a_form_that_comes_back_says_the_same_again(asking: Letter, signer: Signer, organizer: User) -> None:
    switch(asking, organizer, on=True)
    again = signer.sign(asking, name="", comment=COMMENT).content.decode()
    assert FOR_ORGANIZERS in again
    assert "comment_for" not in again


def test_a_comment_that_was_sent_while_it_was_off_is_never_public(
    publishing: Letter, signer: Signer, organizer: User
) -> None:
    as_told = told(publishing, signer)
    switch(publishing, organizer, on=False)
    signer.sign(publishing, comment=COMMENT, **as_told)
    signer.confirm()
    publish()
    switch(publishing, organizer, on=True)
    assert COMMENT not in listed(publishing)


# Only beside a public name


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_a_withheld_name_has_no_public_comment(publishing: Letter, display: str) -> None:
    name = "" if display == "nobody" else "Ada Lovelace"
    signature = signed(publishing, display=display, name=name, comment_for=EVERYONE)
    assert COMMENT not in listed(publishing)
    assert signature.comment_for == ""


def test_publishing_the_name_later_publishes_no_comment(publishing: Letter, signer: Signer) -> None:
    signature = signed(publishing, display="organizers", comment_for=EVERYONE)
    fields = {"name": "Ada Lovelace", "comment": COMMENT, "display": "public"}
    assert act(signer, control_link(signature), "save", **fields) == 303
    assert COMMENT not in listed(publishing)


def test_the_most_private_choice_counts_for_the_comment_too(publishing: Letter, signer: Signer) -> None:
    signer.sign(publishing, display="organizers")
    signer.sign(publishing, comment=COMMENT, comment_for=EVERYONE)
    signer.confirm()
    publish()
    assert signature_of(publishing).display == "organizers"
    assert COMMENT not in listed(publishing)


# Signers decide later


def test_a_signer_can_agree_later(asking: Letter, signer: Signer, organizer: User) -> None:
    signature = signed(asking)
    switch(asking, organizer, on=True)
    page = words(signer.get(control_link(signature)))
    assert "Show everyone why I sign, beside my name" in page
    assert COMMENT not in listed(asking)
    act(
        signer,
        control_link(signature),
        "save",
        name="Ada Lovelace",
        comment=COMMENT,
        display="public",
        comment_for="on",
    )
    assert listed(asking).count(COMMENT) == 3


def test_a_signer_can_take_it_back_or_write_something_else(publishing: Letter, signer: Signer) -> None:
    signature = signed(publishing, comment_for=EVERYONE)
    link, keep = control_link(signature), {"name": "Ada Lovelace", "display": "public"}
    act(signer, link, "save", **keep, comment="I travel at night.", comment_for="on")
    assert "I travel at night." in listed(publishing)
    assert COMMENT not in listed(publishing)
    act(signer, link, "save", **keep, comment="I travel at night.")
    assert "I travel at night." not in listed(publishing)
    act(signer, link, "save", **keep, comment="", comment_for="on")
    signature.refresh_from_db()
    assert (signature.comment, signature.comment_for) == ("", "")


def test_what_is_saved_while_it_is_off_stays_for_the_organizers(
    publishing: Letter, signer: Signer, organizer: User
) -> None:
    signature = signed(publishing, comment_for=EVERYONE)
    switch(publishing, organizer, on=False)
    page = words(signer.get(control_link(signature)))
    assert FOR_ORGANIZERS in page
    act(signer, control_link(signature), "save", name="Ada Lovelace", comment=COMMENT, display="public")
    switch(publishing, organizer, on=True)
    assert COMMENT not in listed(publishing)


def test_on_a_reviewed_letter_a_moderator_decides_whether_a_comment_becomes_public(
    published: LetterMaker, signer: Signer, organizer: User
) -> None:
    letter = published(ask_comment="optional", comments_public=True, reviewed=True)
    signature = signed(letter)
    accept_signatures(letter, [signature.pk], by=organizer, now=NOW)
    publish()
    act(
        signer,
        control_link(signature),
        "save",
        name="Ada Lovelace",
        comment=COMMENT,
        display="public",
        comment_for="on",
    )
    assert COMMENT not in listed(letter)
    desk = browser_of(organizer)
    assert "Who can read why they sign the organizers everyone" in words(desk.get("/moderate/"))
    accept_signatures(letter, [signature.pk], by=organizer, now=NOW)
    assert COMMENT in listed(letter)


def test_withdrawing_takes_the_comment_away(publishing: Letter, signer: Signer) -> None:
    signature = signed(publishing, comment_for=EVERYONE)
    act(signer, control_link(signature), "withdraw")
    assert COMMENT not in listed(publishing)
    signature.refresh_from_db()
    assert (signature.comment, signature.comment_for) == ("", "")


# Plain text, and no query for each row


def test_a_comment_is_plain_text(publishing: Letter) -> None:
    text = "<b>See</b> https://advert.example now"
    sign_and_confirm(publishing, comment=text, comment_for=EVERYONE)
    publish()
    Signature.objects.update(state="published")
    page = Reader().read(publishing, "signatures")
    assert "&lt;b&gt;See&lt;/b&gt; https://advert.example now" in page
    assert 'href="https://advert.example' not in page


def test_the_list_asks_no_more_with_comments(publishing: Letter, organizer: User) -> None:
    add_confirmed(publishing, 60, comment=COMMENT, comment_for=EVERYONE)
    publish()
    with CaptureQueriesContext(connection) as shown:
        assert Reader().read(publishing, "signatures").count(COMMENT) == 60
    switch(publishing, organizer, on=False)
    with CaptureQueriesContext(connection) as hidden:
        assert COMMENT not in Reader().read(publishing, "signatures")
    assert len(shown) == len(hidden)


# Moderators


def test_a_moderator_hides_a_comment_and_the_signature_stays(
    publishing: Letter, signer: Signer, moderator: User
) -> None:
    signature = signed(publishing, comment_for=EVERYONE)
    version = Letter.objects.get().version
    why: dict[str, Any] = {"reason": "", "code": "abuse"}
    assert hide_comments(publishing, [signature.pk], **why, by=moderator, now=NOW) == 1
    assert COMMENT not in listed(publishing)
    assert "Ada Lovelace" in listed(publishing)
    assert Letter.objects.get().version > version
    page = words(signer.get(control_link(signature)))
    assert "A moderator has hidden why you sign. The public cannot read it." in page
    assert "It contains an insult or an advertisement." in page
    stored = json.loads(signer.get(f"{control_link(signature)}data.json").content)
    assert stored["comment_is_hidden_because"] == "It contains an insult or an advertisement."
    assert show_comments(publishing, [signature.pk], by=moderator, now=NOW) == 1
    assert COMMENT in listed(publishing)
    hiding = CommentHiding.objects.get()
    assert (hiding.hidden_by, hiding.shown_by, hiding.reason) == (moderator, moderator, "abuse")


def test_hiding_needs_a_reason_and_a_moderator(publishing: Letter, moderator: User, stranger: User) -> None:
    signature = signed(publishing, comment_for=EVERYONE)
    for by, reason in [(moderator, ""), (stranger, "Spam")]:
        with pytest.raises(Refused):
            hide_comments(publishing, [signature.pk], reason=reason, by=by, now=NOW)
    with pytest.raises(Refused):
        show_comments(publishing, [signature.pk], by=stranger, now=NOW)
    assert COMMENT in listed(publishing)


def test_what_a_signer_writes_after_that_is_not_public_either(
    publishing: Letter, signer: Signer, moderator: User
) -> None:
    signature = signed(publishing, comment_for=EVERYONE)
    hide_comments(publishing, [signature.pk], reason="Spam", by=moderator, now=NOW)
    fields = {"name": "Ada Lovelace", "comment": "Something else.", "display": "public", "comment_for": "on"}
    act(signer, control_link(signature), "save", **fields)
    signature.refresh_from_db()
    assert (signature.concern, signature.pending_changes) == ("changed", {"comment": "Something else."})
    accept_signatures(publishing, [signature.pk], by=moderator, now=NOW)
    assert "Something else." not in listed(publishing)
    show_comments(publishing, [signature.pk], by=moderator, now=NOW)
    assert "Something else." in listed(publishing)


@pytest.mark.parametrize("page", ["queue", "list"])
def test_moderators_hide_and_show_it_by_a_plain_form(publishing: Letter, moderator: User, page: str) -> None:
    signature = signed(publishing, comment_for=EVERYONE)
    Signature.objects.update(concern="bounced")
    desk = browser_of(moderator)
    url = "/moderate/" if page == "queue" else "/moderate/night-trains/published/"
    assert "Everyone reads the comment" in words(desk.get(url))
    for verb, said in [("hide", "The comment is hidden"), ("show", "Everyone reads the comment")]:
        if page == "queue":
            item = desk.get(url).content.decode().partition('name="item" value="')[2].partition('"')[0]
            answer = desk.post("/moderate/decide/", {"item": item, verb: "abuse"}, follow=True)
        else:
            handle = handle_of(signature)
            answer = desk.post(url, {verb: handle, f"reason-{handle}": "Insult or advertisement"}, follow=True)
        assert said in words(answer)
    assert CommentHiding.objects.get().because is not None
    signature.refresh_from_db()
    assert signature.state == "published"


def test_what_everyone_reads_is_checked_as_other_words_are(publishing: Letter) -> None:
    advert = sign_and_confirm(publishing, comment="Buy cheap pills at https://pills.example", comment_for=EVERYONE)
    run_sequencer()
    assert Reason.LINK_IN_WORDS in Doubt.objects.get(pk=advert.pk).reasons


def test_organizers_choose_on_the_page_of_the_form(asking: Letter, organizer: User) -> None:
    desk = browser_of(organizer)
    page = desk.get("/organize/letters/night-trains/settings/")
    assert "Show why people sign beside their names" in words(page)
    choices = {"displays": ["public"], "ask_comment": "optional", "comments_public": "on"}
    others = {f"ask_{field}": "off" for field in ("affiliation", "role", "country")}
    assert desk.post("/organize/letters/night-trains/settings/", {**choices, **others}).status_code == 302
    asking.refresh_from_db()
    assert asking.comments_public
