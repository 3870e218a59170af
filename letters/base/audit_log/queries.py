from collections.abc import Collection

from django.db import models

from letters.models import AuditEvent


def events_of(thing: models.Model) -> models.QuerySet[AuditEvent]:
    """Select the events about an object, under the kind that `record` stores."""
    return AuditEvent.objects.filter(object_kind=thing._meta.model_name or "", object_id=thing.pk)


def has_happened(verbs: Collection[str], thing: models.Model) -> bool:
    """Return whether one of these events has happened to an object."""
    return events_of(thing).filter(verb__in=verbs).exists()
