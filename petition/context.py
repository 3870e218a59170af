"""The context that every template has.

Privacy: nothing here depends on the visitor, so public pages are the same bytes for everyone.
"""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse


def site(request: HttpRequest) -> dict[str, object]:
    return {
        "SITE_URL": settings.SITE_URL,
        "source_url": settings.SOURCE_URL or reverse("source"),
        "operator": settings.OPERATOR,
        "operator_contact": settings.OPERATOR_CONTACT,
        "sign_up_is": settings.SIGN_UP,
        "has_mailbox": settings.MAILBOX_DIR is not None,
    }
