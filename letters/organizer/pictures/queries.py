"""Read pictures, without their bytes unless those are needed."""

import re
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Exists, ManyToOneRel, Model, OuterRef, Q

from letters.models import AddresseeAnswer, AuditEvent, Letter, Picture, Revision, Translation, Update

if TYPE_CHECKING:
    from django.db.models import QuerySet


def pictures_of(letter: Letter) -> list[Picture]:
    """Return the pictures, newest first."""
    return list(letter.pictures.defer("full", "small").order_by("-pk")[:200])


def bytes_of(digest: str, size: str) -> bytes:
    """Return the bytes of one size.

    Raises Picture.DoesNotExist also for a size that the picture does not have, and if the site has taken its letter
    down.
    """
    pictures = Picture.objects.filter(digest=digest).exclude(letter__status=Letter.Status.TAKEN_DOWN)
    if size == "800":
        data = pictures.exclude(small=b"").values_list("small", flat=True).first()
    else:
        width, _, height = size.partition("x")
        data = pictures.filter(width=width, height=height).values_list("full", flat=True).first()
    if data is None:
        raise Picture.DoesNotExist
    return bytes(data)


def description_in(revision: Revision, language: str, picture: Picture) -> str:
    """Return how a text describes a picture that it shows; "" if it does not show it.

    A picture that was dropped into the text is described there alone.
    """
    body = revision.translations.filter(language=language).values_list("body", flat=True).first() or ""
    shown = re.search(rf"!\[((?:[^\]\\\n]|\\.){{1,300}})\]\(/media/{picture.digest}-", body)
    return re.sub(r"\\(.)", r"\1", shown[1]).strip() if shown else ""


def unused(uploaded_before: datetime, changed_before: datetime) -> "QuerySet[Picture]":
    """Select pictures uploaded before one moment that nothing shows, or whose draft has not
    changed since another moment.
    """
    draft = Q(letter__status=Letter.Status.DRAFT, letter__current_revision=None)
    worked_on = AuditEvent.objects.filter(object_kind="letter", object_id=OuterRef("letter"), at__gte=changed_before)
    abandoned = draft & ~Exists(worked_on) & Q(created_at__lt=changed_before)
    return Picture.objects.filter(created_at__lt=uploaded_before).filter(~_is_shown() | abandoned)


def maybe_unused(uploaded_before: datetime, changed_before: datetime) -> list[tuple[int, int]]:
    """Return the ids of pictures and their letters."""
    return list(unused(uploaded_before, changed_before).values_list("pk", "letter_id")[:1000])


def is_shown_elsewhere(picture: Picture) -> bool:
    """Return whether a text of another letter shows the picture, because its writers have copied the address."""
    return any(
        model._default_manager.filter(body__contains=picture.digest).exclude(**{letter: picture.letter_id}).exists()
        for model, letter in TEXTS.items()
    )


# The texts that can contain pictures, and the lookup from each of them to its letter.
TEXTS: dict[type[Model], str] = {Translation: "revision__letter", Update: "letter", AddresseeAnswer: "letter"}


def _is_shown() -> Q:
    """Match pictures in any text of their letter, earlier revisions included, and covers."""
    shown = Q()
    for model, letter in TEXTS.items():
        texts = model._default_manager.filter(**{letter: OuterRef("letter"), "body__contains": OuterRef("digest")})
        shown |= Q(Exists(texts))
    # Include every other relation to Picture, so that a future way to show pictures is not forgotten here.
    for field in Picture._meta.get_fields(include_hidden=True):
        if isinstance(field, ManyToOneRel):
            shown |= Q(Exists(field.related_model._default_manager.filter(**{field.field.name: OuterRef("pk")})))
    return shown
