"""Sentences that say why an address cannot get email, by the codes of NoAddress."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

INCOMPLETE = _("This is not a complete email address. One looks like name@example.org.")
WHY_NOT: dict[str, str | Promise] = {
    "empty": _("Enter an email address, like name@example.org."),
    "too_long": _("This is too long for an email address. Enter only the address, like name@example.org."),
    "turns_direction": _(
        "This email address contains an invisible character that changes the direction of the text. Type it by hand."
    ),
    "no_at": _("This email address has no @. Enter one like name@example.org."),
    "several": _("This has more than one @. Enter one email address, like name@example.org."),
    "no_name": _("There is nothing before the @. Enter an email address like name@example.org."),
    "no_domain": _("There is nothing after the @. Enter an email address like name@example.org."),
    "no_dot": _("The part after the @ is incomplete: it needs a dot, as in name@example.org."),
    "space": _("This email address contains a space. Remove it, and check the rest."),
    "dots": _(
        "A dot in this email address is in the wrong place: at the start or end of a part, or beside another dot."
    ),
    "domain": _("The part after the @ is not the name of a site, like example.org. Check it."),
    "characters": _("There is a character before the @ that email addresses cannot contain. Check it."),
    "not_ascii": _(
        "We cannot send email to an address with accents or other special letters before the @. Use another address."
    ),
    "unsendable": _("Our mail server cannot send email to an address like this. Use another address."),
}


def why_not(code: str) -> str:
    """Return the sentence in the current language."""
    return str(WHY_NOT.get(code, INCOMPLETE))
