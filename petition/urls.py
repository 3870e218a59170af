"""The URLs of the project."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from petition import health, mailbox, source, status_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("letters.urls")),
    # /admin/
    path("admin/", admin.site.urls),
    # /healthz and /readyz, answered by the first middleware
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    # /site/status/    for superusers
    path("site/status/", status_page.status, name="site_status"),
    # /source.tar.gz   the source of this site
    path("source.tar.gz", source.source, name="source"),
]

handler500 = "petition.errors.server_error"

if settings.MAILBOX_DIR:
    urlpatterns += [
        # /mailbox/   laptop mode only
        path("mailbox/", mailbox.mailbox, name="mailbox"),
        path("mailbox/<str:name>/", mailbox.mail_html, name="mail_html"),
    ]
