from letters.models import Letter, PaperCount

# Organizers read at most so many lines of the history.
MAX_PAST = 100


def current_counts(letter: Letter) -> list[PaperCount]:
    """Return the numbers that were neither corrected nor withdrawn, also those that are hidden."""
    return list(PaperCount.objects.current().filter(letter=letter).select_related("letter__collective"))


def past_counts(letter: Letter) -> list[PaperCount]:
    """Return the numbers that were corrected or withdrawn, the newest first."""
    past = PaperCount.objects.filter(letter=letter, ended_at__isnull=False)
    return list(past.select_related("corrected_by").order_by("-ended_at", "-pk")[:MAX_PAST])
