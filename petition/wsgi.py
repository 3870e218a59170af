"""What the web server serves. It refuses to be served with unsafe settings."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")

application = get_wsgi_application()

from petition.checks import refuse_unsafe_boot  # noqa: E402 -- needs the settings that the line above loads

refuse_unsafe_boot()
