import logging
from datetime import datetime
from functools import cache

from letters.public.ledger.keys import NoKey
from letters.public.ledger.signing import sign_logs

log = logging.getLogger(__name__)


def sign_if_possible(*, now: datetime) -> None:
    """Sign the logs. A worker without the key leaves that to the one that has it."""
    try:
        sign_logs(now=now)
    except NoKey as error:
        _complain_once(str(error))


@cache
def _complain_once(reason: str) -> None:
    log.info("Nothing signs the logs of letters here: %s docs/running.md says how to make one.", reason)
