"""Pictures without their bytes, but where those are what is asked for."""

from letters.models import Letter, Picture


def pictures_of(letter: Letter) -> list[Picture]:
    """The newest first."""
    return list(letter.pictures.defer("full", "small").order_by("-pk")[:200])


def bytes_of(digest: str, size: str) -> bytes:
    """Raises Picture.DoesNotExist, also for a size that it does not have."""
    found = Picture.objects.filter(digest=digest)
    if size == "800":
        data = found.exclude(small=b"").values_list("small", flat=True).first()
    else:
        width, _, height = size.partition("x")
        data = found.filter(width=width, height=height).values_list("full", flat=True).first()
    if data is None:
        raise Picture.DoesNotExist
    return bytes(data)
