"""An entry of the ledger is never changed or deleted, also not with SQL."""

import pytest
from django.db import IntegrityError, connection, transaction

from letters.models import LedgerEntry, Letter

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE letters_ledgerentry SET data = 'undersigned/1 withdraw 1'",
        "UPDATE letters_ledgerentry SET index = index + 1",
        "DELETE FROM letters_ledgerentry",
        "TRUNCATE letters_ledgerentry",
        "TRUNCATE letters_letter CASCADE",
    ],
)
def test_the_database_refuses_to_change_the_ledger(letter: Letter, statement: str) -> None:
    LedgerEntry.objects.create(letter=letter, index=1000, data="undersigned/1 withdraw 3")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
            cursor.execute(statement)
    assert LedgerEntry.objects.get(index=1000).data == "undersigned/1 withdraw 3"
