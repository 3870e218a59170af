"""An invited person can read, sign under a name of their choice, or decline. Nobody can do it for them."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from letters.models import Letter, OutgoingEmail, Signature, SignerContact, Switch, User
from letters.organizer.first_signatories.operations import cancel_invitations
from letters.organizer.letter_editor.operations import close_letter, publish_letter
from letters.shared.addresses import hash_address
from letters.shared.refused import Refused
from letters.signer.signing.operations import Changes, accept_invitation, decline_invitation
from letters.signer.signing.queries import texts_to_sign
from letters.templatetags.dates import long_date
from tests.conftest import LetterMaker
from tests.first_signatories.conftest import Inviter
from tests.people import FROM_OUR_PAGE, NOW, Reader, Response, Signer, deliver, publish, signature_of, turn, words

SEEN = 'name="seen" value="'


def seen_on(page: Response) -> str:
    text = page.content.decode()
    return text.split(SEEN)[1].split('"')[0]


def answer(signer: Signer, *, name: str = "Ada King", display: str = "public", **more: str) -> Response:
    """Open the link in the last email and sign there."""
    url = signer.mailed_link(purpose="invitation")
    fields = {"name": name, "display": display, "seen": seen_on(signer.get(url)), **more}
    return signer.client.post(url, fields, headers=FROM_OUR_PAGE, follow=True)


# The email


def test_the_email_says_who_invites_and_links_to_both_answers(before: Letter, invite: Inviter, signer: Signer) -> None:
    invite(before)
    text = signer.last_mail("ada@example.org")
    message = mail.outbox[0]
    assert isinstance(message, EmailMultiAlternatives)
    assert message.subject == "Will you be among the first to sign an open letter?"
    assert "Friends of the Night Train invites you" in text
    assert signer.mailed_link(purpose="invitation")
    decline = signer.mailed_link(purpose="decline")
    assert message.extra_headers["List-Unsubscribe"].endswith(f"{decline}>")
    # The email reveals neither what the list calls a person nor which member sent it.
    assert "Lovelace" not in text + str(message.alternatives)
    assert "Olga" not in text


def test_nobody_gets_a_fourth_email_on_one_day(draft: LetterMaker, invite: Inviter) -> None:
    for place in range(5):
        invite(draft(f"letter-{place}"))
    deliver()
    assert len(mail.outbox) == 3
    assert OutgoingEmail.objects.filter(dropped_at__isnull=False).count() == 2


def test_an_invitation_waits_while_bulk_email_is_off(before: Letter, invite: Inviter) -> None:
    turn(Switch.Name.SEND_BULK_MAIL, on=False)
    invite(before)
    deliver()
    assert mail.outbox == []
    turn(Switch.Name.SEND_BULK_MAIL, on=True)
    deliver()
    assert len(mail.outbox) == 1


# Before an answer


def test_an_invited_person_is_counted_nowhere_and_shown_nowhere(
    before: Letter, invite: Inviter, organizer: User, reader: Reader
) -> None:
    invite(before)
    publish_letter(before, by=organizer, now=timezone.now())
    publish()
    before.refresh_from_db()
    assert "Lovelace" not in reader.read(before) + reader.read(before, "signatures")
    assert reader.count(before) | {"published": 0, "awaiting_confirmation": 0} == reader.count(before)
    assert (before.signature_count, before.awaiting_confirmation) == (0, 0)


def test_only_the_link_shows_the_letter(before: Letter, invite: Inviter, signer: Signer, reader: Reader) -> None:
    invite(before)
    page = reader.get(signer.mailed_link(purpose="invitation"))
    assert page.status_code == 200
    assert b"Four <em>sleeper</em> lines" in page.content
    assert b'value="Ada Lovelace"' in page.content
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert reader.get(before.get_absolute_url()).status_code == 404
    assert reader.get(before.url_of("count")).status_code == 404


def test_opening_the_links_again_and_again_does_nothing(before: Letter, invite: Inviter, signer: Signer) -> None:
    invite(before)
    for purpose in ("invitation", "decline"):
        url = signer.mailed_link(purpose=purpose)
        for _ in range(5):
            assert signer.get(url).status_code == 200
            assert signer.client.head(url).status_code == 200
    assert signature_of(before).state == "invited"


def test_a_link_for_one_purpose_does_not_serve_another(before: Letter, invite: Inviter, signer: Signer) -> None:
    invite(before)
    token = signer.mailed_link(purpose="decline").split("/")[-2]
    assert signer.press(f"/signatures/invitation/{token}/").status_code == 404
    assert signature_of(before).state == "invited"


# Accepting


def test_an_invited_person_signs_under_the_name_that_they_type(before: Letter, invite: Inviter, signer: Signer) -> None:
    invite(before)
    page = answer(signer, name="Ada King", affiliation="Analytical Society")
    assert "Thank you for signing" in words(page)
    assert "We show your name when the letter is published" in words(page)
    signature = signature_of(before)
    assert (signature.state, signature.verified, signature.name) == ("confirmed", "link", "Ada King")
    assert signature.affiliation == "Analytical Society"
    assert signature.is_first
    assert signature.revision == before.current_revision
    assert b"Lovelace" not in page.content


def test_a_first_signatory_is_thanked_and_the_control_link_shows_the_letter(
    before: Letter, invite: Inviter, signer: Signer
) -> None:
    invite(before)
    answer(signer)
    manage = signer.mailed_link(purpose="manage")
    page = signer.get(manage)
    assert page.status_code == 200
    # The letter has no public address yet.
    assert before.get_absolute_url() not in signer.last_mail()
    back = page.content.decode().split('class="back"><a href="')[1].split('"')[0]
    assert signer.get(back).status_code == 200


def test_both_clicks_of_a_double_click_sign_once(before: Letter, invite: Inviter, signer: Signer) -> None:
    invite(before)
    answer(signer)
    signature = signature_of(before)
    changes = Changes(name="Someone Else", display="public")
    accept_invitation(signature, changes=changes, language="en", seen="", now=timezone.now())
    decline_invitation(signature, now=timezone.now())
    signature.refresh_from_db()
    assert (signature.name, signature.state) == ("Ada King", "confirmed")
    assert OutgoingEmail.objects.filter(kind="thanks").count() == 1


def test_first_signatories_are_listed_first_in_the_order_of_their_numbers(
    before: Letter, invite: Inviter, organizer: User, reader: Reader
) -> None:
    invite(before, "Ada <ada@example.org>\nBob <bob@example.org>\nEve <eve@example.org>")
    for email, name in [("eve@example.org", "Eve"), ("ada@example.org", "Ada")]:
        signer = Signer()
        url = signer.mailed_link(email, purpose="invitation")
        fields = {"name": name, "display": "public", "seen": seen_on(signer.get(url))}
        signer.client.post(url, fields, headers=FROM_OUR_PAGE)
        publish()
    publish_letter(before, by=organizer, now=timezone.now())
    other = Signer()
    other.sign(before, name="Zoe Other", email="zoe@example.org")
    other.confirm("zoe@example.org")
    publish()
    page = words(reader.get(before.get_absolute_url()))
    first = page.split("First signatories")[1].split("Sign this letter")[0]
    # In the order of signing, not of the list.
    assert first.strip().startswith("1 Eve 2 Ada and 1 other 3 Zoe Other See all 3 signatures")
    assert "Bob" not in page
    assert words(reader.get(before.url_of("signatures"))).count("first signatory") == 2


def test_an_invited_person_signs_in_the_language_that_they_read(
    before: Letter, invite: Inviter, signer: Signer
) -> None:
    invite(before)
    url = f"{signer.mailed_link(purpose='invitation')}?language=it"
    page = signer.get(url)
    assert "Quattro linee" in words(page)
    fields = {"name": "Ada", "display": "public", "seen": seen_on(page)}
    signer.client.post(url, fields, headers=FROM_OUR_PAGE)
    assert (signature_of(before).state, signature_of(before).language) == ("confirmed", "it")
    assert signer.get(url.replace("=it", "=xx")).status_code == 200


def test_an_invitation_can_still_be_answered_when_the_letter_is_open(
    before: Letter, invite: Inviter, organizer: User, signer: Signer
) -> None:
    invite(before)
    deliver()
    publish_letter(before, by=organizer, now=timezone.now())
    assert before.get_absolute_url() in answer(signer).content.decode()
    publish()
    assert "First signatories 1 Ada King" in words(signer.get(before.get_absolute_url()))


@pytest.mark.parametrize("display", ["organizers", "nobody"])
def test_an_invited_person_can_sign_without_being_named(
    before: Letter, invite: Inviter, organizer: User, signer: Signer, display: str
) -> None:
    invite(before)
    answer(signer, display=display)
    publish_letter(before, by=organizer, now=timezone.now())
    publish()
    page = words(signer.get(before.get_absolute_url()))
    assert "First signatories 1 name withheld" in page
    assert "Ada" not in page
    assert signature_of(before).name == ("Ada King" if display == "organizers" else "")
    assert SignerContact.objects.exists() == (display == "organizers")


def test_the_text_that_first_signatories_sign_is_the_published_one(
    published: LetterMaker, invite: Inviter, signer: Signer
) -> None:
    letter = published(opens_at=timezone.now() + timedelta(days=3))
    invite(letter)
    signature = signature_of(letter)
    changes = Changes(name="Ada", display="public")
    with pytest.raises(Refused, match="text_changed"):
        accept_invitation(signature, changes=changes, language="en", seen="another", now=timezone.now())
    page = signer.client.post(
        signer.mailed_link(purpose="invitation"),
        {"name": "Ada", "display": "public", "seen": "another"},
        headers=FROM_OUR_PAGE,
    )
    assert page.status_code == 409
    assert "The text has changed since you opened it, so we did not record your signature." in words(page)
    assert signature_of(letter).state == "invited"


def test_first_signatories_are_reviewed_if_the_letter_is(draft: LetterMaker, invite: Inviter, signer: Signer) -> None:
    letter = draft(reviewed=True)
    invite(letter)
    answer(signer)
    assert signature_of(letter).state == "held"


def test_a_form_with_a_mistake_comes_back_with_what_was_typed(before: Letter, invite: Inviter, signer: Signer) -> None:
    invite(before)
    page = answer(signer, name="", affiliation="Analytical Society")
    assert page.status_code == 422
    assert b'value="Analytical Society"' in page.content
    assert signature_of(before).state == "invited"


def test_another_site_cannot_accept_for_an_invited_person(before: Letter, invite: Inviter, signer: Signer) -> None:
    invite(before)
    url = signer.mailed_link(purpose="invitation")
    fields = {"name": "Ada", "display": "public", "seen": seen_on(signer.get(url))}
    assert signer.client.post(url, fields, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert signature_of(before).state == "invited"


@pytest.mark.parametrize("moment", ["late", "closed", "paused"])
def test_an_invitation_that_comes_too_late_signs_nothing(
    published: LetterMaker, invite: Inviter, organizer: User, moment: str
) -> None:
    letter, now = published(opens_at=NOW + timedelta(hours=1)), NOW
    invite(letter, now=NOW)
    signature = signature_of(letter)
    if moment == "late":
        now = NOW + timedelta(days=14, seconds=1)
    elif moment == "closed":
        close_letter(letter, by=organizer, now=NOW)
        now = NOW + timedelta(days=2)
    else:
        turn(Switch.Name.TAKE_SIGNATURES, on=False)
    seen, changes = texts_to_sign(signature)["en"].version, Changes(name="Ada", display="public")
    with pytest.raises(Refused):
        accept_invitation(signature, changes=changes, language="en", seen=seen, now=now)
    assert signature_of(letter).state == "invited"


def test_an_address_outside_the_letters_domains_cannot_sign(before: Letter, invite: Inviter, signer: Signer) -> None:
    invite(before)
    Letter.objects.update(domains=["university.example"])
    assert "only with an email address at certain domains" in words(answer(signer))
    assert signature_of(before).state == "invited"


# Declining


def test_a_person_who_declines_is_forgotten_and_not_asked_again(
    before: Letter, invite: Inviter, signer: Signer
) -> None:
    invite(before)
    url = signer.mailed_link(purpose="decline")
    assert "If you said no, we have deleted your address" in words(signer.press(url))
    signature = signature_of(before)
    assert (signature.state, signature.name) == ("declined", "")
    assert not SignerContact.objects.exists()
    assert invite(before) == 0
    assert "Four sleeper" not in words(signer.get(signer.mailed_link(purpose="invitation")))
    # A second click, and the mail program's own button.
    assert signer.client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 303
    assert signature_of(before).state == "declined"


def test_the_button_of_a_mail_program_also_declines_while_the_site_is_maintained(
    before: Letter, invite: Inviter, signer: Signer
) -> None:
    """It is pressed once, and the person believes that it worked."""
    invite(before)
    url = signer.mailed_link(purpose="decline")
    turn(Switch.Name.MAINTENANCE, on=True)
    assert signer.client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 303
    assert signature_of(before).state == "declined"


def test_a_person_who_declined_can_still_sign_when_the_letter_is_open(
    before: Letter, invite: Inviter, organizer: User, signer: Signer
) -> None:
    invite(before)
    signer.press(signer.mailed_link(purpose="decline"))
    publish_letter(before, by=organizer, now=timezone.now())
    signer.sign(before, name="Ada King")
    signer.confirm("ada@example.org")
    publish()
    signature = signature_of(before)
    assert (signature.state, signature.name, signature.is_first) == ("published", "Ada King", False)


# Signing with the form instead


def test_an_invited_person_who_signs_with_the_form_is_one_signature(
    before: Letter, invite: Inviter, organizer: User, signer: Signer
) -> None:
    invite(before)
    invitation = signer.mailed_link(purpose="invitation")
    publish_letter(before, by=organizer, now=timezone.now())
    signer.sign(before, name="Ada King")
    signature = signature_of(before)
    assert (signature.state, signature.name) == ("pending", "Ada King")
    assert [*OutgoingEmail.objects.filter(kind__in=["confirm", "signed_again"]).values_list("kind", flat=True)] == [
        "confirm"
    ]
    assert "This link has been used" in words(signer.get(invitation))
    signer.confirm("ada@example.org")
    publish()
    assert "First signatories 1 Ada King" in words(signer.get(before.get_absolute_url()))


def test_the_form_reveals_nothing_about_an_invited_address(before: Letter, invite: Inviter, organizer: User) -> None:
    invite(before)
    publish_letter(before, by=organizer, now=timezone.now())
    known, unknown = Signer().sign(before), Signer().sign(before, email="eve@example.org")
    assert (known.status_code, len(known.url)) == (unknown.status_code, len(unknown.url))  # type: ignore[attr-defined]
    assert words(Signer().get(known.url)) == words(Signer().get(unknown.url))  # type: ignore[attr-defined]


def test_a_withdrawn_invitation_shows_no_letter(
    before: Letter, invite: Inviter, organizer: User, signer: Signer
) -> None:
    invite(before)
    url = signer.mailed_link(purpose="invitation")
    cancel_invitations(before, by=organizer, now=timezone.now())
    page = words(signer.get(url))
    assert "This link has been used" in page
    assert "night trains" not in page.lower()
    assert Signature.objects.get(address_hash=hash_address("ada@example.org")).name == ""


def test_the_history_begins_when_everyone_could_read_the_letter(
    before: Letter, invite: Inviter, organizer: User, reader: Reader
) -> None:
    """The history must not begin when first signatories could sign: that would reveal invitations and their time."""
    invite(before, "ada@example.org")
    then = timezone.now() + timedelta(days=5)
    publish_letter(before, by=organizer, now=then)
    history = words(reader.get(f"/letters/{before.slug}/history/"))
    assert long_date(then) in history
    assert long_date(timezone.now()) not in history
