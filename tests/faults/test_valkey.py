"""Valkey stops, and comes back without its data."""

from collections.abc import Iterator

import pytest

from letters.models import Letter, OutgoingEmail
from tests.faults.conftest import nothing_is_owed
from tests.people import signature_of
from tests.smtp import SmtpSink
from tests.stack import Parts, StoppableValkey, Web, link_in, until

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ["ada@example.org", "berta@example.org"]
# The person who confirms, and so gets a second email.
THANKED = "ada@example.org"
MEANWHILE = ["carlo@example.org", "dora@example.org", "emil@example.org"]


@pytest.fixture
def own_valkey() -> Iterator[StoppableValkey]:
    server = StoppableValkey()
    yield server
    server.stop()


@pytest.fixture
def web(transactional_db: None, parts: Parts, own_valkey: StoppableValkey) -> Web:
    """A web server, a worker and a clock, all with that Valkey."""
    parts.environ["VALKEY_URL"] = own_valkey.url
    parts.start_worker()
    parts.start_clock()
    return parts.start_web()


def test_people_sign_and_confirm_while_valkey_is_unavailable_and_each_gets_one_email_and_a_number(
    web: Web, letter: Letter, own_valkey: StoppableValkey, sink: SmtpSink
) -> None:
    under_way = [sink.hold("DATA", to=email) for email in BEFORE]
    for email, hold in zip(BEFORE, under_way, strict=True):
        assert web.sign(letter.slug, email).status == 303
        assert hold.reached.wait(60)

    own_valkey.stop()
    for hold in under_way:
        hold.release()
    assert sink.wait_for(len(BEFORE), 60)
    for email in MEANWHILE:
        answer = web.sign(letter.slug, email)
        assert answer.status == 303
        assert web.get(answer.location).status == 200
    mail = next(mail for mail in sink.received if mail.recipients == [THANKED])
    assert web.post(link_in(mail.message, "confirm")).status == 303
    assert signature_of(letter).number is None

    own_valkey.start()
    until(nothing_is_owed)
    assert sorted(sink.recipients()) == sorted([*BEFORE, *MEANWHILE, THANKED])
    assert set(OutgoingEmail.objects.values_list("attempts", flat=True)) == {1}
    until(lambda: signature_of(letter).number == 1)
