"""What is changed in allauth's rows before they are stored."""

from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models.signals import pre_save
from django.dispatch import receiver

from letters.shared.browsers import browser_name


@receiver(pre_save, sender=UserSession)
def keep_little_of_a_browser(instance: UserSession, **kwargs: Any) -> None:
    """Privacy: its kind, not everything that it says of itself."""
    instance.user_agent = browser_name(instance.user_agent)
