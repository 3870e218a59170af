"""Template tags about organisations that sign."""

from django import template
from django.utils.formats import localize
from django.utils.translation import gettext

from letters.models import Letter, OrganisationSignature
from letters.shared.organisation_words import people_and_organisations

register = template.Library()
Doubt, Proof = OrganisationSignature.Doubt, OrganisationSignature.Proof


@register.simple_tag
def counted_apart(letter: Letter) -> str:
    """Return "18,402 people and 31 organisations". The number of people never includes organisations."""
    people, organisations = letter.signature_count, letter.organisation_count
    return people_and_organisations(people, organisations, localize=localize)


@register.filter
def proof_of(row: OrganisationSignature) -> str:
    """Return how everyone can know that the organisation signed."""
    if row.proof == Proof.ADDRESS:
        return gettext("verified by an address at %(domain)s") % {"domain": row.domain}
    return gettext("vouched for by the organizers") if row.proof else gettext("not verified")


@register.filter
def why_it_waits(row: OrganisationSignature) -> str:
    """Return why the organizers decide, for them."""
    said = {
        Doubt.ADDRESS: gettext("The address is not at the domain of the website."),
        Doubt.NAME: gettext(
            "The name contains a web address or an abusive word, or looks like the name of a collective."
        ),
        Doubt.REVIEWED: gettext("You review each signature of this letter."),
        Doubt.REJECTED: gettext("An organisation of this domain was rejected before."),
    }
    return said.get(Doubt(row.doubt), "")


@register.filter
def url_for_organisations(letter: Letter) -> str:
    """Return where organisations sign, in the letter's own language."""
    return letter.url_of("sign_for_organisation")
