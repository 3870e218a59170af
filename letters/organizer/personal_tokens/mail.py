"""The email that tells members that someone has created a token for their account."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from letters.base.outbox.composing import compose_email_to, render_email
from letters.models import PersonalToken, Scope


def created_email(token: PersonalToken) -> EmailMultiAlternatives:
    """Build the email to the member. It contains the first characters of the token, as the page shows them."""
    person, collective = token.membership.user, token.membership.collective
    context = {
        "token": token,
        "collective": collective,
        "scopes": [Scope(each).label for each in token.scopes],
        "zone": collective.zone(),
        "tokens_url": settings.SITE_URL + reverse("personal_tokens", kwargs={"slug": collective.slug}),
    }
    language = person.language_of_emails(collective.language_of_emails())
    return compose_email_to(render_email("personal_token", context, language=language), to=person.email)
