"""Keep and delete what the signals compare: networks, types of browsers, and reasons for doubt."""

from collections.abc import Collection
from datetime import datetime

from letters.models import CONFIRMED_OR_SEALED, IN_QUEUE, Doubt, Signature, SigningTrace, Submission
from letters.shared import wakeups
from letters.shared.batches import batches_of_ids
from letters.shared.traces import TRACE_LIFETIME

# Denial of service: no more signatures are scored again because of one answer.
MAX_AGAIN = 500


def networks_of(signature: Signature) -> set[bytes]:
    """Return the hashes of the networks from which someone typed the address of a signature."""
    typed = Submission.objects.filter(signature_id=signature.pk, network__isnull=False)
    confirmed = SigningTrace.objects.filter(signature_id=signature.pk, network__isnull=False)
    found = [*typed.values_list("network", flat=True), *confirmed.values_list("network", flat=True)]
    return {bytes(network) for network in found if network}


def keep_networks(signature: Signature, networks: Collection[bytes], now: datetime) -> None:
    """Keep the networks after "It wasn't me", and let the sequencer score the others from there again.

    Privacy: nothing that is kept tells whose address it was.
    """
    letter_id = signature.letter_id
    SigningTrace.objects.bulk_create(
        SigningTrace(letter_id=letter_id, network=network, at=now) for network in sorted(networks)
    )
    nearby = SigningTrace.objects.filter(letter=letter_id, network__in=networks, signature__isnull=False)
    again = list(nearby.order_by("-at").values_list("signature", flat=True)[:MAX_AGAIN])
    Signature.objects.filter(pk__in=again, state__in=CONFIRMED_OR_SEALED).update(to_score=True)
    wakeups.wake_sequencer(letter_id)


def forget_doubts(signature: Signature) -> None:
    """Delete where the form came from, and why the site doubted. Privacy: the signer wants no name to be known."""
    SigningTrace.objects.filter(signature_id=signature.pk).delete()
    Doubt.objects.filter(pk=signature.pk).delete()


def forget_traces(*, now: datetime) -> int:
    """Delete traces after a week, and reasons for doubt that no moderator needs. Return how many rows changed."""
    since = now - TRACE_LIFETIME
    forgotten = sum(
        old.filter(pk__in=ids).delete()[0]
        for old in (
            SigningTrace.objects.filter(at__lte=since),
            Doubt.objects.filter(scored_at__lte=since).exclude(
                pk__in=Signature.objects.filter(IN_QUEUE, pk__in=Doubt.objects.filter(scored_at__lte=since))
            ),
        )
        for ids in batches_of_ids(old)
    )
    typed = Submission.objects.filter(submitted_at__lte=since, browser__isnull=False)
    return forgotten + sum(typed.filter(pk__in=ids).update(network=None, browser=None) for ids in batches_of_ids(typed))
