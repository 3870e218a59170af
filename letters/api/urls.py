from django.urls import include, path

from letters.api import docs, organizers, signing, views
from letters.api.answers import api

# Importing these modules has given their addresses to `api`.
WITH_ADDRESSES = (views, signing, organizers)

# Without the page that django-ninja adds at the root, and without a namespace, so that names are those of the site.
of_api = [pattern for pattern in api.urls[0] if getattr(pattern, "name", "") != "api-root"]

urlpatterns = [
    # /api/v1/docs/ and /api/v1/openapi.json
    path("api/v1/docs/", docs.page, name="api_docs"),
    path("api/v1/openapi.json", docs.openapi, name="api_openapi"),
    path("api/v1/", include(of_api)),
]
