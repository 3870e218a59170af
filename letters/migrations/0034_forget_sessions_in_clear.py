"""Sessions used to be stored under the key that the browser holds, with addresses of computers beside them.

They cannot be hashed in place without reading every key once more, and a copy of the database may exist: everybody signs
in again. New processes recognise hashes only, so nobody is signed out twice.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0033_letters_come_back"),
        ("sessions", "0001_initial"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            ["DELETE FROM usersessions_usersession", "DELETE FROM django_session"],
            reverse_sql=["DELETE FROM usersessions_usersession", "DELETE FROM django_session"],
        )
    ]
