"""Three hundred people sign and some leave; then a stranger adds up the letter with files that everyone can read."""

from base64 import b64encode
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import redis
from django.conf import settings
from django.db import connection

from letters.models import HoldFrom, LedgerEntry, Letter, Signature, User
from letters.moderator.moderation.operations import reject_signatures, restore_signatures
from letters.public.ledger.signing import sign_logs
from letters.signer.signing.operations import withdraw_signature
from tests.checking import checked
from tests.conftest import LetterMaker
from tests.ledger_logs import conftest as logs
from tests.people import NOW, publish, sign_and_confirm, unheard_of
from tests.stack import Parts, Web
from tests.test_nothing_leaks import Places, disguises, in_lower_case, keys_and_values, rows_of_every_table, where_is

# The worker that signs the logs, with a key.
signs, ledger_dir = logs.signs, logs.ledger_dir
pytestmark = [
    pytest.mark.xdist_group("stack"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("signs"),
]

OF_EACH_KIND = 100


class Story:
    """What happens to the letter, and what a stranger finds after each step."""

    def __init__(self, letter: Letter, web: Web, folder: Path) -> None:
        self.letter, self.web, self.folder = letter, web, folder
        self.minutes = 0
        self.receipts: list[Path] = []
        # In the order in which they signed, with name and address.
        self.signed: list[Signature] = []
        self.left_behind: list[list[str]] = []
        # What must be nowhere in the end, and what people left behind before.
        self.erased: list[str] = []
        self.openings: list[bytes] = []

    def settle(self) -> str:
        """Let the sequencer and the signer of the logs work. Return what the script of the docs finds."""
        self.minutes += 1
        now = NOW + timedelta(minutes=self.minutes)
        publish(now)
        sign_logs(now=now)
        return checked("check_letter.py", f"http://127.0.0.1:{self.web.port}{self.letter.get_absolute_url()}")

    def sign(self) -> None:
        for place in range(3 * OF_EACH_KIND):
            display = ("public", "organizers", "nobody")[place % 3]
            name, email = ("" if display == "nobody" else unheard_of("Ada")), f"{unheard_of('ada')}@example.org"
            self.signed.append(sign_and_confirm(self.letter, email, name=name, display=display))
            self.left_behind.append([name, email])

    def save_receipts(self) -> None:
        """Signers who leave, whom moderators remove, and who stay save their receipts if they get any."""
        for signature in (self.signed[0], self.signed[2], self.signed[22], self.signed[-2]):
            answer = self.web.get(f"{signature.link('manage', now=NOW)}receipt.tlog-proof")
            if answer.status == 200:
                self.receipts.append(self.folder / f"{len(self.receipts)}.tlog-proof")
                self.receipts[-1].write_text(answer.text, encoding="utf-8")

    def leave(self, places: range) -> None:
        for place in places:
            signature = Signature.objects.select_related("letter").get(pk=self.signed[place].pk)
            self.openings.append(bytes(signature.ledger_opening.opening))
            self.erased += filter(None, self.left_behind[place])
            withdraw_signature(signature, now=NOW)


def test_a_stranger_adds_up_the_letter_after_each_step_and_nothing_is_left_of_who_left(
    published: LetterMaker, organizer: User, tmp_path: Path
) -> None:
    letter = published("recounted", hold_from=HoldFrom.NEVER)
    parts = Parts(tmp_path)
    try:
        story = Story(letter, parts.start_web(under_own_address=True), tmp_path)
        _tell(story, organizer)
        keys = tmp_path / "vkeys.txt"
        keys.write_text(story.web.get(f"/log/{letter.pk}/vkeys.txt").text)
        assert len(story.receipts) > 10
        for receipt in story.receipts:
            assert "The receipt is true." in checked("check_receipt.py", str(receipt), str(keys))
        _search(story, parts)
    finally:
        parts.stop()


def _tell(story: Story, organizer: User) -> None:
    letter = story.letter
    story.sign()
    assert "[('published', 300)] [(1, 300)]" in story.settle()
    story.save_receipts()
    story.leave(range(20))
    assert "[('published', 280), ('withdrawn', 20)] [(1, 280)]" in story.settle()
    story.save_receipts()
    removed = [each.pk for each in story.signed[20:25]]
    reject_signatures(letter, removed, reason="Not people.", by=organizer, now=NOW)
    assert "[('published', 275), ('removed', 5), ('withdrawn', 20)] [(1, 275)]" in story.settle()
    story.save_receipts()
    restore_signatures(letter, removed[:1], by=organizer, now=NOW)
    assert "[('published', 276), ('removed', 4), ('withdrawn', 20)] [(1, 276)]" in story.settle()
    story.save_receipts()
    story.leave(range(21, 24))
    assert "[('published', 276), ('removed', 4), ('withdrawn', 20)] [(1, 276)]" in story.settle()
    story.save_receipts()


def _search(story: Story, parts: Parts) -> None:
    """Look for everything of those who left in a dump, Valkey, the logs of the web server, and the record."""
    connection.close()
    with psycopg.connect(parts.environ["DATABASE_URL"]) as dump:
        places: Places = rows_of_every_table(dump)
    with redis.Redis.from_url(settings.VALKEY_URL) as valkey:
        places |= keys_and_values(valkey)
    entries = LedgerEntry.objects.values_list("data", flat=True)
    places |= {"the web server's log": parts.output.encode(), "the record": "\n".join(entries).encode()}
    kept = in_lower_case(places)
    assert where_is(disguises(story.left_behind[99][0]), kept), "It would not find a name either"
    forms = {form for each in story.openings for form in (each.hex().encode(), b64encode(each), each)}
    assert len(story.openings) == 23
    assert where_is({form.lower() for form in forms}, kept) == []
    assert where_is({form for secret in story.erased for form in disguises(secret)}, kept) == []
