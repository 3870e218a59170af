"""The work lists of the sequencer by display, because only public names are due at once. They can be made on a live site.

The new ones come first, so that the sequencer is never without.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0114_batches")]

    operations = [
        AddIndexConcurrently(
            "signature",
            models.Index(
                F("letter"), F("display"), F("confirmed_at"), name="signature_numbers", condition=Q(state="confirmed")
            ),
        ),
        AddIndexConcurrently(
            "signature",
            models.Index(
                F("letter"),
                F("display"),
                name="signature_take_outs",
                condition=Q(counted=True) & ~Q(state="published"),
            ),
        ),
        AddIndexConcurrently(
            "signature",
            models.Index(
                F("letter"), F("display"), name="signature_put_backs", condition=Q(counted=False, state="published")
            ),
        ),
        RemoveIndexConcurrently("signature", "signature_to_number"),
        RemoveIndexConcurrently("signature", "signature_to_take_out"),
        RemoveIndexConcurrently("signature", "signature_to_put_back"),
    ]
