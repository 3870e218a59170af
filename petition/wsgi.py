"""The WSGI application. It refuses to start with unsafe settings."""

import os
import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

from petition.environment import forget_signing_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")

site = get_wsgi_application()
forget_signing_key()

BOUNDARY = re.compile(r';\s*(boundary="[^"]*"|boundary=[^;\s]*)', re.IGNORECASE)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Reduce a form's Content-Type to that of our own forms: they are UTF-8, whatever the sender says.

    Django decodes forms and paths with the charset named there, even if it is not a text encoding (`hex`), and fails
    before any middleware could answer.
    """
    content_type = environ.get("CONTENT_TYPE") or ""
    if ";" in content_type:
        boundary = BOUNDARY.search(content_type)
        kind = content_type.split(";", 1)[0]
        environ["CONTENT_TYPE"] = f"{kind}; {boundary[1]}" if boundary else kind
    return site(environ, start_response)


from petition.checks import refuse_unsafe_boot  # noqa: E402 -- needs the settings that the line above loads
from petition.database.base import protect_threads  # noqa: E402
from petition.error_reports import begin as begin_error_reports  # noqa: E402
from petition.keys import refuse_wrong_keys  # noqa: E402

refuse_unsafe_boot()
refuse_wrong_keys()
protect_threads()
begin_error_reports()
