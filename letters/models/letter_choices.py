"""What organizers choose for a letter."""

from django.db import models


class Ask(models.TextChoices):
    """The options for a field of the signing form."""

    OFF = "off", "Not asked"
    OPTIONAL = "optional", "Optional"
    REQUIRED = "required", "Required"


class HoldFrom(models.IntegerChoices):
    """The score of doubt from which a signature waits for a moderator (letters/moderator/signals/reasons.py)."""

    SOME = 30, "Some doubt"
    CLEAR = 50, "Clear doubt"
    STRONG = 80, "Strong doubt"
    # No score is so high.
    NEVER = 101, "Never"


class Indexing(models.TextChoices):
    """The public pages that search engines are asked to leave out."""

    ALL = "all", "Leave nothing out"
    TEXT = "text", "Leave the lists of names out"
    NOTHING = "nothing", "Leave every page out"
