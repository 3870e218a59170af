from django.conf import settings
from django.db import models


class Written(models.Model):
    """How many bytes of text an account has added on its newest day of writing: one row for each account.

    What decides with it stands in letters/base/accounts/operations.py, `keep_text`.
    """

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    # In UTC.
    day = models.DateField()
    size = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.size} bytes on {self.day}"
