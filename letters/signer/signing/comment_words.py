"""Say beside the comment who will read it."""

from django.utils.translation import gettext_lazy as _

# Who reads a comment. Each is a promise about the words that are sent with it.
FOR_EVERYONE = _("Everyone can read this beside your name. If you do not show your name to everyone, it is not public.")
FOR_ORGANIZERS = _("Only the organizers and the moderators can read this. It will not be published.")
AS_CHOSEN = _("Only the organizers and the moderators can read this, unless you select the next box.")
SHOW_COMMENT = _("Show everyone why I sign, beside my name")
