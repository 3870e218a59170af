from datetime import datetime

from letters.organizer.personal_tokens.operations import forget_tokens


def tidy_tokens(*, now: datetime) -> None:
    """Delete tokens that expired long ago."""
    forget_tokens(now=now)
