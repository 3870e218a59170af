"""Note what the names of existing collectives look like, a few at a time, each batch in its own transaction.

Where two collectives have published under names that look the same, the one that published first has the name. The
other keeps it too, as if a moderator had allowed it.
"""

from typing import Any

from django.db import migrations, transaction
from django.db.models import Min
from django.utils import timezone

from letters.shared.lookalikes import key_of_name

BATCH = 500


def note_names(apps: Any, schema_editor: object) -> None:
    collectives = apps.get_model("letters", "Collective").objects
    letters = apps.get_model("letters", "Letter").objects
    noted = apps.get_model("letters", "CollectiveName")
    unnoted = collectives.filter(name_as_it_looks=None)
    # Those that have published come first, in the order in which they did.
    published = letters.exclude(status="draft").values("collective").annotate(first=Min("published_at"))
    first = dict(published.values_list("collective", "first"))
    order = sorted(first, key=lambda pk: (first[pk], pk))
    others = [pk for pk in unnoted.order_by("pk").values_list("pk", flat=True) if pk not in first]
    wanted = order + others
    for start in range(0, len(wanted), BATCH):
        with transaction.atomic():
            batch = wanted[start : start + BATCH]
            names = dict(unnoted.filter(pk__in=batch).values_list("pk", "name"))
            keys = {pk: key_of_name(names[pk]) for pk in batch if pk in names}
            claimed = noted.objects.filter(key__in=keys.values(), claimed_at__isnull=False)
            taken = set(claimed.values_list("key", flat=True))
            rows = []
            for pk, key in keys.items():
                is_second = pk in first and key in taken
                taken |= {key} if pk in first else set()
                allowed_at = timezone.now() if is_second else None
                rows.append(noted(collective_id=pk, key=key, claimed_at=first.get(pk), allowed_at=allowed_at))
            # Race: a running site may have noted one of them meanwhile.
            noted.objects.bulk_create(rows, ignore_conflicts=True)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0066_public_names")]

    operations = [migrations.RunPython(note_names, migrations.RunPython.noop)]
