"""Build the email that tells a person that they moderate the site, or do so no longer."""

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from letters.base.outbox.composing import compose_email_to, render_email
from letters.models import User


def role_email(person: User, *, is_granted: bool) -> EmailMultiAlternatives:
    language = person.language_of_emails(settings.LANGUAGE_CODE)
    context = {"is_granted": is_granted, "queue_url": settings.SITE_URL + reverse("moderate")}
    return compose_email_to(render_email("site_role", context, language=language), to=person.email)
