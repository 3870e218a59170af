import logging

from letters.organizer.dashboard import operations, queries

log = logging.getLogger(__name__)


def compare_tallies() -> None:
    """Report hours and tallies that do not add up to the letter's numbers. Mended by hand, once it is known why."""
    for slug in queries.drifted():
        log.error("The hours or tallies of %s do not add up. Run `manage.py retally %s`.", slug, slug)


def forget_vias() -> None:
    """Of who was turned away before being numbered, forget what led them here."""
    operations.forget_vias()
