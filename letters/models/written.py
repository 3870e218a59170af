from django.conf import settings
from django.db import models


class Written(models.Model):
    """The bytes of text that an account has added on its last day of writing, in one row for each account.

    The limit is in letters/base/accounts/operations.py, `keep_text`.
    """

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    # In UTC.
    day = models.DateField()
    size = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.size} bytes on {self.day}"
