"""The URLs of a site that has a provider: a process without a provider does not have them."""

from django.urls import include, path

from letters.base.accounts.urls import guard
from petition.urls import urlpatterns as ours

with_provider = [
    path("3rdparty/", include("allauth.socialaccount.urls")),
    path("", include("allauth.socialaccount.providers.openid_connect.urls")),
]
urlpatterns = [path("accounts/", include(guard(with_provider))), *ours]
