from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from letters.models import LedgerEntry, Letter, Signature
from letters.signer.signing.operations import change_signature
from letters.signer.signing.operations.submitted_form import Changes
from tests.people import NOW

Lines = Callable[[], list[str]]


def change(number: int, **values: str) -> None:
    """Change what a signer says, and leave the rest as it is."""
    signature = Signature.objects.get(number=number)
    said = {"display": signature.display, "name": signature.name, "affiliation": signature.affiliation}
    change_signature(signature, changes=Changes(**{**said, **values}), now=NOW)


@pytest.fixture
def lines(letter: Letter) -> Lines:
    """Return what the ledger says, without the format and with commitments and fingerprints as dots."""

    def read() -> list[str]:
        said = LedgerEntry.objects.filter(letter=letter).order_by("index").values_list("index", "data")
        assert [index for index, _ in said] == [*range(len(said))]
        short = [data.removeprefix("undersigned/1 ").split(" ") for _, data in said]
        return [" ".join("…" if len(word) == 64 else word for word in words) for words in short]

    return read


@contextmanager
def without_triggers() -> Iterator[None]:
    """Let a test do what only a superuser of the database can: change what a trigger keeps."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = origin")
