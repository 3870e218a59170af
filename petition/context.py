"""What every template may know. Nothing here looks at who asks: public pages are the same bytes for everybody."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    return {"SITE_URL": settings.SITE_URL, "has_mailbox": settings.MAILBOX_DIR is not None}
