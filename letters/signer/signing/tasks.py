from datetime import datetime

from letters.signer.signing.operations import (
    encrypt_words,
    forget_emails,
    forget_proofs,
    forget_requests,
    forget_submissions,
    purge_unconfirmed,
    remind_asked,
    remind_unconfirmed,
)


def tend_unconfirmed(*, now: datetime) -> None:
    """Remind people who have not confirmed. Delete signatures that were never confirmed, and old emails."""
    # Privacy: remind first, while all addresses are still stored. Otherwise, after the clock has been stopped for a
    # while, only people who had not signed would get reminders, because their addresses are kept longer.
    remind_unconfirmed(now=now)
    remind_asked(now=now)
    purge_unconfirmed(now=now)
    forget_submissions(now=now)
    forget_emails(now=now)
    forget_requests(now=now)
    forget_proofs(now=now)


# The clock encrypts at most this many batches at once, so that other work of its queue need not wait long.
BATCHES = 100


def encrypt_some_words() -> None:
    """Encrypt readable words that only organizers may read. The next run continues."""
    encrypt_words(batches=BATCHES)
