"""Encrypts the addresses of accounts that are there already, a thousand at a time.

Processes of the release before find no account by its address from here on, so nobody can sign in until new ones run.
Who is signed in with a new process stays so, and signing letters is not concerned.
"""

from collections.abc import Callable
from typing import Any

from django.db import migrations, transaction

from letters.shared.fields import open_email, seal_email

TABLES = ("letters_user", "account_emailaddress")
BATCH = 1000


def rewrite(schema_editor: Any, change: Callable[[str], str]) -> None:
    connection = schema_editor.connection
    for table in TABLES:
        last = 0
        while True:
            with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
                found = f"SELECT id, email FROM {table} WHERE id > %s ORDER BY id LIMIT {BATCH} FOR NO KEY UPDATE"  # noqa: S608 -- our own names
                cursor.execute(found, [last])
                rows = cursor.fetchall()
                changed = [(change(email), pk) for pk, email in rows if email and change(email) != email]
                cursor.executemany(f"UPDATE {table} SET email = %s WHERE id = %s", changed)  # noqa: S608
            if not rows:
                break
            last = rows[-1][0]


def encrypt(apps: Any, schema_editor: Any) -> None:
    # Twice encrypted is encrypted once.
    rewrite(schema_editor, lambda email: seal_email(open_email(email)))


def decrypt(apps: Any, schema_editor: Any) -> None:
    rewrite(schema_editor, open_email)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0035_addresses_of_accounts_are_encrypted")]

    operations = [migrations.RunPython(encrypt, decrypt)]
