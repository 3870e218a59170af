"""The addresses that do not change, a file for each subpackage."""

from django.urls import include, path, register_converter


class LanguageCode:
    """A language as the first part of an address: it, pt-BR, zh-Hant."""

    regex = "[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


# Before the files below are read, since their paths use it.
register_converter(LanguageCode, "language")

urlpatterns = [
    path("", include("letters.signing.urls")),
    path("", include("letters.organizing.urls")),
    path("", include("letters.picturing.urls")),
    path("", include("letters.collectives.urls")),
    path("", include("letters.revising.urls")),
    path("", include("letters.inviting.urls")),
    path("", include("letters.dashboard.urls")),
    path("", include("letters.exporting.urls")),
    path("", include("letters.updates.urls")),
    path("", include("letters.handover.urls")),
    path("", include("letters.moderating.urls")),
    path("", include("letters.publishing.urls")),
    path("accounts/", include("letters.accounts.urls")),
    path("", include("letters.delivering.urls")),
]
