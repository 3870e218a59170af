"""Which steps delete what opens a commitment in the ledger."""

from letters.models.lifecycle import UNNUMBERED, Transition
from letters.models.signer_words import WORDS


def forgets_openings(transition: Transition) -> bool:
    """Return whether the step deletes words to which the ledger may hold a commitment: only numbered ones have it.

    Privacy: the opening goes together with the words (`SignatureQuerySet.move`).
    """
    return transition.step.sets.keys() >= set(WORDS) and not set(UNNUMBERED).issuperset(transition.sources)
