"""A signature counts once its signer has pressed the button, and nothing else presses it."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
import redis
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from letters.models import Letter, Signature, SignerContact
from letters.models.letter import GRACE_AFTER_CLOSING
from letters.shared.refused import Refused
from letters.shared.tokens import make_token, read_token
from letters.signer.signing.operations import confirm_signature, withdraw_signature
from letters.signer.signing.queries import is_expired
from petition.logs import SafeFormatter
from tests.conftest import LetterMaker
from tests.people import NOW, Signer, deliver, in_threads, publish, sign, sign_and_confirm, signature_of, words

BUTTON = "Yes, I sign this letter"
LINK = Signature.Verified.LINK


def confirm_url(signature: Signature, *, now: datetime | None = None, purpose: str = "confirm") -> str:
    token = make_token(purpose, signature_id=signature.pk, salt=signature.salt, now=now or timezone.now())
    return f"/signatures/confirm/{token}/"


def state(signature: Signature) -> str:
    signature.refresh_from_db()
    return signature.state


# The steps of one signer


def test_the_link_shows_a_button_and_the_button_confirms(letter: Letter, signer: Signer) -> None:
    signer.sign(letter)
    link = signer.mailed_link("ada@example.org")
    assert BUTTON in words(signer.get(link))
    assert "Thank you for signing" in words(signer.press(link))
    signature = signature_of(letter)
    assert (signature.state, signature.verified) == ("confirmed", "link")
    assert signature.confirmed_at


def test_the_button_leads_to_a_page_that_can_be_loaded_again(letter: Letter, signer: Signer) -> None:
    answer = signer.client.post(confirm_url(sign(letter)))
    assert answer.status_code == 303
    assert signer.get(answer.headers["Location"]).status_code == 200


def test_the_page_says_under_which_name_the_person_signs(letter: Letter, signer: Signer) -> None:
    answer = signer.get(confirm_url(sign(letter, name="<i>Ada</i>", affiliation="Society & Sons")))
    assert "You sign as <i>Ada</i> , Society & Sons . Everyone can see this." in words(answer)
    assert "<i>Ada</i>" not in answer.content.decode()


@pytest.mark.parametrize(
    ("display", "sentence"),
    [
        ("organizers", "Only the organizers see this. The public sees “name withheld”."),
        ("nobody", "You sign without a name. You are counted, and nobody can see that it was you."),
    ],
)
def test_the_page_says_who_will_see_the_name(letter: Letter, signer: Signer, display: str, sentence: str) -> None:
    assert sentence in words(signer.get(confirm_url(sign(letter, display=display))))


def test_the_control_page_shows_the_number_once_there_is_one(letter: Letter, signer: Signer) -> None:
    signer.press(confirm_url(sign(letter)))
    page = signer.mailed_link(purpose="manage")
    assert "No. 1" not in words(signer.get(page))
    publish()
    assert "No. 1" in words(signer.get(page))


def test_the_page_is_in_the_language_in_which_the_person_signed(letter: Letter, signer: Signer) -> None:
    signer.sign(letter, language="it")
    answer = signer.get(signer.mailed_link())
    assert '<html lang="it"' in answer.content.decode()
    assert "Lasciate correre i treni notturni" in words(answer)
    assert BUTTON not in words(answer)


def test_the_page_of_a_reviewed_letter_says_that_a_moderator_decides_next(
    published: LetterMaker, signer: Signer
) -> None:
    signature = sign(published(reviewed=True))
    asks = words(signer.get(confirm_url(signature)))
    assert "Everyone can see this once a moderator has reviewed it." in asks
    assert "Everyone can see this." not in asks
    assert "A moderator reviews each signature on this letter" in words(signer.press(confirm_url(signature)))
    assert state(signature) == "held"


# Nothing else presses the button


def test_opening_the_link_a_hundred_times_changes_nothing(letter: Letter, signer: Signer) -> None:
    signature = sign(letter)
    url = confirm_url(signature)
    before = Signature.objects.values().get(pk=signature.pk)
    for _ in range(50):
        assert signer.get(url).status_code == 200
        assert signer.client.head(url).status_code == 200
    assert Signature.objects.values().get(pk=signature.pk) == before


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}],
)
def test_another_site_cannot_press_the_button(letter: Letter, signer: Signer, headers: dict[str, str]) -> None:
    signature = sign(letter)
    assert signer.client.post(confirm_url(signature), headers=headers).status_code == 403
    assert state(signature) == "pending"


def test_the_page_sends_origin_null_and_its_button_works(letter: Letter, signer: Signer) -> None:
    """`Referrer-Policy: no-referrer` makes browsers do that."""
    signature = sign(letter)
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    assert signer.client.post(confirm_url(signature), headers=headers).status_code == 303
    assert state(signature) == "confirmed"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_a_405_and_changes_nothing(letter: Letter, signer: Signer, method: str) -> None:
    signature = sign(letter)
    assert signer.client.generic(method, confirm_url(signature)).status_code == 405
    assert state(signature) == "pending"


def test_no_cache_keeps_the_page_and_no_site_learns_its_address(letter: Letter, signer: Signer) -> None:
    url = confirm_url(sign(letter))
    for answer in [signer.get(url), signer.client.post(url), signer.get(url), signer.get("/signatures/confirm/x/")]:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "Set-Cookie" not in answer.headers


# Twice


def test_confirming_twice_is_harmless(letter: Letter, signer: Signer, mailoutbox: list[EmailMessage]) -> None:
    signature = sign(letter)
    url = confirm_url(signature)
    first = signer.press(url)
    before = Signature.objects.values().get(pk=signature.pk)
    assert words(signer.press(url)) == words(first)
    assert Signature.objects.values().get(pk=signature.pk) == before
    publish()
    assert words(signer.press(url)) == words(first)
    assert state(signature) == "published"
    deliver()
    assert [str(mail.subject) for mail in mailoutbox] == ["Your signature is confirmed. Thank you."]


@pytest.mark.django_db(transaction=True)
def test_confirming_at_once_in_many_windows_confirms_once(letter: Letter) -> None:
    signature = sign(letter)
    url = confirm_url(signature)
    assert set(in_threads(lambda _: Signer().client.post(url).status_code, range(16), threads=8)) == {303}
    publish()
    letter.refresh_from_db()
    assert (letter.signature_count, letter.last_number) == (1, 1)


def test_the_link_does_nothing_after_a_withdrawal(letter: Letter, signer: Signer) -> None:
    signature = sign_and_confirm(letter)
    url = confirm_url(signature)
    withdraw_signature(signature, now=NOW)
    assert "This link has been used" in words(signer.get(url))
    assert "This link has been used" in words(signer.press(url))
    assert state(signature) == "withdrawn"


def test_a_confirmed_signature_stays_when_its_letter_closes(letter: Letter, signer: Signer) -> None:
    signature = sign_and_confirm(letter)
    Letter.objects.update(status="withdrawn")
    assert signer.press(confirm_url(signature)).status_code == 200
    assert state(signature) == "confirmed"


# Invalid links


def cut(url: str) -> str:
    return url[:-9] + "/"


def lengthened(url: str) -> str:
    return url[:-1] + "A/"


def changed(url: str) -> str:
    return url[:25] + ("A" if url[25] != "A" else "B") + url[26:]


def in_lower_case(url: str) -> str:
    return url.lower()


def with_a_line_break(url: str) -> str:
    return url[:30] + "%0A" + url[30:]


def with_a_space(url: str) -> str:
    return url[:30] + "%20" + url[30:]


def with_a_nul(url: str) -> str:
    return url[:30] + "%00" + url[31:]


def with_damage(url: str) -> str:
    return url[:30] + "%FF" + url[31:]


@pytest.mark.parametrize(
    "spoil", [cut, lengthened, changed, in_lower_case, with_a_line_break, with_a_space, with_a_nul, with_damage]
)
def test_a_spoiled_link_gets_a_page_that_helps(letter: Letter, signer: Signer, spoil: Callable[[str], str]) -> None:
    signature = sign(letter)
    url = spoil(confirm_url(signature))
    for answer in (signer.get(url), signer.client.post(url)):
        assert answer.status_code == 404
        assert "This link does not work" in words(answer)
        assert "sign again with the same address. You get a new email" in words(answer)
    assert state(signature) == "pending"


@pytest.mark.parametrize("purpose", ["check", "not-me", "manage", ""])
def test_a_link_for_something_else_does_not_confirm(letter: Letter, signer: Signer, purpose: str) -> None:
    signature = sign(letter)
    assert signer.client.post(confirm_url(signature, purpose=purpose)).status_code == 404
    assert state(signature) == "pending"


def test_a_new_salt_ends_every_link(letter: Letter, signer: Signer) -> None:
    signature = sign(letter)
    url = confirm_url(signature)
    Signature.objects.update(salt=b"87654321")
    assert signer.client.post(url).status_code == 404
    assert state(signature) == "pending"


def test_a_link_to_a_signature_that_is_gone_helps(letter: Letter, signer: Signer) -> None:
    signature = sign(letter)
    url = confirm_url(signature)
    Signature.objects.all().delete()
    assert signer.get(url).status_code == 404


def test_the_page_of_an_expired_link_says_how_to_get_a_new_one(letter: Letter, signer: Signer) -> None:
    signature = sign(letter)
    url = confirm_url(signature, now=timezone.now() - timedelta(days=14, minutes=1))
    for answer in (signer.get(url), signer.client.post(url)):
        assert answer.status_code == 410
        assert "This link has expired" in words(answer)
        assert f'href="{letter.get_absolute_url()}#sign"' in answer.content.decode()
    assert state(signature) == "pending"


@pytest.mark.parametrize(("age", "expired"), [(0, False), (14 * 86400, False), (14 * 86400 + 1, True)])
def test_a_link_is_valid_for_fourteen_days(age: int, expired: bool) -> None:
    token = read_token("confirm", make_token("confirm", signature_id=1, salt=bytes(8), now=NOW))
    assert token
    assert is_expired(token, NOW + timedelta(seconds=age)) == expired


def test_an_old_link_to_a_confirmed_signature_counts_as_used(letter: Letter, signer: Signer) -> None:
    signature = sign_and_confirm(letter)
    url = confirm_url(signature, now=timezone.now() - timedelta(days=400))
    assert "This link has been used" in words(signer.get(url))


# A letter that closes before the confirmation


@pytest.mark.parametrize(
    ("late", "taken"),
    [
        (timedelta(seconds=-1), True),
        (timedelta(0), True),
        (GRACE_AFTER_CLOSING - timedelta(seconds=1), True),
        (GRACE_AFTER_CLOSING, False),
        (timedelta(days=30), False),
    ],
)
@pytest.mark.parametrize("how", ["by the clock", "by hand", "by hand after its date"])
def test_a_person_who_signed_in_time_has_a_day_to_confirm(
    letter: Letter, late: timedelta, taken: bool, how: str
) -> None:
    signature = sign(letter)
    closing = NOW + timedelta(hours=5)
    if how == "by hand":
        Letter.objects.update(status="closed", closed_at=closing)
    elif how == "by hand after its date":
        Letter.objects.update(status="closed", closes_at=closing, closed_at=closing + timedelta(days=7))
    else:
        Letter.objects.update(closes_at=closing)
    signature = Signature.objects.select_related("letter").get()
    if taken:
        confirm_signature(signature, verified=LINK, now=closing + late)
    else:
        with pytest.raises(Refused, match="letter_closed"):
            confirm_signature(signature, verified=LINK, now=closing + late)
    assert state(signature) == ("confirmed" if taken else "pending")


def test_a_withdrawn_letter_accepts_no_confirmation(letter: Letter, signer: Signer) -> None:
    signature = sign(letter)
    Letter.objects.update(status="withdrawn")
    answer = signer.press(confirm_url(signature))
    assert answer.status_code == 409
    assert "The people who published it have withdrawn it." in words(answer)
    assert state(signature) == "pending"


def test_a_person_who_confirms_too_late_is_told_so(letter: Letter, signer: Signer) -> None:
    signature = sign(letter)
    Letter.objects.update(status="closed", closed_at=timezone.now() - timedelta(hours=25))
    for answer in (signer.get(confirm_url(signature)), signer.press(confirm_url(signature))):
        assert answer.status_code == 409
        assert "It closed before you confirmed." in words(answer)
    assert state(signature) == "pending"


# Stored data


def test_the_address_of_a_nameless_signer_is_deleted_at_the_confirmation(letter: Letter) -> None:
    signature = sign(letter, display="nobody", name="")
    assert SignerContact.objects.count() == 1
    confirm_signature(signature, verified=LINK, now=NOW)
    assert SignerContact.objects.count() == 0
    assert signature_of(letter) == signature


@pytest.mark.parametrize("display", ["public", "organizers"])
def test_the_address_of_any_other_signer_is_kept(letter: Letter, display: str) -> None:
    sign_and_confirm(letter, display=display)
    assert SignerContact.objects.count() == 1


def test_the_public_reads_that_a_name_is_withheld(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter, "a@example.org", display="organizers", name="Secret Ada", affiliation="Secret Society")
    sign_and_confirm(letter, "b@example.org", display="nobody", name="Secret Eve")
    publish()
    for page in ("letter", "signatures"):
        answer = signer.get(letter.url_of(page))
        assert "2 name withheld 1 name withheld" in words(answer)
        assert "Secret" not in answer.content.decode()


def test_the_sequencer_is_woken_once_however_many_confirm(
    letter: Letter, valkey: "redis.Redis", django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for number in range(10):
        with django_capture_on_commit_callbacks(execute=True):
            sign_and_confirm(letter, f"signer{number}@example.org")
    assert valkey.exists(f"wakeup:letters.sequence:{letter.pk}")
    assert valkey.zcard("unacked_index") + valkey.llen("publishing") == 1


def test_no_log_holds_a_token_or_an_address(letter: Letter, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    (handler,) = [handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, SafeFormatter)]
    written = StringIO()
    monkeypatch.setattr(handler, "stream", written)
    signer.sign(letter, email="ada@")
    signer.sign(letter)
    link = signer.mailed_link()
    for url in (link, cut(link), changed(link)):
        signer.get(url)
        signer.client.post(url, headers={"Origin": "https://evil.example"})
        signer.client.delete(url)
    signer.press(link)
    logging.getLogger("django.request").error("Sent %s to %s", link, ["ada@example.org"])
    lines = written.getvalue()
    assert "/signatures/confirm/(token)/" in lines
    assert "ada@" not in lines
    for url in (link, cut(link), changed(link)):
        assert url.split("/")[3] not in lines
