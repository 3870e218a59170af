"""A collective writes a letter and publishes it, closes it, and says why it takes it back."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model, Q
from django.utils.text import slugify

from letters.base.accounts.operations import keep_text
from letters.base.audit_log.operations import record
from letters.base.audit_log.queries import events_of
from letters.base.changes.operations import (
    Change,
    LetterChange,
    change_collective,
    change_letter,
    change_letter_unasked,
)
from letters.models import (
    MAX_TEXTS,
    OWNING,
    UNDONE_WITHIN,
    WRITING,
    Ask,
    AuditEvent,
    Collective,
    FormerSlug,
    Letter,
    Revision,
    Translation,
    User,
)
from letters.organizer.collectives.operations import create_collective
from letters.organizer.letter_editor.changes import is_new_cover, says_something_else
from letters.organizer.letter_editor.mail import tell_members
from letters.shared.folding import without_marks
from letters.shared.markdown import TooComplicated, render_markdown
from letters.shared.refused import Refusal, Refused
from letters.shared.text import digest

# Letters that one account may show to the public for the first time within a day.
MAX_FIRST_PUBLICATIONS = 5

# Drafts that one account may begin within a day: each can fill a megabyte, and nobody has to look at it.
MAX_DRAFTS_A_DAY = 20

# Languages of one letter, the original among them. The European Union has twenty-four.
MAX_LANGUAGES = 40

# Later texts of one letter that may be published within a day: each is kept for ever, in all languages.
MAX_LATER_PUBLICATIONS = 10

# A second start of the same letter within this time is a double click.
CLICKED_TWICE = timedelta(minutes=1)


@dataclass(frozen=True)
class Text:
    """What an organizer types, in one language."""

    language: str
    title: str
    addressee: str
    body: str
    summary: str = ""


@transaction.atomic
def clear_collective(collective: Collective, *, by: User, now: datetime) -> None:
    """Those who run the site have looked at it: it may publish. Doing it twice changes nothing.

    Raises Refused("not_yours") for anybody else, its owners included.
    """
    if not (by.is_active and (by.is_staff or by.is_superuser)):
        raise Refused(Refusal.NOT_YOURS)
    if Collective.objects.filter(pk=collective.pk, cleared_at=None).update(cleared_at=now):
        record("clear_collective", collective, by=by, now=now)


@transaction.atomic
def start_letter(*, text: Text, collective_name: str, by: User, now: datetime) -> Letter:
    """A draft from the few answers of the start page; everything else has a good default.

    A collective of that name that `by` may write for is taken, another is made. Clicking twice begins one letter.
    Raises Refused("too_many_drafts") for the one after MAX_DRAFTS_A_DAY, and Refused("too_much_text") as `keep_text`.
    """
    # The second click waits here, and finds what the first has made.
    Change(by=by, now=now).lock_account()
    mine = Collective.objects.filter(memberships__user=by, memberships__role__in=WRITING, name=collective_name)
    collective = mine.order_by("pk").first()
    if collective:
        just_begun = collective.letters.filter(status=Letter.Status.DRAFT, created_at__gt=now - CLICKED_TWICE)
        words = digest(text.title, text.addressee, text.body)
        if same := just_begun.filter(revisions__translations__sha256=words).first():
            return same
    today = AuditEvent.objects.filter(actor=by, verb="draft_letter", at__gt=now - timedelta(days=1))
    if today.count() >= MAX_DRAFTS_A_DAY:
        raise Refused(Refusal.TOO_MANY_DRAFTS)
    collective = collective or create_collective(name=collective_name, by=by, now=now)
    return _draft_under_free_slug(collective, text=text, by=by, now=now)


def _draft_under_free_slug(collective: Collective, *, text: Text, by: User, now: datetime) -> Letter:
    slug = free_slug(Letter, text.title)
    try:
        with transaction.atomic():
            return draft_letter(collective, slug=slug, text=text, by=by, now=now)
    except IntegrityError:
        # Somebody else has taken it at this very moment.
        return draft_letter(collective, slug=f"{slug}-{secrets.token_hex(3)}", text=text, by=by, now=now)


def free_slug(model: type[Model], text: str) -> str:
    """An address made of the text that nobody has yet; of letters and digits alone where the text has no Latin ones."""
    wanted = slugify(without_marks(text))[:60].strip("-") or f"letter-{secrets.token_hex(3)}"
    taken = set(model._default_manager.filter(slug__startswith=wanted).values_list("slug", flat=True))
    if model is Letter:
        taken.update(FormerSlug.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(slug for slug in (wanted, *(f"{wanted}-{n}" for n in range(2, len(taken) + 3))) if slug not in taken)


@transaction.atomic
def draft_letter(collective: Collective, *, slug: str, text: Text, by: User, now: datetime, **values: Any) -> Letter:
    """A new letter with its first revision, which only the collective can see. `values` are fields of Letter."""
    change_collective(collective, WRITING, by=by, now=now, lock=False)
    letter = Letter.objects.create(collective=collective, slug=slug, language=text.language, created_at=now, **values)
    Revision.objects.create(letter=letter, number=1, created_at=now)
    translate_letter(letter, text=text, by=by, now=now)
    record("draft_letter", letter, by=by, now=now)
    return letter


@transaction.atomic
def translate_letter(letter: Letter, *, text: Text, by: User, now: datetime, made_from: str = "") -> Translation:
    """Write the newest revision in one language, in place of what stood there.

    `made_from` is the `version` of the original that it says in another language.
    Raises Refused("revision_published") if readers have seen that revision: it never changes again;
    Refused("too_complicated") for a text of which no page can be made; Refused("too_many_languages") for one more than
    MAX_LANGUAGES; and Refused("too_much_text") as `keep_text` does.
    """
    # Before the lock: rendering a long text takes a while.
    html = _shown(text.body)
    change = change_letter(letter, WRITING, by=by, now=now)
    revision = _unpublished(letter)
    stands = revision.translations.filter(language=text.language).first()
    if stands is None and revision.translations.count() >= MAX_LANGUAGES:
        raise Refused(Refusal.TOO_MANY_LANGUAGES)
    written = [text.title, text.addressee, text.summary, text.body, html]
    keep_text(written, instead_of=_stored(stands) if stands else [], by=by, now=now)
    translation, _ = Translation.objects.update_or_create(
        revision=revision,
        language=text.language,
        defaults={
            "title": text.title,
            "addressee": text.addressee,
            "summary": text.summary,
            "body": text.body,
            "html": html,
            "sha256": digest(text.title, text.addressee, text.body, *revision.cover_parts()),
            **({"made_from": made_from} if made_from else {}),
        },
    )
    details = {"language": text.language, "revision": revision.number}
    if not _was_just_written(letter, details, by, now):
        change.record("translate_letter", letter, details=details)
    return translation


def _stored(translation: Translation) -> list[str]:
    return [getattr(translation, name) for name in ("title", "addressee", "summary", "body", "html")]


def _shown(body: str) -> str:
    try:
        return render_markdown(body)
    except TooComplicated as problem:
        raise Refused(Refusal.TOO_COMPLICATED) from problem


# Somebody who writes on within so long is still at the same deed.
SITTING = timedelta(minutes=10)


def _was_just_written(letter: Letter, details: dict[str, Any], by: User, now: datetime) -> bool:
    """An editor that saves at every pause would bury all other deeds under its own."""
    same = events_of(letter).filter(verb="translate_letter", actor=by, details=details)
    return same.filter(at__gt=now - SITTING, at__lte=now).exists()


@transaction.atomic
def write_text(
    letter: Letter, *, text: Text, seen: str, by: User, now: datetime, made_from: str = "", finished: bool = True
) -> Translation:
    """Write a draft in one language, if it still reads as the writer saw it: `seen` is the `version` of that text.

    A translation that is not `finished`, since the editor saved it by itself, stays behind its original if it was.
    Raises Refused("changed_meanwhile") if a teammate has written since, so that neither text is lost; and
    Refused("revision_published") as `translate_letter` does.
    """
    change_letter(letter, WRITING, by=by, now=now)
    stands = _unpublished(letter).translations.filter(language=text.language).first()
    if (stands.version if stands else "") != seen:
        raise Refused(Refusal.CHANGED_MEANWHILE)
    if stands and not finished:
        made_from = stands.made_from
    if stands and stands.made_from == (made_from or stands.made_from) and _says_the_same(stands, text):
        return stands
    return translate_letter(letter, text=text, by=by, now=now, made_from=made_from)


def _says_the_same(translation: Translation, text: Text) -> bool:
    return all(getattr(translation, name) == getattr(text, name) for name in ("title", "addressee", "summary", "body"))


@transaction.atomic
def remove_translation(letter: Letter, *, language: str, by: User, now: datetime) -> None:
    """Throw a translation away that readers do not have yet. Removing it twice changes nothing.

    Raises Refused("original") for the letter's own language, Refused("language_public") for one that readers have,
    whose page must not vanish, and Refused("revision_published") as `translate_letter` does.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    revision = _unpublished(letter)
    if language == letter.language:
        raise Refused(Refusal.ORIGINAL)
    if Translation.objects.filter(revision=letter.current_revision_id or 0, language=language).exists():
        raise Refused(Refusal.LANGUAGE_PUBLIC)
    gone, _ = revision.translations.filter(language=language).delete()
    if gone:
        details = {"language": language, "revision": revision.number}
        change.record("remove_translation", letter, details=details)


# After publication


@transaction.atomic
def start_revision(letter: Letter, *, by: User, now: datetime) -> Revision:
    """A copy of the text that readers have, to be changed; only the collective sees it until it is published.

    There is one at a time: whoever starts another gets the same. Raises Refused("letter_draft") before the first
    publication, Refused("letter_withdrawn"), Refused("too_many_texts") after MAX_TEXTS, and Refused("too_much_text")
    as `keep_text` does: a copy takes room.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status in {Letter.Status.DRAFT, Letter.Status.WITHDRAWN}:
        raise Refused(letter.status_refusal())
    newest = letter.revisions.latest("number")
    if newest.published_at is None:
        return newest
    if newest.number >= MAX_TEXTS:
        raise Refused(Refusal.TOO_MANY_TEXTS)
    cover = {"cover_id": newest.cover_id, "cover_alt": newest.cover_alt}
    revision = Revision.objects.create(letter=letter, number=newest.number + 1, created_at=now, **cover)
    _copy_texts(letter, revision, by, now)
    change.record("start_revision", letter, details={"revision": revision.number})
    return revision


def _copy_texts(letter: Letter, revision: Revision, by: User, now: datetime) -> None:
    """What was published together belongs together: each is a translation of the original beside it, unless noted."""
    texts = list(Translation.objects.filter(revision=letter.current_revision_id or 0))
    keep_text([part for text in texts for part in _stored(text)], by=by, now=now)
    original = next(text.version for text in texts if text.language == letter.language)
    cover = revision.cover_parts()
    for text in texts:
        text.pk, text.revision = None, revision
        text.sha256 = digest(text.title, text.addressee, text.body, *cover)
        if text.language != letter.language:
            text.made_from = text.made_from or original
    Translation.objects.bulk_create(texts)


@transaction.atomic
def discard_revision(letter: Letter, *, by: User, now: datetime) -> None:
    """Throw away what was written since the last publication; readers never saw it. Doing it twice changes nothing."""
    change = change_letter(letter, WRITING, by=by, now=now)
    for revision in letter.revisions.filter(published_at=None, number__gt=1):
        change.record("discard_revision", letter, details={"revision": revision.number})
        revision.delete()


# What a letter's form asks and offers, and until when: what organizers may set at any time.
SETTINGS = [
    *["goal", "opens_at", "closes_at", "reviewed", "displays", "domains", "addressee_domains", "asks_proof"],
    *["ask_affiliation", "ask_role", "ask_country", "ask_comment"],
]


@transaction.atomic
def set_up_letter(letter: Letter, *, values: dict[str, Any], by: User, now: datetime) -> None:
    """Change what SETTINGS names. Those who have signed keep what they signed with.

    Raises Refused("open_already") for an opening in the future once the form has been open, and Refused("end_is_past")
    for an end in the past, unless that is set already.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    changed = {name: values[name] for name in SETTINGS if name in values and getattr(letter, name) != values[name]}
    # Privacy: else its organizers could invite first signatories again, beside people who have signed. Whether anybody
    # has signed is not asked: the answer would tell them something of whoever signs first.
    opens_at = changed.get("opens_at")
    if opens_at and opens_at > now and letter.form_has_opened(now):
        raise Refused(Refusal.OPEN_ALREADY)
    # Privacy: else an editor could end the time to confirm between a signing and its email, and undo it. It would also
    # take the day that is left from those who have just signed.
    closes_at = changed.get("closes_at")
    if closes_at and closes_at <= now:
        raise Refused(Refusal.END_IS_PAST)
    if changed:
        change.update(**changed, required_since=_required_since(letter, changed, now))
        change.record("set_up_letter", letter, details={"changed": sorted(changed)})


def _required_since(letter: Letter, changed: dict[str, Any], now: datetime) -> dict[str, str]:
    since = dict(letter.required_since or {})
    for name, ask in changed.items():
        if name.startswith("ask_"):
            field = name.removeprefix("ask_")
            since.pop(field, None)
            if ask == Ask.REQUIRED:
                since[field] = now.isoformat()
    return since


@transaction.atomic
def close_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """It takes no more signatures, but for those of who has signed already and confirms within a day."""
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.PUBLISHED:
        change.update(status=Letter.Status.CLOSED, closed_at=now)
        change.record("close_letter", letter)


@transaction.atomic
def reopen_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """A closed letter takes signatures again."""
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.status == Letter.Status.CLOSED:
        change.update(status=Letter.Status.PUBLISHED, closed_at=None)
        change.record("reopen_letter", letter)


@transaction.atomic
def withdraw_letter(letter: Letter, *, reason: str, by: User, now: datetime) -> None:
    """The page stays and says why, from this moment on. For a day an owner can undo it, then it is final.

    For owners alone, all of whom get an email. Withdrawing twice changes nothing. Raises Refused("not_yours"),
    Refused("no_reason") without a sentence for the public, and Refused("no_worker") if no email can leave now.
    """
    change = change_letter(letter, OWNING, by=by, now=now)
    if not reason.strip():
        raise Refused(Refusal.NO_REASON)
    if letter.status in {Letter.Status.PUBLISHED, Letter.Status.CLOSED}:
        until = now + UNDONE_WITHIN
        # First: if they cannot be told, the caller still has the letter as it is.
        tell_members(letter, "letter_withdrawn", roles=OWNING, until=until.astimezone(letter.collective.zone()))
        values: dict[str, Any] = {"status": Letter.Status.WITHDRAWN, "withdrawn_because": reason.strip()}
        change.update(**values, withdrawn_at=now, withdrawn_from=letter.status)
        change.record("withdraw_letter", letter, reason=reason.strip())


@transaction.atomic
def restore_letter(letter: Letter, *, by: User, now: datetime) -> None:
    """Undo a withdrawal within a day: the letter is as it was, open or closed, with all its signatures.

    For owners alone. Doing it twice changes nothing. Raises Refused("not_yours"), and Refused("final") after a day.
    """
    change = change_letter(letter, OWNING, by=by, now=now)
    if letter.status == Letter.Status.WITHDRAWN:
        if not letter.can_be_restored(now):
            raise Refused(Refusal.FINAL)
        change.update(status=letter.withdrawn_from, withdrawn_because="", withdrawn_at=None, withdrawn_from="")
        change.record("restore_letter", letter)


@transaction.atomic
def publish_letter(letter: Letter, *, by: User | None, now: datetime, kind: str = "", note: str = "") -> None:
    """Show the newest revision to the public, and with the first take signatures. Twice changes nothing.

    `by` is None for the clock, which carries out what `schedule_letter` was told. A later revision says what `kind` of
    change it is, and in a `note` to the public what has changed; whether the letter takes signatures stays as it was.
    Raises Refused("letter_withdrawn"), Refused("no_text") without a text in the letter's own language; for a later
    revision Refused("no_kind"), Refused("no_note"), Refused("nothing_changed"), Refused("not_a_correction") if it
    changes more than a correction may, Refused("languages_missing") if it lacks one that readers have, or
    Refused("too_many_publications") beyond MAX_LATER_PUBLICATIONS within a day. On a site that
    asks for it, Refused("not_cleared") until somebody has looked at the collective; and Refused("too_many_letters") for
    who has published as many for the first time within a day.
    """
    change = change_letter(letter, WRITING, by=by, now=now) if by else change_letter_unasked(letter, by=None, now=now)
    revision = letter.revisions.latest("number")
    if letter.status == Letter.Status.WITHDRAWN:
        raise Refused(Refusal.LETTER_WITHDRAWN)
    if not revision.translations.filter(language=letter.language).exists():
        raise Refused(Refusal.NO_TEXT)
    if letter.status != Letter.Status.DRAFT and letter.current_revision_id == revision.pk:
        return
    letter.collective.must_be_cleared()
    details: dict[str, Any] = {"revision": revision.number}
    if letter.status != Letter.Status.DRAFT and letter.current_revision_id:
        behind = _may_follow(letter, revision, kind, note)
        _must_not_be_anew_too_often(letter, now)
        opening: dict[str, Any] = {}
        details |= {"kind": kind, "behind": behind}
    else:
        _check_publication_quota(change)
        kind, note = Revision.Kind.FIRST, ""
        opening = {"status": Letter.Status.PUBLISHED, "published_at": now, "counted_at": now}
        opening |= {"publish_at": None, "publish_refused": ""}
    # One whose text was fixed for its first signers has been published to them already.
    unseen = Revision.objects.filter(pk=revision.pk, published_at=None)
    unseen.update(published_at=now, kind=kind, note=note.strip())
    change.update(**opening, current_revision_id=revision.pk)
    change.record("publish_letter", letter, details=details)


def _may_follow(letter: Letter, revision: Revision, kind: str, note: str) -> list[str]:
    """Raises Refused unless readers can be told what is new in this revision, and none loses the page of a language.

    Returns the languages that still say what the original said before.
    """
    if kind not in {Revision.Kind.CORRECTION, Revision.Kind.SUBSTANCE}:
        raise Refused(Refusal.NO_KIND)
    if not note.strip():
        raise Refused(Refusal.NO_NOTE)
    current = Translation.objects.filter(revision=letter.current_revision_id or 0)
    before = {text.language: text.version for text in current}
    texts = {text.language: text for text in revision.translations.all()}
    if before.keys() - texts.keys():
        raise Refused(Refusal.LANGUAGES_MISSING)
    if before == {language: text.version for language, text in texts.items()} and not is_new_cover(letter, revision):
        raise Refused(Refusal.NOTHING_CHANGED)
    if kind == Revision.Kind.CORRECTION and says_something_else(letter, revision):
        raise Refused(Refusal.NOT_A_CORRECTION)
    return sorted(language for language, text in texts.items() if text.is_behind(texts[letter.language]))


def _must_not_be_anew_too_often(letter: Letter, now: datetime) -> None:
    """Raises Refused("too_many_publications")."""
    later = letter.revisions.exclude(kind=Revision.Kind.FIRST).filter(published_at__gt=now - timedelta(days=1))
    if later.count() >= MAX_LATER_PUBLICATIONS:
        raise Refused(Refusal.TOO_MANY_PUBLICATIONS)


@transaction.atomic
def schedule_letter(letter: Letter, *, at: datetime | None, by: User, now: datetime) -> None:
    """Have the clock publish a draft at that moment; with None, not any more.

    Raises Refused("published_already"), Refused("in_the_past"), Refused("no_text") for a letter without a text, and
    Refused("not_cleared") or Refused("too_many_letters") as `publish_letter` does: what cannot happen is not promised.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    if letter.publish_at == at:
        return
    if letter.status != Letter.Status.DRAFT:
        raise Refused(Refusal.PUBLISHED_ALREADY)
    if at and at <= now:
        raise Refused(Refusal.IN_THE_PAST)
    if at and not letter.revisions.filter(translations__language=letter.language).exists():
        raise Refused(Refusal.NO_TEXT)
    if at:
        letter.collective.must_be_cleared()
        _check_publication_quota(change)
    change.update_unseen(publish_at=at, publish_refused="")
    change.record("schedule_letter", letter, details={"publish_at": at.isoformat() if at else None})


@transaction.atomic
def publish_if_due(letter_id: int, *, now: datetime) -> bool:
    """Publish what its collective has scheduled for now. Whoever asks second finds nothing to do.

    What cannot happen stays scheduled, and happens as soon as it can. Its organizers are told why: on the letter's
    page, and by an email for each cause.
    """
    due = Letter.objects.filter(pk=letter_id, status=Letter.Status.DRAFT, publish_at__lte=now)
    letter = due.select_for_update(no_key=True).first()
    if letter is None:
        return False
    try:
        _must_have_a_writer(letter.collective)
        publish_letter(letter, by=None, now=now)
    except Refused as refused:
        if letter.publish_refused != refused.code:
            due.update(publish_refused=refused.code)
            record("fail_publication", letter, by=None, now=now, reason=refused.code)
            # Raises Refused("no_worker"), which undoes all of this: it is tried again a minute later.
            tell_members(letter, "publication_waits", roles=WRITING, reason=refused.code)
        return False
    return True


@transaction.atomic
def readdress_letter(letter: Letter, *, slug: str, by: User, now: datetime) -> None:
    """Give it another address. The old one leads there for ever, and is its own to take back.

    Raises Refused("address_taken") if another letter has that one, or ever had.
    """
    change = change_letter(letter, WRITING, by=by, now=now)
    before = letter.slug
    if before == slug:
        return
    try:
        with transaction.atomic():
            FormerSlug.objects.filter(letter=letter, slug=slug).delete()
            change.update(slug=slug)
            FormerSlug.objects.create(letter=letter, slug=before, created_at=now)
    except IntegrityError as taken:
        letter.slug = before
        raise Refused(Refusal.ADDRESS_TAKEN) from taken
    change.record("readdress_letter", letter, details={"from": before, "to": slug})


def _check_publication_quota(change: LetterChange) -> None:
    """Raises Refused("too_many_letters"). Whoever signs up can have mail sent about each letter to any address."""
    letter, by, now = change.letter, change.by, change.now
    if by is None:
        return  # The clock: who set it was asked.
    change.lock_account()
    new_or_scheduled = Q(published_at__gt=now - timedelta(days=1)) | Q(publish_at__isnull=False)
    others = Letter.objects.filter(new_or_scheduled).exclude(pk=letter.pk).values("pk")
    # By the letters, of which a day has few: who moderates has done a million other things.
    deeds = AuditEvent.objects.filter(object_kind="letter", object_id__in=others, actor=by)
    theirs = deeds.filter(verb__in=["publish_letter", "schedule_letter"])
    if theirs.values("object_id").distinct().count() >= MAX_FIRST_PUBLICATIONS:
        raise Refused(Refusal.TOO_MANY_LETTERS)


def _unpublished(letter: Letter) -> Revision:
    """The revision that is being written. Raises Refused("revision_published") if readers have seen the newest."""
    revision = letter.revisions.latest("number")
    if revision.published_at:
        raise Refused(Refusal.REVISION_PUBLISHED)
    return revision


def _must_have_a_writer(collective: Collective) -> None:
    """Raises Refused("nobody_left") if nobody could take back any more what the clock does: all have gone, or those who
    run the site have closed the account that set it.
    """
    if not collective.memberships.filter(role__in=WRITING, user__is_active=True).exists():
        raise Refused(Refusal.NOBODY_LEFT)
