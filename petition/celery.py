"""The Celery application: `celery -A petition worker`, `celery -A petition beat`."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from petition.checks import refuse_unsafe_boot

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")

app = Celery("petition")
app.config_from_object("django.conf:settings", namespace="CELERY")


@worker_init.connect
@beat_init.connect
def check_settings(**kwargs: Any) -> None:
    refuse_unsafe_boot()
