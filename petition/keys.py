"""Refuse to boot under other keys than those of the data: a signer who is not recognised could sign twice."""

import logging
import os
import signal
import sys
import threading
import time

from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from letters.base.keyring.operations import WrongKeys, know_keys

log = logging.getLogger(__name__)

ASKED_AGAIN_SECONDS = 1


def refuse_wrong_keys() -> None:
    """End the process with a sentence if the keys are wrong.

    Without the database the process starts, and ends once the database answers and the keys are wrong.
    """
    try:
        know_keys(now=timezone.now())
    except WrongKeys as wrong:
        raise SystemExit(f"Undersigned does not start: {wrong}") from None
    except DatabaseError as error:
        log.warning("The keys could not be compared with the database yet (%s).", type(error).__name__)
        threading.Thread(target=_ask_until_answered, daemon=True).start()
    finally:
        # Forked processes must not share this connection.
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined] # the stubs do not know it yet


def _ask_until_answered() -> None:
    while True:
        time.sleep(ASKED_AGAIN_SECONDS)
        try:
            know_keys(now=timezone.now())
        except DatabaseError:
            continue
        except WrongKeys as wrong:
            print(f"Undersigned stops: {wrong}", file=sys.stderr, flush=True)  # noqa: T201
            os.kill(os.getpid(), signal.SIGKILL)
        finally:
            connection.close()
        return
