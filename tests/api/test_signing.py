"""People can sign on another website that the letter allows, under the rules of the letter's own form."""

import json
from typing import Any

import pytest
from altcha import Challenge, Payload, solve_challenge
from limits import parse
from pytest_django import Settings

from letters.models import Letter, Signature, Switch, User
from letters.organizer.letter_editor.forms import SettingsForm
from letters.organizer.letter_editor.operations import set_up_letter
from letters.signer.signing.queries import texts
from tests.api.test_problems import problem
from tests.conftest import LetterMaker
from tests.people import NOW, Response, Signer, publish, sign_and_confirm, signature_of, turn

pytestmark = pytest.mark.django_db
URL = "/api/v1/letters/night-trains/signatures/"
THERE = "https://choir.example"


@pytest.fixture
def letter(published: LetterMaker) -> Letter:
    """A letter that can also be signed on the website of a choir."""
    return published(origins=[THERE])


def typed(**more: Any) -> dict[str, Any]:
    return {"name": "Ada Lovelace", "email": "ada@example.org", "display": "public", "text": 1, **more}


def post(signer: Signer, body: object, *, origin: str = THERE, **headers: str) -> Response:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    sent = {**({"Origin": origin} if origin else {}), "Sec-Fetch-Site": "cross-site", **headers}
    return signer.client.generic("POST", URL, content, content_type="application/json", headers=sent)


def test_a_signature_from_another_website_counts_when_confirmed(letter: Letter, signer: Signer) -> None:
    answer = post(signer, typed())
    assert answer.status_code == 202, answer.content
    assert answer.headers["Access-Control-Allow-Origin"] == THERE
    assert answer.headers["Cache-Control"] == "no-store"
    assert b"Check your email" in signer.get(answer.json()["check_url"].removeprefix("http://localhost:8000")).content
    assert signature_of(letter).state == "pending"
    assert signature_of(letter).via == "choir.example"
    signer.confirm("ada@example.org")
    publish()
    letter.refresh_from_db()
    assert letter.signature_count == 1


def test_a_letter_takes_signatures_only_here_at_first(letter: Letter, signer: Signer) -> None:
    assert Letter().origins == []
    Letter.objects.update(origins=[])
    assert problem(post(signer, typed()), 403)["type"].endswith("#problem-website")
    assert not Signature.objects.exists()


@pytest.mark.parametrize(
    "origin", ["", "null", "https://other.example", "http://choir.example", f"{THERE}.evil.example"]
)
def test_no_other_website_and_no_program_can_sign(letter: Letter, signer: Signer, origin: str) -> None:
    answer = post(signer, typed(), origin=origin)
    problem(answer, 403)
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert not Signature.objects.exists()


def test_the_answer_does_not_tell_whether_an_address_has_signed(letter: Letter, signer: Signer) -> None:
    sign_and_confirm(letter, "ada@example.org")
    known, new = post(signer, typed()), post(signer, typed(email="eve@example.org"))
    assert (known.status_code, len(known.content)) == (new.status_code, len(new.content))
    assert {**known.headers} == {**new.headers}


def test_a_browser_may_ask_first(letter: Letter, signer: Signer) -> None:
    answer = signer.client.options(URL, headers={"Origin": THERE, "Access-Control-Request-Method": "POST"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == THERE
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    refused = signer.client.options(URL, headers={"Origin": "https://other.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers
    problem(refused, 403)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *[("", 422), ("{", 400), ("\ufeff{}", 422), (b"\xff\xfe", 400), ("[" * 100_000, 400), ('{"a":' * 50_000, 400)],
        *[("null", 422), ("[]", 422), ("1", 422), ("{}", 422), ('"x"', 422), ("9" * 5000, 400), ("NaN", 422)],
        *[(typed(admin=True), 422), (typed(name=["Ada"]), 422), (typed(name="A\x00da"), 422), (typed(text="x"), 422)],
        *[(typed(text=2**64), 422), (typed(text=-1), 422), (typed(text=True), 422), (typed(display="all"), 422)],
        *[(typed(name="\ud800"), 422), (typed(name="a" * 5000), 422)],
        *[(typed(email="ada"), 422), (typed(email=""), 422), (typed(name=""), 422), (typed(language="xx"), 404)],
    ],
)  # fmt: skip
def test_a_body_that_makes_no_sense_is_explained(letter: Letter, signer: Signer, body: Any, status: int) -> None:
    answer = post(signer, body)
    problem(answer, status)
    assert answer.headers["Access-Control-Allow-Origin"] == THERE
    assert not Signature.objects.exists()


def test_a_problem_repeats_no_unknown_field_and_stays_short(letter: Letter, signer: Signer) -> None:
    unknown = {f"ada{number}@example.org": 1 for number in range(5000)}
    answer = post(signer, typed(**unknown))
    assert {each["field"] for each in problem(answer, 422)["errors"]} == {"body"}
    assert b"ada" not in answer.content
    assert len(answer.content) < 5000


def test_a_form_is_no_json(letter: Letter, signer: Signer) -> None:
    problem(signer.client.post(URL, typed(), headers={"Origin": THERE}), 415)


def test_the_browser_check_is_asked_for_and_accepted(letter: Letter, signer: Signer) -> None:
    Letter.objects.update(asks_proof=True)
    asked = problem(post(signer, typed()), 422)
    assert asked["type"].endswith("#problem-proof")
    challenge = Challenge.from_dict(asked["challenge"])
    solution = solve_challenge(challenge)
    assert solution
    assert post(signer, typed(proof=Payload(challenge, solution).to_base64())).status_code == 202


def test_a_question_about_an_address_can_be_answered(letter: Letter, signer: Signer) -> None:
    asked = problem(post(signer, typed(email="ada@gmial.com")), 422)
    assert [(each["field"], each["code"]) for each in asked["errors"]] == [("email", "unsure")]
    assert post(signer, typed(email="ada@gmial.com", sure="ada@gmial.com")).status_code == 202


def test_the_limits_are_those_of_the_form(letter: Letter, signer: Signer, settings: Settings) -> None:
    settings.LIMIT_NETWORK_HARD = parse("2/hour")
    first = post(signer, typed())
    assert '"from-network";q=2;w=3600' in first.headers["RateLimit-Policy"]
    assert "RateLimit" not in first.headers
    assert signer.sign(letter, email="berta@example.org").status_code == 303
    refused = post(signer, typed(email="carla@example.org"))
    problem(refused, 429)
    assert int(refused.headers["Retry-After"]) > 0


def test_a_letter_that_takes_no_signatures_says_why(letter: Letter, signer: Signer) -> None:
    turn(Switch.Name.TAKE_SIGNATURES, on=False)
    assert problem(post(signer, typed()), 503)["code"] == "paused"
    turn(Switch.Name.TAKE_SIGNATURES, on=True)
    Letter.objects.update(closes_at=NOW)
    # The copy of the letter is up to a second old.
    texts._letter_in_second.cache_clear()
    assert problem(post(signer, typed()), 409)["code"] == "letter_closed"


def test_sentences_are_in_the_language_of_the_text(letter: Letter, signer: Signer) -> None:
    asked = problem(post(signer, typed(name="", language="it")), 422)
    assert asked["errors"][0]["detail"] == "Scrivi il tuo nome."


def test_the_letter_says_what_its_form_asks_and_where_else_people_can_sign(letter: Letter, signer: Signer) -> None:
    form = signer.get("/api/v1/letters/night-trains/").json()["form"]
    assert form["origins"] == [THERE]
    assert form["affiliation"] == "optional"
    assert form["displays"] == ["public", "organizers", "nobody"]


@pytest.mark.parametrize(
    ("entered", "stored"),
    [
        ("", []),
        ("https://Choir.example/\nhttps://shop.example:8443", [THERE, "https://shop.example:8443"]),
        ("http://choir.example", None),
        ("https://choir.example/sign", None),
        ("*", None),
        ("https://user@choir.example", None),
        ("\n".join(f"https://a{number}.example" for number in range(11)), None),
    ],
)
def test_organizers_list_websites(letter: Letter, entered: str, stored: list[str] | None) -> None:
    form = SettingsForm(letter, None, zone=letter.zone())
    field = form.fields["origins"]
    if stored is None:
        with pytest.raises(Exception, match=r"website|siti"):
            field.clean(entered)
    else:
        assert field.clean(entered) == stored


def test_organizers_are_told_what_a_website_sees(letter: Letter) -> None:
    form = SettingsForm(letter, None, zone=letter.zone())
    assert "sees what people type there, their addresses included" in str(form["origins"].help_text)


def test_a_new_list_is_seen_by_readers(letter: Letter, organizer: User, signer: Signer) -> None:
    before = signer.get("/api/v1/letters/night-trains/")
    set_up_letter(letter, values={"origins": []}, by=organizer, now=NOW)
    after = signer.get("/api/v1/letters/night-trains/", if_none_match=before.headers["ETag"])
    assert after.status_code == 200
