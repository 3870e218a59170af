from django.conf import settings
from django.db import models


class Written(models.Model):
    """The bytes of text that an account added on the last day on which it wrote, in one row for each account.

    The limit is in letters/base/accounts/operations.py, `keep_text`.
    """

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    # The day, in UTC.
    day = models.DateField()
    size = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.size} bytes on {self.day}"
