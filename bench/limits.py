"""The limits of Django: a page of constant bytes, and a view with one INSERT, without middleware.

Served like petition.wsgi, with the same settings except those below. bench/site.py starts it.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
# The two views use no model, and some apps refuse to start without their middleware.
settings.INSTALLED_APPS = []
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "bench.limits"

PAGE = b"An open letter. " * 640


def page(request: HttpRequest) -> HttpResponse:
    """Return 10 kB."""
    return HttpResponse(PAGE, headers={"Content-Length": str(len(PAGE))})


def insert(request: HttpRequest) -> HttpResponse:
    """Insert one row through Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_limit (name, signed_at) VALUES (%s, now())", ["Ilse Marwick"])
    return HttpResponse(b"done", headers={"Content-Length": "4"})


def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"ok")


urlpatterns = [
    path("page", page),
    path("insert", insert),
    path("healthz", healthz),
]

application = get_wsgi_application()
