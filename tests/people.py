"""People in tests: they read, sign, sign in, and press the button in an email."""

import json
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from uuid import uuid4

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
from letters.moderator.signals.keyboard_mash import has_mash
from letters.organizer.letter_editor.operations import Text
from letters.public.public_pages.caching import PublicPageCache
from letters.public.public_pages.tasks import sweep
from letters.shared.addresses import canonical, hash_address, read_address
from letters.shared.tokens import read_check_token
from letters.signer.signing.operations import SubmittedForm, confirm_signature, request_mail, sign_letter
from letters.tasks import EMAIL_BUILDERS

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

# The response of a Client, with a few attributes for tests.
Response: TypeAlias = "_MonkeyPatchedWSGIResponse"

Input = TypeVar("Input")
Output = TypeVar("Output")

# In the past for every machine that runs these tests, so that everything due at this time is due.
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
    """Return the site as a web server has it. Created once, because it reads every static file.

    Django's Client would create a handler for each visitor, and would not notice a page without its CSRF exemption.
    """
    handler = ClientHandler(enforce_csrf_checks=True)
    handler.load_middleware()
    return handler


def kept_pages() -> PublicPageCache:
    """Return the site's cache of public pages."""
    layer: Any = site()._middleware_chain.__wrapped__  # type: ignore[attr-defined]
    while not isinstance(layer, PublicPageCache):
        layer = layer.get_response.__wrapped__
    return layer


class Reader:
    """A person with a browser."""

    def __init__(self, handler: ClientHandler | None = None) -> None:
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        self.client.handler = handler or site()

    def get(self, url: str, **headers: str) -> Response:
        return self.client.get(url, headers=_headers(headers))

    def read(self, letter: Letter, page: str = "letter", language: str = "") -> str:
        """Return the text of one of the letter's pages, by its name in urls.py."""
        response = self.get(letter.url_of(page, language))
        assert response.status_code == 200, response.status_code
        return response.content.decode()

    def count(self, letter: Letter) -> dict[str, Any]:
        """Return the letter's counts as data."""
        found: dict[str, Any] = self.get(letter.url_of("count")).json()
        return found


def browser_of(person: User) -> Client:
    """Return the browser of a person who is signed in."""
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
        """Fill in the form and send it. Answers 303 to "check your email", or the form again."""
        return self.send(letter, {"name": name, "email": email, "display": display, **fields}, language=language)

    def send(self, letter: Letter, fields: dict[str, Any], *, language: str = "", **headers: str) -> Response:
        """Send the form with exactly these fields."""
        return self.client.post(letter.url_of("sign", language), fields, headers={**FROM_OUR_PAGE, **_headers(headers)})

    def calculate(self, page: Response, **instead: str) -> Response:
        """Solve the proof of work of the page "One moment", as its script does, and send the form again."""
        text = page.content.decode()
        kept = {name: unescape(value) for name, value in KEPT.findall(text)}
        (action,) = re.findall(r'<form class="proof" method="post" action="([^"]+)"', text)
        fields = {**kept, "proof": solve(page), **instead}
        return self.client.post(action, fields, headers=FROM_OUR_PAGE)

    def last_mail(self, email: str = "") -> str:
        """Deliver the emails that are due, and return the text of the last one, or of the last one to `email`."""
        deliver()
        bodies = [str(message.body) for message in mail.outbox if not email or message.to == [email]]
        assert bodies, f"no mail to {email or 'anyone'}"
        return bodies[-1]

    def mailed_link(self, email: str = "", *, purpose: str = "confirm") -> str:
        """Return the path of a link in the last email (to `email`)."""
        text = self.last_mail(email)
        links: dict[str, str] = {name: path for path, name in LINK.findall(text)}
        assert purpose in links, text
        return links[purpose]

    def mailed_code(self, email: str = "") -> str:
        """Return the code in the last email (to `email`)."""
        text = self.last_mail(email)
        codes: list[str] = CODE.findall(text)
        assert codes, text
        return codes[0]

    def press(self, url: str) -> Response:
        """Press the button on a page behind an emailed link, and return the page that follows."""
        return self.client.post(url, headers=FROM_OUR_PAGE, follow=True)

    def confirm(self, email: str = "") -> Response:
        """Open the link in the last email (to `email`) and press its button. Returns the thank-you page."""
        url = self.mailed_link(email)
        assert b'<form method="post"' in self.get(url).content, "the mail leads to no button"
        return self.press(url)


def solve(page: Response) -> str:
    """Return the solution of a page's proof of work, as proof.js sends it."""
    (puzzle,) = re.findall(r'data-challenge="([^"]+)"', page.content.decode())
    challenge = Challenge.from_dict(json.loads(unescape(puzzle)))
    solution = solve_challenge(challenge)
    assert solution
    return Payload(challenge, solution).to_base64()


def submitted_form(
    email: str = "ada@example.org", *, name: str = "Ada Lovelace", display: str = "public", **more: str
) -> SubmittedForm:
    """Return what the form makes of a signer's input."""
    address = read_address(email)
    assert address, email
    return SubmittedForm(address=address, name=name, display=display, **more)


def signature_of(letter: Letter, email: str = "ada@example.org") -> Signature:
    """Return the signature of an address, found as the site finds it."""
    return Signature.objects.get(letter=letter, address_hash=hash_address(canonical(email)))


def sign(letter: Letter, email: str = "ada@example.org", *, now: datetime = NOW, **entered: str) -> Signature:
    """Sign without a browser."""
    sign_letter(letter, submitted=submitted_form(email, **entered), language=letter.language, now=now)
    return signature_of(letter, email)


def submit(letter: Letter, *, language: str = "en", **entered: str) -> int:
    """Sign without a browser, and return the id of the submission."""
    token = read_check_token(sign_letter(letter, submitted=submitted_form(**entered), language=language, now=NOW))
    assert token
    return token.submission_id


def sign_and_confirm(
    letter: Letter, email: str = "ada@example.org", *, now: datetime = NOW, **entered: str
) -> Signature:
    """Sign and confirm without browser or email. The sequencer has not numbered the signature yet."""
    signature = sign(letter, email, now=now, **entered)
    confirm_signature(signature, verified=Signature.Verified.LINK, now=now)
    signature.refresh_from_db()
    return signature


def ask_again(signature: Signature, email: str = "ada@example.org", *, now: datetime) -> None:
    """Ask for the email about a signature again, with the page "check your email" or the form for lost links."""
    address = read_address(email)
    assert address
    request_mail(signature.letter, address=address, language=signature.letter.language, now=now)


def ids_of(letter: Letter) -> list[int]:
    """Return the ids of its signatures, the first to sign first."""
    return list(letter.signatures.order_by("pk").values_list("pk", flat=True))


def add_confirmed(letter: Letter, number: int, *, now: datetime = NOW, **values: Any) -> None:
    """Create confirmed signatures directly, beginning with "Signer 1": the same rows as the
    operations write, but faster.
    """
    first = letter.signatures.count() + 1
    fields = {"display": "public", "state": Signature.State.CONFIRMED, "verified": Signature.Verified.LINK, **values}
    rows = (
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
    # PostgreSQL takes at most 65,535 values in one statement.
    Signature.objects.bulk_create(rows, batch_size=1000)


def add_published(letter: Letter, number: int, *, now: datetime = NOW, **values: Any) -> None:
    """Create published signatures, numbered by the sequencer."""
    add_confirmed(letter, number, now=now, **values)
    sweep(now=now)
    letter.refresh_from_db()


def turn(name: Switch.Name, *, on: bool, until: datetime | None = None) -> None:
    """Turn a switch of the running site."""
    turn_switch(name, on=on, by=None, now=NOW, until=until)
    switches_queries._all.cache_clear()
    if name == Switch.Name.MAINTENANCE:
        switches_queries._maintenance.cache_clear()


def deliver() -> None:
    """Send every email that is due, as the worker does."""
    deliver_owed(EMAIL_BUILDERS)
    deliver_owed(EMAIL_BUILDERS, bulk=True)


def message_of(outgoing: OutgoingEmail) -> EmailMultiAlternatives:
    """Return the email as it would be sent now."""
    built = EMAIL_BUILDERS[outgoing.kind](outgoing)
    assert isinstance(built, Send), built
    assert isinstance(built.message, EmailMultiAlternatives)
    return built.message


def publish(now: datetime | None = None) -> None:
    """Number confirmed signatures and update the counts, as the sequencer does."""
    sweep(now=now or timezone.now())


SYLLABLES = ["ba", "de", "ka", "le", "li", "lo", "ma", "mi", "na", "ne", "ra", "re", "ri", "sa", "te", "to"]


def unheard_of(beginning: str = "") -> str:
    """Return a new word that the site takes for a name: without numerals, and not like random keystrokes."""
    while True:
        word = beginning + "".join(SYLLABLES[byte % len(SYLLABLES)] for byte in uuid4().bytes[:6])
        if not has_mash([word]):
            return word


def in_threads(work: Callable[[Input], Output], inputs: Iterable[Input], *, threads: int) -> list[Output]:
    """Do the work for each input in parallel, each thread with its own database connection."""

    def run(each: Input) -> Output:
        try:
            return work(each)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, inputs))


def words(response: Response) -> str:
    """Return what a response says, without tags and entities, on one line."""
    return " ".join(unescape(TAG.sub(" ", response.content.decode())).split())


def _headers(headers: dict[str, str]) -> dict[str, str]:
    """Accept if_none_match="x" for the header If-None-Match."""
    return {name.replace("_", "-"): value for name, value in headers.items()}
