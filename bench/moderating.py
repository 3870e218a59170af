"""Measure the review queue of a letter with many signatures, a tenth of them held."""

import time
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth import login
from django.db import connection
from django.http import HttpRequest
from django.test.client import Client
from django.test.utils import CaptureQueriesContext

from bench.site import copied_letter, must_answer
from letters.models import ReviewClaim, User
from letters.shared.sessions import SessionStore

QUEUE = "/moderate/"
PAGES = 15
FILL = """
INSERT INTO letters_signature (letter_id, revision_id, language, name, affiliation, role, country, comment, display,
    state, verified, salt, number, counted, risk, signed_at, confirmed_at, published_at)
SELECT id, current_revision_id, language, 'Reader ' || n, '', '', '', '', 'public',
    CASE WHEN n %% 10 = 0 THEN 'held' ELSE 'published' END, 'link', substr(sha256(int4send(n)), 1, 8),
    CASE WHEN n %% 10 = 0 THEN NULL ELSE n END, n %% 10 <> 0, n %% 100, now(), now() - n * interval '1 second',
    CASE WHEN n %% 10 = 0 THEN NULL ELSE now() END
FROM letters_letter, generate_series(1, %(many)s) AS n WHERE id = %(letter)s
"""


@dataclass(frozen=True)
class Queue:
    """One page of the queue: the fastest of several tries, and the statements of one."""

    milliseconds: float
    statements: int


def fill_queue(many: int) -> None:
    """Create a letter with so many signatures."""
    letter = copied_letter(f"reviewed-{many}", many)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"letter": letter, "many": many})
        cursor.execute("ANALYZE letters_signature")


def measure_queue(*, pages: int = PAGES) -> Queue:
    """Open the queue of the whole site as someone new, with nothing claimed, again and again."""
    person = User.objects.create_user(f"moderator{User.objects.count()}@example.org", name="Mo", moderates_site=True)
    client = signed_in(person)
    taken = []
    for _ in range(pages):
        ReviewClaim.objects.filter(moderator=person).delete()
        begun = time.perf_counter()
        must_answer(client.get(QUEUE).status_code, 200, QUEUE)
        taken.append(time.perf_counter() - begun)
    ReviewClaim.objects.filter(moderator=person).delete()
    with CaptureQueriesContext(connection) as sent:
        must_answer(client.get(QUEUE).status_code, 200, QUEUE)
    return Queue(min(taken) * 1000, len(sent))


def signed_in(person: User) -> Client:
    """Return a browser with a session. The cookie holds the key, which Django's own test client does not know."""
    request = HttpRequest()
    request.session = session = SessionStore()
    login(request, person, backend=settings.AUTHENTICATION_BACKENDS[0])
    session.save()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.cookie_key
    return client
