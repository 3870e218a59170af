"""Create a collective, or change its description."""

import secrets
from collections.abc import Mapping
from copy import copy
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from letters.base.audit_log.operations import record
from letters.base.changes.operations import change_collective
from letters.base.public_names.operations import note_name
from letters.models import (
    OWNING,
    Collective,
    Membership,
    User,
)
from letters.shared.folding import without_marks
from letters.shared.refused import Refusal, Refused
from letters.shared.slugs import RESERVED
from letters.shared.text import looks_like_link

# Slugs that our own pages need, such as /organize/collectives/new/.
NO_SLUGS = {"new"}

# The fields that an owner may change.
DESCRIPTION = ["name", "slug", "description", "website", "timezone"]


@transaction.atomic
def create_collective(*, name: str, by: User, now: datetime, slug: str = "", **values: Any) -> Collective:
    """Create a collective that `by` owns. Without a slug, one is made from its name.

    Raises Refused with "no_name", "names_a_link", "name_in_use", "slug_taken" or "unknown_timezone".
    """
    _check_timezone(values)
    check_no_link(name)
    collective = Collective(name=name, slug=slug, created_at=now, **values)
    if slug:
        _save(collective)
    else:
        _save_under_free_slug(collective)
    note_name(collective)
    Membership.objects.create(collective=collective, user=by, role=Membership.Role.OWNER, created_at=now)
    record("create_collective", collective, by=by, now=now)
    return collective


@transaction.atomic
def describe_collective(collective: Collective, *, values: Mapping[str, Any], by: User, now: datetime) -> None:
    """Change the fields in DESCRIPTION. Raises Refused as `create_collective` does.

    An existing name that looks like a link may stay. Emails do not show it as one.
    """
    change = change_collective(collective, OWNING, by=by, now=now)
    _check_timezone(values)
    if values.get("name", collective.name) != collective.name:
        check_no_link(values["name"])
    changed = [name for name in DESCRIPTION if name in values and getattr(collective, name) != values[name]]
    described = copy(collective)
    for name in changed:
        setattr(described, name, values[name])
    if changed:
        # Lock order: the letters before the collective's row. Changing the slug blocks anyone who records an event
        # about the collective, and they may hold a letter.
        change.make_letters_old()
        if "timezone" in changed:
            change.keep_days_of_letters()
        _save(described)
        if "name" in changed:
            note_name(described)
        change.record("describe_collective", described, details={"changed": changed})


def check_no_link(name: str) -> None:
    """Raise Refused("names_a_link") for a name that looks like a link.

    Abuse: emails to strangers repeat the name, and email programs turn whatever looks like an address into a link.
    """
    if looks_like_link(name):
        raise Refused(Refusal.NAMES_A_LINK)


# Cached, because it reads a thousand files.
_timezones = cache(available_timezones)


def _check_timezone(values: Mapping[str, Any]) -> None:
    if values.get("timezone", "UTC") not in _timezones():
        raise Refused(Refusal.UNKNOWN_TIMEZONE)


def _save(collective: Collective) -> None:
    """Save the collective. Race: the database alone knows whether a slug is free. Raises Refused("slug_taken")."""
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
    """Save under a slug made from the name; with random digits if it is taken or the name has no Latin letters."""
    wanted = slugify(without_marks(collective.name))[:60].strip("-")
    try:
        # A page of the site may have the slug.
        collective.slug = "" if wanted in RESERVED else wanted
        _save(collective)
    except Refused:
        collective.slug = f"{wanted or 'collective'}-{secrets.token_hex(3)}"
        _save(collective)
