import logging

from letters.organizer.dashboard import operations, queries

log = logging.getLogger(__name__)


def compare_tallies() -> None:
    """Report letters whose hours or tallies do not add up. A person repairs them once the cause is known."""
    for slug in queries.drifted():
        log.error("The hours or tallies of %s do not add up. Run `manage.py retally %s`.", slug, slug)


def forget_vias() -> None:
    """Delete the host that led the signer here from signatures that were taken out before they got a number."""
    operations.forget_vias()
