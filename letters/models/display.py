from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Display(models.TextChoices):
    """The people who can see the signer's name."""

    PUBLIC = "public", _("Everyone sees my name")
    ORGANIZERS = "organizers", _("Only the organizers see my name")
    NOBODY = "nobody", _("Nobody sees my name")


# Each value shows the name to more people than the one before.
PRIVATE_TO_PUBLIC = [Display.NOBODY, Display.ORGANIZERS, Display.PUBLIC]


def most_private(displays: Iterable[str]) -> Display:
    """Return the choice that shows the name to the fewest people."""
    return min(map(Display, displays), key=PRIVATE_TO_PUBLIC.index)
