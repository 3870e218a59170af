from datetime import datetime

from letters.signer.signing.operations import (
    forget_emails,
    forget_requests,
    forget_submissions,
    purge_unconfirmed,
    remind_unconfirmed,
)


def tend_unconfirmed(*, now: datetime) -> None:
    """Remind those who have not confirmed; forget those who never did, and mails of long ago."""
    # Privacy: first, while the addresses are still there. Otherwise, after the clock was stopped, reminders would leave
    # only to people who had not signed, whose addresses are kept longer.
    remind_unconfirmed(now=now)
    purge_unconfirmed(now=now)
    forget_submissions(now=now)
    forget_emails(now=now)
    forget_requests(now=now)
