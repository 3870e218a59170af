from collections.abc import Collection

from django.db import models

from letters.models import AuditEvent


def events_of(thing: models.Model) -> models.QuerySet[AuditEvent]:
    """What was done to it, under the kind by which `record` writes it down."""
    return AuditEvent.objects.filter(object_kind=thing._meta.model_name or "", object_id=thing.pk)


def has_happened(verbs: Collection[str], thing: models.Model) -> bool:
    """Whether one of these deeds has been done to it."""
    return events_of(thing).filter(verb__in=verbs).exists()
