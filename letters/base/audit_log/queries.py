from collections.abc import Collection

from django.db import models

from letters.models import AuditEvent


def has_happened(verbs: Collection[str], thing: models.Model) -> bool:
    """Whether one of these deeds has been done to it."""
    kind = thing._meta.model_name or ""
    return AuditEvent.objects.filter(object_kind=kind, object_id=thing.pk, verb__in=verbs).exists()
