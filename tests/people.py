"""What the people of the tests can do: read in a browser, sign in it, press the button in a mail."""

import json
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from altcha import Challenge, Payload, solve_challenge
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connections
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from letters.base.outbox.built import Send
from letters.base.outbox.tasks import deliver_owed
from letters.base.switches import queries as switches_queries
from letters.base.switches.operations import turn_switch
from letters.models import SALT_BYTES, Letter, OutgoingEmail, Signature, Switch, User
from letters.organizer.letter_editor.operations import Text
from letters.public.public_pages.caching import PublicPageCache
from letters.public.public_pages.tasks import sweep
from letters.shared.addresses import canonical, hash_address, read_address
from letters.shared.tokens import read_token
from letters.signer.signing.operations import Entry, confirm_signature, request_mail, sign_letter
from letters.tasks import MAILS

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

# What a Client gives: a response with a few things for tests.
Response: TypeAlias = "_MonkeyPatchedWSGIResponse"

Input = TypeVar("Input")
Output = TypeVar("Output")

# Long past by every clock that runs these tests: what is due at this moment is due.
NOW = datetime(2025, 3, 3, 12, 0, tzinfo=UTC)

EN = Text(
    language="en",
    title="Keep the night trains running",
    addressee="To the ministers of transport",
    summary="Four sleeper lines are to end in December. We ask that they stay.",
    body="## What we ask\n\nFour *sleeper* lines are to end in December.\n\n- Keep them.\n- Say why not.\n",
)
IT = Text(
    language="it",
    title="Lasciate correre i treni notturni",
    addressee="Ai ministri dei trasporti",
    summary="Quattro linee notturne finiscono a dicembre. Chiediamo che restino.",
    body="## Che cosa chiediamo\n\nQuattro linee *notturne* finiscono a dicembre.\n",
)

# The headers of a browser that sends a form from one of our own pages.
FROM_OUR_PAGE = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
LINK = re.compile(r"https?://[^/\s]+(/signatures/([a-z-]+)/[^/\s]+/)$", re.MULTILINE)
TAG = re.compile(r"<[^>]*>")
KEPT = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
CODE = re.compile(r"^ *(\d{3} \d{3})$", re.MULTILINE)


@cache
def site() -> ClientHandler:
    """The site as a web server has it, one for all its visitors: made once, since it reads every static file.

    Django's Client would make another for each visitor, and would look away where a page forgets its CSRF exemption.
    """
    handler = ClientHandler(enforce_csrf_checks=True)
    handler.load_middleware()
    return handler


def kept_pages() -> PublicPageCache:
    """The site's memory of its public pages."""
    layer: Any = site()._middleware_chain.__wrapped__  # type: ignore[attr-defined]
    while not isinstance(layer, PublicPageCache):
        layer = layer.get_response.__wrapped__
    return layer


class Reader:
    """Somebody with a browser."""

    def __init__(self, handler: ClientHandler | None = None) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.client.handler = handler or site()

    def get(self, url: str, **headers: str) -> Response:
        return self.client.get(url, headers=_headers(headers))

    def read(self, letter: Letter, page: str = "letter", language: str = "") -> str:
        """The text of one of the letter's pages, by its name in urls.py."""
        response = self.get(letter.url_of(page, language))
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    def count(self, letter: Letter) -> dict[str, Any]:
        """The honest counter as data."""
        found: dict[str, Any] = self.get(letter.url_of("count")).json()
        return found


def browser_of(person: User) -> Client:
    """The browser of somebody who has signed in."""
    client = Client()
    client.force_login(person)
    return client


class Signer(Reader):
    """A reader who signs."""

    def sign(
        self,
        letter: Letter,
        *,
        name: str = "Ada Lovelace",
        email: str = "ada@example.org",
        display: str = "public",
        language: str = "",
        **fields: str,
    ) -> Response:
        """Fill in the form and send it: 303 to "look into your mail", or the form again."""
        return self.send(letter, {"name": name, "email": email, "display": display, **fields}, language=language)

    def send(self, letter: Letter, fields: dict[str, Any], *, language: str = "", **headers: str) -> Response:
        """Send the form with just these fields."""
        return self.client.post(letter.url_of("sign", language), fields, headers={**FROM_OUR_PAGE, **_headers(headers)})

    def calculate(self, page: Response, **instead: str) -> Response:
        """Do what the page "One moment" asks for, as its script does, and send on what it has kept."""
        text = page.content.decode()
        kept = {name: unescape(value) for name, value in KEPT.findall(text)}
        (action,) = re.findall(r'<form class="proof" method="post" action="([^"]+)"', text)
        fields = {**kept, "proof": solve(page), **instead}
        return self.client.post(action, fields, headers=FROM_OUR_PAGE)

    def last_mail(self, email: str = "") -> str:
        """The text of the last mail, or of the last one to `email`; what is owed is delivered first."""
        deliver()
        bodies = [str(message.body) for message in mail.outbox if not email or message.to == [email]]
        assert bodies, f"no mail to {email or 'anybody'}"
        return bodies[-1]

    def mailed_link(self, email: str = "", *, purpose: str = "confirm") -> str:
        """The path of a link in the last mail (to `email`)."""
        text = self.last_mail(email)
        links: dict[str, str] = {name: path for path, name in LINK.findall(text)}
        assert purpose in links, text
        return links[purpose]

    def mailed_code(self, email: str = "") -> str:
        """The six digits in the last mail (to `email`)."""
        text = self.last_mail(email)
        codes: list[str] = CODE.findall(text)
        assert codes, text
        return codes[0]

    def press(self, url: str) -> Response:
        """Press the button on a page that a mail led to; the answer is the page that this leads to."""
        return self.client.post(url, headers=FROM_OUR_PAGE, follow=True)

    def confirm(self, email: str = "") -> Response:
        """Open the link in the last mail (to `email`) and press its button; the answer is the thank-you."""
        url = self.mailed_link(email)
        assert b'<form method="post"' in self.get(url).content, "the mail leads to no button"
        return self.press(url)


def solve(page: Response) -> str:
    """The solution of a page's puzzle, as proof.js sends it."""
    (puzzle,) = re.findall(r'data-challenge="([^"]+)"', page.content.decode())
    challenge = Challenge.from_dict(json.loads(unescape(puzzle)))
    solution = solve_challenge(challenge)
    assert solution
    return Payload(challenge, solution).to_base64()


def entry(email: str = "ada@example.org", *, name: str = "Ada Lovelace", display: str = "public", **more: str) -> Entry:
    """What the form makes of what a signer types."""
    address = read_address(email)
    assert address, email
    return Entry(address=address, name=name, display=display, **more)


def signature_of(letter: Letter, email: str = "ada@example.org") -> Signature:
    """The signature of an address, found as the site finds it."""
    return Signature.objects.get(letter=letter, address_hash=hash_address(canonical(email)))


def sign(letter: Letter, email: str = "ada@example.org", *, now: datetime = NOW, **entered: str) -> Signature:
    """Sign without a browser."""
    sign_letter(letter, entry=entry(email, **entered), language=letter.language, now=now)
    return signature_of(letter, email)


def submit(letter: Letter, *, language: str = "en", **entered: str) -> int:
    """Sign without a browser: the id of what was typed."""
    token = read_token("check", sign_letter(letter, entry=entry(**entered), language=language, now=NOW))
    assert token
    assert token.submission_id
    return token.submission_id


def sign_and_confirm(
    letter: Letter, email: str = "ada@example.org", *, now: datetime = NOW, **entered: str
) -> Signature:
    """Sign and confirm without browser or mail. The sequencer has still to give the number."""
    signature = sign(letter, email, now=now, **entered)
    confirm_signature(signature, verified=Signature.Verified.LINK, now=now)
    signature.refresh_from_db()
    return signature


def ask_again(signature: Signature, email: str = "ada@example.org", *, now: datetime) -> None:
    """Ask for the email about a signature once more, with its page "check your email" or the form for lost links."""
    address = read_address(email)
    assert address
    request_mail(signature.letter, address=address, language=signature.letter.language, now=now)


def ids_of(letter: Letter) -> list[int]:
    """The ids of its signatures, the first to sign first."""
    return list(letter.signatures.order_by("pk").values_list("pk", flat=True))


def add_confirmed(letter: Letter, number: int, *, now: datetime = NOW, **values: Any) -> None:
    """So many confirmed signatures at once, "Signer 1" the first: rows as the operations leave them, but quicker."""
    first = letter.signatures.count() + 1
    fields = {"display": "public", "state": Signature.State.CONFIRMED, "verified": Signature.Verified.LINK, **values}
    Signature.objects.bulk_create(
        Signature(
            letter=letter,
            revision=letter.current_revision,
            language=letter.language,
            name="" if fields["display"] == "nobody" else f"Signer {place}",
            salt=place.to_bytes(SALT_BYTES, "big"),
            address_hash=hash_address(f"signer{place}@example.org"),
            signed_at=now,
            confirmed_at=now + timedelta(seconds=place),
            **fields,
        )
        for place in range(first, first + number)
    )


def add_published(letter: Letter, number: int, *, now: datetime = NOW, **values: Any) -> None:
    """So many published signatures, numbered by the sequencer."""
    add_confirmed(letter, number, now=now, **values)
    sweep(now=now)
    letter.refresh_from_db()


def turn(name: Switch.Name, *, on: bool) -> None:
    """Turn a switch of the running site."""
    turn_switch(name, on=on, by=None, now=NOW)
    switches_queries._standing.cache_clear()


def deliver() -> None:
    """Send every mail that is due, as the worker does."""
    deliver_owed(MAILS)
    deliver_owed(MAILS, bulk=True)


def message_of(outgoing: OutgoingEmail) -> EmailMultiAlternatives:
    """The email as it would be sent now."""
    built = MAILS[outgoing.kind](outgoing)
    assert isinstance(built, Send), built
    assert isinstance(built.message, EmailMultiAlternatives)
    return built.message


def publish(now: datetime | None = None) -> None:
    """Number what is confirmed and take the counts, as the sequencer does."""
    sweep(now=now or timezone.now())


def in_threads(work: Callable[[Input], Output], inputs: Iterable[Input], *, threads: int) -> list[Output]:
    """Do the work for each input, so many at once, each thread with its own database connection."""

    def run(each: Input) -> Output:
        try:
            return work(each)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, inputs))


def words(response: Response) -> str:
    """What an answer says, as somebody reads it who does not see the HTML: no tags, no entities, one line."""
    return " ".join(unescape(TAG.sub(" ", response.content.decode())).split())


def _headers(headers: dict[str, str]) -> dict[str, str]:
    """if_none_match="x" as a header's name."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
