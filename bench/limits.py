"""What could not be faster in Django: a page that is only bytes, and a view that does one INSERT, without middleware.

Served as petition.wsgi is served, with the same settings but for those below. It is started by bench/site.py.
"""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
# Of the apps only our own: allauth refuses to be there without its middleware.
settings.INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "letters.apps.LettersConfig"]
settings.MIDDLEWARE = []
settings.ROOT_URLCONF = "bench.limits"

PAGE = b"An open letter. " * 640


def page(request: HttpRequest) -> HttpResponse:
    """10 kB."""
    return HttpResponse(PAGE, headers={"Content-Length": str(len(PAGE))})


def insert(request: HttpRequest) -> HttpResponse:
    """One row, through Django's connection."""
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
