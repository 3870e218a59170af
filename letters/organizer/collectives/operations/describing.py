"""Create a collective, and describe it."""

import secrets
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from letters.base.audit_log.operations import record
from letters.base.changes.operations import change_collective
from letters.models import (
    OWNING,
    Collective,
    Membership,
    User,
)
from letters.shared.folding import without_marks
from letters.shared.refused import Refusal, Refused
from letters.shared.text import looks_like_link

# What would stand where another page has its address: /organize/collectives/new/.
NO_SLUGS = {"new"}

# What an owner may say about a collective.
DESCRIPTION = ["name", "slug", "description", "website", "timezone"]


@transaction.atomic
def create_collective(*, name: str, by: User, now: datetime, slug: str = "", **values: Any) -> Collective:
    """A new collective, which `by` owns. Without a slug, one is made of its name.

    Raises Refused with "no_name", "names_a_link", "slug_taken" or "unknown_timezone".
    """
    _judge(values)
    check_no_link(name)
    collective = Collective(name=name, slug=slug, created_at=now, **values)
    if slug:
        _save(collective)
    else:
        _save_under_free_slug(collective)
    Membership.objects.create(collective=collective, user=by, role=Membership.Role.OWNER, created_at=now)
    record("create_collective", collective, by=by, now=now)
    return collective


@transaction.atomic
def describe_collective(collective: Collective, *, values: Mapping[str, Any], by: User, now: datetime) -> None:
    """Change what DESCRIPTION names. Raises Refused as `create_collective` does.

    A name from before that looks like a link may stay; no email shows it as one.
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    _judge(values)
    if values.get("name", collective.name) != collective.name:
        check_no_link(values["name"])
    changed = [name for name in DESCRIPTION if name in values and getattr(collective, name) != values[name]]
    described = copy(collective)
    for name in changed:
        setattr(described, name, values[name])
    if changed:
        # Before the row is saved: with another slug it stops whoever records a deed, who may hold a letter.
        change.make_letters_old()
        _save(described)
        change.record("describe_collective", described, details={"changed": changed})


def check_no_link(name: str) -> None:
    """Emails to strangers repeat it, and mail programs make a link of whatever looks like one."""
    if looks_like_link(name):
        raise Refused(Refusal.NAMES_A_LINK)


def _judge(values: Mapping[str, Any]) -> None:
    if values.get("timezone", "UTC") not in available_timezones():
        raise Refused(Refusal.UNKNOWN_TIMEZONE)


def _save(collective: Collective) -> None:
    """Raises Refused("slug_taken"): the database knows, also of one that is being made at this moment."""
    if not collective.name:
        raise Refused(Refusal.NO_NAME)
    if not collective.slug or collective.slug in NO_SLUGS:
        raise Refused(Refusal.SLUG_TAKEN)
    try:
        with transaction.atomic():
            collective.save()
    except IntegrityError as taken:
        raise Refused(Refusal.SLUG_TAKEN) from taken


def _save_under_free_slug(collective: Collective) -> None:
    """Under an address made of the name; with a few digits more, if that is taken or there are no letters for one."""
    wanted = slugify(without_marks(collective.name))[:60].strip("-")
    try:
        collective.slug = wanted
        _save(collective)
    except Refused:
        collective.slug = f"{wanted or 'collective'}-{secrets.token_hex(3)}"
        _save(collective)
