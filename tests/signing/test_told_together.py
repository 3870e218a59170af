"""Emails that say how many are counted together are as long as all others."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from letters.base.outbox.built import Send
from letters.base.site_pages.queries import forget_texts
from letters.models import Collective, Letter, OutgoingEmail, SitePage, User
from letters.organizer.letter_editor.operations import Text, draft_letter, publish_letter
from letters.tasks import EMAIL_BUILDERS
from tests.people import NOW, sign, sign_and_confirm
from tests.signing.test_equal_mails import LONGEST_TITLES, PADDED, shape_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("title", LONGEST_TITLES)
def test_emails_about_batches_have_the_same_size_for_the_longest_title_too(
    collective: Collective, organizer: User, settings: Settings, title: str, language: str
) -> None:
    text = Text(language=language, title=title, addressee="To all", summary="", body="Text")
    letter = draft_letter(collective, slug="l" * 80, text=text, by=organizer, now=NOW)
    publish_letter(letter, by=organizer, now=NOW)
    settings.BATCH_SIZE = 100
    settings.SITE_URL = f"https://{'offene-briefe.' * 16}example"
    settings.DEFAULT_FROM_EMAIL = f"{'Offene Briefe ' * 4}<{'letters' * 9}@example.org>"
    settings.OPERATOR, contact = "漢" * 200, f"https://{'a' * 60}.example/{'b' * 120}"
    settings.OPERATOR_CONTACT = {"url": contact, "shown": contact}
    for name in SitePage.Name:
        SitePage.objects.create(name=name, language="en", number=1, markdown="Ours", saved_at=NOW, saved_by=organizer)
    forget_texts()
    Collective.objects.update(name="🕊" * 200)
    closes_at = timezone.now() + timedelta(days=365)
    Letter.objects.update(closes_at=closes_at, timezone="America/Argentina/ComodRivadavia")
    letter.refresh_from_db()
    sign(letter, "new@example.org", display="organizers", now=timezone.now())
    sign(letter, "nobody@example.org", display="nobody", name="", now=timezone.now())
    sign_and_confirm(letter, "old@example.org", display="organizers", now=timezone.now())
    sizes = set()
    for outgoing in OutgoingEmail.objects.all():
        built = EMAIL_BUILDERS[outgoing.kind](outgoing)
        if isinstance(built, Send):
            sizes.add(shape_of(built.message))
    assert sizes == {PADDED._replace(long_lines=1)}
