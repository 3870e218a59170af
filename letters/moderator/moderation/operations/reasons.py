"""Change the site's list of reasons for rejecting a signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.base.audit_log.operations import record
from letters.base.site_lists.operations import may_change_lists
from letters.models import RejectionReason, User
from letters.moderator.moderation.queries import MAX_REASONS
from letters.shared.refused import Refusal, Refused


@dataclass(frozen=True)
class ReasonWords:
    """The words of a reason, by interface language: labels for moderators, sentences for signers."""

    labels: Mapping[str, str]
    sentences: Mapping[str, str]


# The reasons that a site begins with: code, label for moderators, sentence for the signer.
FIRST_REASONS = [
    (
        "not_a_person",
        _("Not a person"),
        _("We could not tell that a person has signed: it does not look like a name."),
    ),
    (
        "someone_else",
        _("Someone else’s name"),  # noqa: RUF001 -- as the page is set
        _("The name seems to belong to someone else."),
    ),
    ("abuse", _("Insult or advertisement"), _("It contains an insult or an advertisement.")),
    ("twice", _("Signed more than once"), _("You seem to have signed this letter more than once.")),
]


@transaction.atomic
def add_first_reasons(*, now: datetime) -> None:
    """Add the reasons that the site begins with, if it has none yet.

    To those whose English words are unchanged, add words in languages that the interface has got since.
    """
    languages = [code for code, _name in settings.LANGUAGES]
    if RejectionReason.objects.exists():
        _add_languages(languages)
        return
    for position, (code, label, sentence) in enumerate(FIRST_REASONS, 1):
        RejectionReason.objects.create(
            code=code,
            labels={language: _said(label, language) for language in languages},
            sentences={language: _said(sentence, language) for language in languages},
            position=position,
            added_at=now,
        )


def _add_languages(languages: list[str]) -> None:
    first = {code: (label, sentence) for code, label, sentence in FIRST_REASONS}
    for reason in RejectionReason.objects.filter(code__in=first).select_for_update():
        label, sentence = first[reason.code]
        for kept, words in ((reason.labels, label), (reason.sentences, sentence)):
            if kept.get(settings.LANGUAGE_CODE) == _said(words, settings.LANGUAGE_CODE):
                kept.update({language: _said(words, language) for language in languages if language not in kept})
        reason.save(update_fields=["labels", "sentences"])


def _said(words: Promise, language: str) -> str:
    with translation.override(language):
        return str(words)


@transaction.atomic
def set_reason(
    code: str, words: ReasonWords, *, position: int, is_retired: bool = False, by: User, now: datetime
) -> RejectionReason:
    """Add a reason, change it, retire it, or bring it back. Earlier decisions keep their words.

    Raises Refused("not_yours") for anyone but superusers and staff who moderate the site, and Refused("too_many") if
    more reasons would be active than there are number keys.
    """
    if not may_change_lists(by):
        raise Refused(Refusal.NOT_YOURS)
    # Race: lock the whole list, which is short. Otherwise two people could exceed MAX_REASONS together.
    rows = list(RejectionReason.objects.select_for_update().order_by("pk"))
    others = [each for each in rows if each.code != code and each.retired_at is None]
    if not is_retired and len(others) >= MAX_REASONS:
        raise Refused(Refusal.TOO_MANY)
    newest = next((each for each in reversed(rows) if each.code == code), None)
    retired_at = now if is_retired else None
    if newest and (newest.labels, newest.sentences) == (words.labels, words.sentences):
        reason = newest
        kept = newest.retired_at if is_retired else None
        RejectionReason.objects.filter(pk=reason.pk).update(position=position, retired_at=kept or retired_at)
    else:
        RejectionReason.objects.filter(code=code, retired_at=None).update(retired_at=now)
        reason = RejectionReason.objects.create(
            code=code,
            labels=dict(words.labels),
            sentences=dict(words.sentences),
            position=position,
            added_at=now,
            retired_at=retired_at,
        )
    details = {"code": code, "labels": dict(words.labels), "sentences": dict(words.sentences)}
    record("set_reason", reason, by=by, now=now, details={**details, "position": position, "retired": is_retired})
    reason.refresh_from_db()
    return reason
