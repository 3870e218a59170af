"""The name of the site, on pages and in emails."""

from email.utils import parseaddr

from django.conf import settings

SITE_NAME = "Undersigned"


def site_name() -> str:
    """Return the name in EMAIL_FROM."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[0] or SITE_NAME
