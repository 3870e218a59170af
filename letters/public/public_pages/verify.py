"""The page on which readers check the count, and signers their receipts. The browser does the work."""

from functools import partial

from letters.base.ledger_logs.queries import open_log
from letters.models import LedgerLog
from letters.public.public_pages.data import path_of
from letters.public.public_pages.pages import Context, Page, Visit, letter_page


@letter_page("verify")
def page(visit: Visit) -> Page:
    """Show how to check the count. Nothing that a reader checks here is sent to us."""
    log = open_log(visit.letter)
    return visit.of_version(log and log.origin, context=partial(_context, visit, log))


def _context(visit: Visit, log: LedgerLog | None) -> Context:
    addresses = {"count_url": visit.letter.url_of("count"), "origin": "", "log_url": "", "keys_url": ""}
    if log:
        path = path_of(log)
        addresses |= {"origin": log.origin, "log_url": path, "keys_url": f"{path}vkeys.txt"}
    return {**visit.context(), **addresses}
