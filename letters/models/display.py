from django.db import models
from django.utils.translation import gettext_lazy as _


class Display(models.TextChoices):
    """Who sees the signer's name."""

    PUBLIC = "public", _("Everybody sees my name")
    ORGANIZERS = "organizers", _("Only the organizers see my name")
    NOBODY = "nobody", _("Nobody sees my name")
