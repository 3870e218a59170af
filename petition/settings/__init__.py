"""Settings of the project, one subject per file. Everything that differs between machines comes from the environment.

docs/configuration.md lists the variables; `petition/environment.py` reads them.
"""

from petition.settings.machine import *  # isort: skip  # first: it reads .env
from petition.settings.accounts import *
from petition.settings.email import *
from petition.settings.limits import *
from petition.settings.logs import *
from petition.settings.observing import *
from petition.settings.security import *
from petition.settings.site import *
from petition.settings.witnesses import *
