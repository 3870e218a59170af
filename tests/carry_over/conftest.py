"""Letters whose text has changed since people signed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import F

from letters.models import Letter, Revision, Translation
from letters.shared.markdown import render_markdown
from letters.shared.text import digest
from tests.people import EN, IT, NOW

Revise = Callable[..., Revision]

# The note about the change, and the changed text.
NOTE = "We ask for five lines, not four."
BODY = EN.body.replace("Four", "Five")


@pytest.fixture
def revise() -> Revise:
    """Publish another text of a letter in English and Italian: `revise(letter, kind="substance", note="Why")`."""
    return change_text


def change_text(
    letter: Letter,
    *,
    kind: str = "substance",
    note: str = NOTE,
    body: str = BODY,
    languages: tuple[str, ...] = ("en", "it"),
    now: datetime = NOW + timedelta(days=1),
) -> Revision:
    """Create the rows that publishing creates."""
    number = letter.revisions.latest("number").number + 1
    revision = Revision.objects.create(letter=letter, number=number, kind=kind, note=note, created_at=now)
    for text in (EN, IT):
        if text.language in languages:
            new = body if text is EN else text.body
            values: dict[str, Any] = {"title": text.title, "addressee": text.addressee, "summary": text.summary}
            fingerprint = digest(text.title, text.addressee, new)
            Translation.objects.create(
                revision=revision,
                language=text.language,
                body=new,
                html=render_markdown(new),
                sha256=fingerprint,
                **values,
            )
    Revision.objects.filter(pk=revision.pk).update(published_at=now)
    Letter.objects.filter(pk=letter.pk).update(current_revision=revision, version=F("version") + 1)
    letter.refresh_from_db()
    revision.refresh_from_db()
    return revision
