from datetime import datetime

from letters.moderator.attacks.operations import forget_windows, watch_letter
from letters.moderator.attacks.queries import letters_to_watch


def watch_letters(*, now: datetime) -> None:
    """Watch every letter that people sign for waves."""
    for letter in letters_to_watch(now=now):
        watch_letter(letter, now=now)
    forget_windows(now=now)
