"""Store less than allauth does, and encrypt it: a stolen database must not reveal addresses or computers."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db.models.signals import pre_save
from django.dispatch import receiver

from letters.base.accounts.browsers import browser_name
from letters.shared.fields import encryption_field_of

encryption_field_of(EmailAddress, "email")


@receiver(pre_save, sender=UserSession)
def keep_little_of_a_browser(instance: UserSession, **kwargs: Any) -> None:
    """Privacy: keep only the kind of the browser, not its whole user agent."""
    instance.user_agent = browser_name(instance.user_agent)
