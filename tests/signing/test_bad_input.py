"""Bad input gets a clear answer in the letter's language, keeps what was typed, and leaves nothing half written."""

from collections.abc import Callable
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import example, given, settings
from hypothesis import strategies as st

from letters.models import Letter, OutgoingEmail, Signature, SignerContact
from tests.conftest import LetterMaker
from tests.people import FROM_OUR_PAGE, Response, Signer, words

RIGHT = {"name": "Ada Lovelace", "email": "ada@example.org", "display": "public"}
FORM = "application/x-www-form-urlencoded"

NO_NAME = "Enter your name."
NO_ADDRESS = "Enter your email address. We send an email there, so that nobody else can sign in your name."
DOTS = "A dot in this email address is in the wrong place: at the start or end of a part, or beside another dot."
NO_AT = "This email address has no @. Enter one like name@example.org."
NO_DOT = "The part after the @ is incomplete: it needs a dot, as in name@example.org."
SEVERAL = "This has more than one @. Enter one email address, like name@example.org."
SPACE = "This email address contains a space. Remove it, and check the rest."
TOO_LONG = "This is too long for an email address. Enter only the address, like name@example.org."
UNKNOWN_SIGN = "There is a character before the @ that email addresses cannot contain. Check it."
NOT_ASCII = (
    "We cannot send email to an address with accents or other special letters before the @. Use another address."
)
TURNED_ADDRESS = (
    "This email address contains an invisible character that changes the direction of the text. Type it by hand."
)
WRONG_ADDRESS = "This is not a complete email address. One looks like name@example.org."
TURNS = "This contains an invisible character that changes the direction of the text. Type it again by hand."
DAMAGED = "This contains damaged characters. Type it again by hand."

WRONG: list[tuple[str, str, str]] = [
    ("name", "", NO_NAME),
    ("name", "   ", NO_NAME),
    ("name", "\t\r\n\u00a0\u2003", NO_NAME),
    ("name", "\u200b\u200c\u200d\u2060\ufeff", NO_NAME),
    ("name", "\u3164", NO_NAME),
    ("name", "Ada \u202ecalevoL", TURNS),
    ("name", "\u2067Ada\u2069", TURNS),
    ("name", "Ada\x00Lovelace", DAMAGED),
    ("name", "Ada\x07", DAMAGED),
    ("name", "Ada\ufffd", DAMAGED),
    ("name", "A" * 201, "This has 201 characters. Shorten it to 200 or fewer."),
    ("name", "A" * 10_000, "This has 10000 characters. Shorten it to 200 or fewer."),
    ("email", "", NO_ADDRESS),
    ("email", "  ", NO_ADDRESS),
    ("email", "ada", NO_AT),
    ("email", "ada@localhost", NO_DOT),
    ("email", "ada@home@example.org", SEVERAL),
    ("email", "ada lovelace@example.org", SPACE),
    (
        "email",
        "ada..l@example.org",
        "A dot in this email address is in the wrong place: at the start or end of a part, or beside another dot.",
    ),
    ("email", "ada,l@example.org", UNKNOWN_SIGN),
    ("email", "adà@example.org", NOT_ASCII),
    ("email", "ada@ex_ample.org", "The part after the @ is not the name of a site, like example.org. Check it."),
    ("name", "ada@example.org", "This looks like an email address. Enter your name here: others may see it."),
    ("name", "Ada <ada@example.org>", "This looks like an email address. Enter your name here: others may see it."),
    ("email", "ada@example.org, eve@example.org", SEVERAL),
    ("email", "ada@example.org\r\nBcc: eve@example.org", SEVERAL),
    ("email", "a" * 60 + "@" + "example." * 30 + "org", TOO_LONG),
    ("email", "ada\x00@example.org", WRONG_ADDRESS),
    ("email", "ada\u202e@example.org", TURNED_ADDRESS),
    ("affiliation", "Society\u202e", TURNS),
    ("affiliation", "Society\x00", DAMAGED),
    ("affiliation", "S" * 201, "This has 201 characters. Shorten it to 200 or fewer."),
    ("comment", "C" * 1001, "This has 1001 characters. Shorten it to 1000 or fewer."),
    ("country", "Atlantis", "Choose a country from the list."),
    ("country", "XX", "Choose a country from the list."),
    ("country", "EU", "Choose a country from the list."),
    ("display", "", "Choose who sees your name."),
    ("display", "friends", "Choose one of these."),
]
MISSING = [
    ("name", NO_NAME),
    ("email", NO_ADDRESS),
    ("display", "Choose who sees your name."),
    ("affiliation", "Enter your affiliation. This letter asks every signer for one."),
    ("role", "Enter your role or profession. This letter asks every signer for one."),
    ("country", "Choose your country. This letter asks every signer for one."),
    ("comment", "Say why you sign. This letter asks every signer for a sentence."),
]
FULL = {**RIGHT, "affiliation": "Society", "role": "Countess", "country": "GB", "comment": "Because.", "updates": "on"}


@pytest.fixture
def curious(published: LetterMaker) -> Letter:
    """A letter that asks for everything."""
    return published(**dict.fromkeys(["ask_affiliation", "ask_role", "ask_country", "ask_comment"], "required"))


def nothing_is_written() -> bool:
    return not (Signature.objects.exists() or SignerContact.objects.exists() or OutgoingEmail.objects.exists())


def page_says(answer: Response, field: str, sentence: str) -> bool:
    """Return whether the sentence is at the field, linked to it for screen readers, and at the top."""
    html = answer.content.decode()
    at_field = f'<p class="error" id="sign_{field}_error">{escape(sentence)}</p>' in html
    tied = f'aria-describedby="sign_{field}' in html or f"sign_{field}_error" in html
    at_top = f"#sign_{field}" in html and html.count(escape(sentence)) >= 2
    return at_field and tied and at_top and 'aria-invalid="true"' in html


def is_a_page(answer: Response, language: str = "en") -> bool:
    return f'<html lang="{language}"' in answer.content.decode() and "<h1" in answer.content.decode()


# Fields


@pytest.mark.parametrize(("field", "typed", "sentence"), WRONG)
def test_a_wrong_field_gets_a_sentence_and_nothing_is_written(
    curious: Letter, signer: Signer, field: str, typed: str, sentence: str
) -> None:
    answer = signer.send(curious, {**FULL, field: typed})
    assert answer.status_code == 422
    assert page_says(answer, field, sentence)
    assert nothing_is_written()


@pytest.mark.parametrize(("field", "sentence"), MISSING)
def test_a_missing_field_gets_a_sentence_and_nothing_is_written(
    curious: Letter, signer: Signer, field: str, sentence: str
) -> None:
    answer = signer.send(curious, {name: value for name, value in FULL.items() if name != field})
    assert answer.status_code == 422
    assert page_says(answer, field, sentence)
    assert nothing_is_written()


@pytest.mark.parametrize(("field", "typed"), [("name", '<b>Ada</b> & "co" \''), ("comment", "</textarea><i>so</i>")])
def test_typed_text_is_kept_and_escaped(curious: Letter, signer: Signer, field: str, typed: str) -> None:
    answer = signer.send(curious, {**FULL, field: typed, "email": "ada@"})
    html = answer.content.decode()
    assert escape(typed) in html.replace("&#39;", "&#x27;")
    assert typed not in html
    assert 'value="ada@"' in html
    for kept in ['value="Countess"', 'value="Society"', '<option value="GB" selected>', 'value="public"']:
        assert kept in html
    assert 'name="updates"' in html.split("checked")[-2] + html.split("checked")[-1]


def test_text_that_is_too_long_is_kept_complete(letter: Letter, signer: Signer) -> None:
    assert f'value="{"A" * 10_000}"' in signer.sign(letter, name="A" * 10_000).content.decode()


@pytest.mark.parametrize(("field", "typed", "sentence"), WRONG[::4])
def test_the_answer_is_in_the_letters_language(
    letter: Letter, signer: Signer, field: str, typed: str, sentence: str
) -> None:
    answer = signer.send(letter, {**RIGHT, field: typed, "name": ""}, language="it")
    assert answer.status_code == 422
    assert is_a_page(answer, "it")
    assert NO_NAME not in words(answer)
    assert nothing_is_written()


def test_no_cache_keeps_the_form_with_its_errors(letter: Letter, signer: Signer) -> None:
    assert signer.sign(letter, name="").headers["Cache-Control"] == "no-store"


def test_a_field_sent_twice_counts_once(letter: Letter, signer: Signer) -> None:
    assert signer.send(letter, {**RIGHT, "email": ["eve@example.org", "ada@example.org"]}).status_code == 303
    assert Signature.objects.count() == 1


# Letters that do not accept signatures


@pytest.mark.parametrize("slug", ["nothing", "night-trainss", "NIGHT-TRAINS", "0", "-", "x" * 300])
def test_an_unknown_letter_is_a_404(letter: Letter, signer: Signer, slug: str) -> None:
    answer = signer.client.post(f"/letters/{slug}/sign/", RIGHT, headers=FROM_OUR_PAGE)
    assert answer.status_code == 404
    assert is_a_page(answer)


def test_a_draft_does_not_exist(draft: LetterMaker, signer: Signer) -> None:
    assert signer.sign(draft()).status_code == 404
    assert nothing_is_written()


@pytest.mark.parametrize("language", ["de", "zz", "en-GB", "it-" + "x" * 8])
def test_a_language_that_the_letter_does_not_have_is_a_404(letter: Letter, signer: Signer, language: str) -> None:
    assert signer.sign(letter, language=language).status_code == 404
    assert nothing_is_written()


def closed(letter: Letter) -> None:
    letter.status, letter.closed_at = Letter.Status.CLOSED, timezone.now()


def withdrawn(letter: Letter) -> None:
    letter.status = Letter.Status.WITHDRAWN


def over(letter: Letter) -> None:
    letter.closes_at = timezone.now() - timedelta(minutes=1)


def not_open_yet(letter: Letter) -> None:
    letter.opens_at = timezone.now() + timedelta(days=1)


@pytest.mark.parametrize("language", ["", "it"])
@pytest.mark.parametrize(
    ("become", "sentence"),
    [
        (closed, "This letter is closed, so you can no longer sign it. It keeps the signatures that it has."),
        (over, "This letter is closed, so you can no longer sign it. It keeps the signatures that it has."),
        (withdrawn, "The people who published this letter have withdrawn it. You can no longer sign it."),
        (not_open_yet, "You can sign this letter from"),
    ],
)
def test_a_letter_that_takes_no_signatures_says_why(
    letter: Letter, signer: Signer, become: Callable[[Letter], None], sentence: str, language: str
) -> None:
    become(letter)
    letter.save()
    answer = signer.sign(letter, language=language)
    assert answer.status_code == 409
    assert is_a_page(answer, language or "en")
    assert (sentence in words(answer)) == (language == "")
    assert "<form" not in answer.content.decode()
    assert nothing_is_written()


# The request itself


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_another_method_is_a_405(letter: Letter, signer: Signer, method: str) -> None:
    answer = signer.client.generic(method, letter.url_of("sign"), headers=FROM_OUR_PAGE)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST"
    assert is_a_page(answer)
    assert nothing_is_written()


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("language", ["", "it"])
def test_the_address_of_the_form_leads_to_its_letter(
    letter: Letter, signer: Signer, method: str, language: str
) -> None:
    """It is in the address bar after a mistake, and people reload or save it."""
    answer = signer.client.generic(method, f"{letter.url_of('sign', language)}?email=ada@example.org")
    assert (answer.status_code, answer["Location"]) == (303, f"{letter.get_absolute_url(language)}#sign")
    assert signer.client.generic(method, "/letters/no-such-letter/sign/").status_code == 404
    assert nothing_is_written()


@pytest.mark.parametrize("size", [256 * 1024 + 1, 10_000_000])
def test_a_body_of_ten_megabytes_is_a_413(letter: Letter, signer: Signer, size: int) -> None:
    answer = signer.client.generic("POST", letter.url_of("sign"), b"name=" + b"A" * (size - 5), content_type=FORM)
    assert answer.status_code == 413
    assert is_a_page(answer)
    assert nothing_is_written()


def test_a_body_of_the_largest_allowed_size_is_read(letter: Letter, signer: Signer) -> None:
    body = urlencode(RIGHT).encode() + b"&more="
    body += b"A" * (256 * 1024 - len(body))
    assert signer.client.generic("POST", letter.url_of("sign"), body, content_type=FORM).status_code == 303


@pytest.mark.parametrize("length", ["-1", "abc", "1e3", "\xb2", "99999999999999999999999"])
def test_an_impossible_content_length_is_a_413(letter: Letter, signer: Signer, length: str) -> None:
    answer = signer.client.generic("POST", letter.url_of("sign"), b"", content_type=FORM, CONTENT_LENGTH=length)
    assert answer.status_code == 413


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream", "", "nonsense", "a/b;"])
def test_another_kind_of_content_gets_the_form(letter: Letter, signer: Signer, kind: str) -> None:
    answer = signer.client.generic("POST", letter.url_of("sign"), b'{"name": "Ada"}', content_type=kind)
    assert answer.status_code == 422
    assert page_says(answer, "name", NO_NAME)
    assert page_says(answer, "email", NO_ADDRESS)
    assert nothing_is_written()


PART = b'--x\r\nContent-Disposition: form-data; name="name"'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"garbage"),
        ("multipart/form-data; boundary=", b"garbage"),
        ("multipart/form-data; boundary=x", b"garbage"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", PART + b"\r\n\r\nAda"),
        ("multipart/form-data; boundary=x", PART + b'; filename="a"\r\n\r\n\xff\xfe\r\n--x--\r\n'),
        ("multipart/form-data; boundary=x", PART + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", PART + b"\r\n\r\n\xff\xfe\xed\xa0\x80\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x; charset=utf-16", PART + b"\r\n\r\nAda\r\n--x--\r\n"),
        (f"multipart/form-data; boundary={'x' * 300}", PART + b"\r\n\r\nAda\r\n--x--\r\n"),
        ("multipart/form-data; boundary=\xe9", PART + b"\r\n\r\nAda\r\n--x--\r\n"),
    ],
)
def test_a_garbled_form_is_refused_and_nothing_is_written(
    letter: Letter, signer: Signer, kind: str, body: bytes
) -> None:
    answer = signer.client.generic("POST", letter.url_of("sign"), body, content_type=kind)
    assert answer.status_code in {400, 422}
    assert is_a_page(answer)
    assert nothing_is_written()


@pytest.mark.parametrize("body", [b"&".join(b"a%d=1" % n for n in range(101)), b"a=1&" * 200])
def test_too_many_fields_are_a_400(letter: Letter, signer: Signer, body: bytes) -> None:
    answer = signer.client.generic("POST", letter.url_of("sign"), body, content_type=FORM)
    assert answer.status_code == 400
    assert is_a_page(answer)
    assert nothing_is_written()


@pytest.mark.parametrize(
    "name",
    [b"%FF%FE", b"Zo%EB", b"%C3%28", b"%ED%A0%80", b"%F4%90%80%80", b"\xff\xfe", b"Zo\xeb", b"\xc3(", b"%00", b"\x00"],
)
def test_bytes_that_are_not_utf_8_are_called_damaged(letter: Letter, signer: Signer, name: bytes) -> None:
    body = b"name=Ada" + name + b"&email=ada@example.org&display=public"
    answer = signer.client.generic("POST", letter.url_of("sign"), body, content_type=FORM)
    assert answer.status_code == 422
    assert page_says(answer, "name", DAMAGED)
    assert 'value="ada@example.org"' in answer.content.decode()
    assert nothing_is_written()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:8000.evil.example"},
    ],
)
@pytest.mark.parametrize("page", ["sign", "translated_sign"])
def test_a_form_from_another_sites_page_is_a_403(
    letter: Letter, signer: Signer, headers: dict[str, str], page: str
) -> None:
    url = letter.url_of("sign", "it" if page == "translated_sign" else "")
    answer = signer.client.post(url, RIGHT, headers=headers)
    assert answer.status_code == 403
    assert is_a_page(answer, "it" if page == "translated_sign" else "en")
    assert nothing_is_written()


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Sec-Fetch-Site": "none"}, {"Origin": "null"}]
)
def test_a_form_from_our_own_page_is_accepted(letter: Letter, signer: Signer, headers: dict[str, str]) -> None:
    assert signer.client.post(letter.url_of("sign"), RIGHT, headers=headers).status_code == 303


@pytest.mark.django_db(transaction=True)
def test_no_charset_name_causes_a_server_error(letter: Letter) -> None:
    """Django reads a form, and the address of any page, in the charset that the sender names."""
    multipart = PART + b"\r\n\r\nAda\r\n--x--\r\n"
    for charset in ["=hex", "=base64", "=rot13", "=utf-7", "=utf-16", "=nonsense", "=idna", "*=utf-8''hex", "*0=hex"]:
        url = letter.url_of("sign")
        assert status_of("POST", url, b"name=Ada", f"{FORM}; charset{charset}") == 422, charset
        assert status_of("POST", url, multipart, f"multipart/form-data; boundary=x; charset{charset}") == 422, charset


# The entry of the web server checks old database connections, even if no page needs one.
@pytest.mark.django_db
@settings(max_examples=60)
@given(
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n")) | st.from_regex(r"a/b(; *[a-z]+\*?=[^;\n]*)*")
)
@example("text/plain; charset=hex")
@example("text/plain; charset*=hex''x")
@example("text/plain; boundary*=nonsense''x")
def test_no_content_type_causes_a_server_error(kind: str) -> None:
    assert status_of("GET", "/healthz?before=1", b"", kind) == 200


def status_of(method: str, path: str, body: bytes, kind: str) -> int:
    """Return the answer of the WSGI application itself: Django's Client would create the request object."""
    said: list[str] = []

    def start(status: str, headers: list[tuple[str, str]], error: Any = None, /) -> Callable[[bytes], object]:
        said.append(status)
        return bytes

    environ: dict[str, Any] = RequestFactory().generic(method, path, body, FORM).environ
    # Imported here, not above, because the application checks its keys against the database.
    from petition.wsgi import application

    # Read to its end and closed, as a server does.
    answer = application({**environ, "CONTENT_TYPE": kind}, start)
    b"".join(answer)
    answer.close()  # type: ignore[attr-defined]
    return int(said[0].split()[0])


# Random input

texts = st.text(max_size=300) | st.text(st.sampled_from("\x00\u202e\u200b\ufffd\ud7ffA@. <\"'&%é👩"), max_size=30)
values = st.one_of(
    texts.map(str.encode), st.binary(max_size=100), st.sampled_from([b"public", b"nobody", b"GB", b"on"])
)
addresses = st.emails().map(str.encode) | values
forms = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["name", "affiliation", "role", "country", "comment", "display", "updates"], values),
        "email": addresses,
    },
)


@settings(max_examples=25)
@given(forms)
@example({"name": b"Ada", "email": b"ada@example.org", "display": b"public"})
def test_no_form_causes_a_500(curious: Letter, signer: Signer, fields: dict[str, bytes]) -> None:
    body = "&".join(f"{name}={quote_from_bytes(value)}" for name, value in fields.items()).encode()
    answer = signer.client.generic("POST", curious.url_of("sign"), body, content_type=FORM)
    assert answer.status_code in {303, 422}


@settings(max_examples=60)
@given(st.binary(max_size=300), st.sampled_from([FORM, "multipart/form-data; boundary=x", "text/plain"]))
def test_no_body_causes_a_500(letter: Letter, signer: Signer, body: bytes, kind: str) -> None:
    answer = signer.client.generic("POST", letter.url_of("sign"), body, content_type=kind)
    assert answer.status_code in {400, 422}
    assert nothing_is_written()


@settings(max_examples=60)
@given(st.text(max_size=60), st.text(max_size=20))
def test_no_address_causes_a_500(letter: Letter, signer: Signer, path: str, query: str) -> None:
    for address in [f"/{path}", f"/letters/{path}/", f"/it/letters/{path}", f"/signatures/confirm/{path}/"]:
        url = quote_from_bytes(address.encode("utf-8", "surrogateescape"), safe="/")
        assert signer.get(f"{url}?before={quote_from_bytes(query.encode())}").status_code < 500


@pytest.mark.parametrize(("method", "length", "status"), [("PUT", "0", 405), ("POST", "99999999", 413)])
def test_a_refusal_has_the_same_headers_as_every_page(
    letter: Letter, signer: Signer, method: str, length: str, status: int
) -> None:
    answer = signer.client.generic(method, f"{letter.get_absolute_url()}sign/", CONTENT_LENGTH=length)
    assert answer.status_code == status
    assert answer["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
