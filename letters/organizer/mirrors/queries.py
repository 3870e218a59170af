from letters.models import Letter, Mirror


def mirrors_of(letter: Letter) -> list[Mirror]:
    """Return the copies elsewhere in the order in which they were added."""
    return list(letter.mirrors.order_by("pk"))
