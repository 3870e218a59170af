"""Rules that no code can break, because the database refuses."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import Error, IntegrityError, connection, models, transaction

from letters.models import (
    AddresseeAnswer,
    AuditEvent,
    BlockRule,
    Breakdown,
    BulkDecision,
    BulkTarget,
    BundlePush,
    CarryOver,
    CarryOverAnswer,
    Collective,
    CollectiveDomain,
    CollectiveName,
    CommentHiding,
    DraftLink,
    ErrorRate,
    Export,
    ExportPart,
    Featuring,
    FormerSlug,
    InvitationBatch,
    InvitedPerson,
    KeyFingerprint,
    LedgerCheckpoint,
    LedgerEntry,
    LedgerKey,
    LedgerLog,
    LedgerOpening,
    Letter,
    LetterDelivery,
    LetterHour,
    LetterMove,
    LetterReview,
    LetterTally,
    MemberInvitation,
    Membership,
    Mirror,
    NameReport,
    Notification,
    OrganisationSignature,
    OutgoingEmail,
    OwedEntry,
    PaperCount,
    PersonalToken,
    Picture,
    RejectionAppeal,
    RejectionReason,
    Release,
    Report,
    ReviewDecision,
    Revision,
    ScoringWindow,
    SecondOpinion,
    SignatoryList,
    Signature,
    SignerContact,
    SignerQuestion,
    SigningTrace,
    SiteLimit,
    SiteListEntry,
    SiteLogEntry,
    SiteNote,
    SitePage,
    SitePlace,
    Submission,
    Suspension,
    Switch,
    TakeDown,
    Translation,
    Update,
    UpdateCorrection,
    UpdateTranslation,
    User,
    Wave,
    Webhook,
    WebhookDelivery,
    Witness,
)
from tests.people import NOW, sign

Act = Callable[[Letter], Any]


def add_signature(letter: Letter, **values: Any) -> Signature:
    right = {
        "letter": letter,
        "revision": letter.current_revision,
        "language": "en",
        "name": "Ada Lovelace",
        "display": "public",
        "salt": bytes(8),
        "signed_at": NOW,
    }
    return Signature.objects.create(**{**right, **values})


def add_log(letter: Letter, **values: Any) -> LedgerLog:
    return LedgerLog.objects.create(**{"letter": letter, "name": "12", "origin": "here/log/12", **values})


def add_another_log(letter: Letter, **values: Any) -> None:
    add_log(letter)
    add_log(letter, **{"name": "12.2", "origin": "here/log/12.2", "generation": 2, **values})


def add_checkpoint(log: LedgerLog, *, root: bytes = bytes(32)) -> LedgerCheckpoint:
    return log.checkpoints.create(size=1, root=root, note="", created_at=NOW)


def add_draft_link(letter: Letter, **values: Any) -> DraftLink:
    right = {"label": "Lawyer", "salt": bytes(8), "created_at": NOW, "expires_at": NOW + timedelta(days=1)}
    by = letter.collective.memberships.get().user
    return DraftLink.objects.create(letter=letter, created_by=by, **{**right, **values})


def add_owed(letter: Letter, signature: Signature, kind: str = "words") -> OwedEntry:
    return OwedEntry.objects.create(letter=letter, signature=signature, kind=kind)


def rejection_reason(**values: Any) -> RejectionReason:
    words = {"labels": {"en": "Satire"}, "sentences": {"en": "It looks like a joke."}}
    return RejectionReason.objects.create(**words, added_at=NOW, **values)


def list_entry(**values: Any) -> SiteListEntry:
    return SiteListEntry.objects.create(**{"list": "names", "text": "Ilse Marwick", "added_at": NOW, **values})


def add_decision(letter: Letter, **values: Any) -> ReviewDecision:
    right = {"verb": "accept", "reason": "", "decided_at": NOW, "state_before": "held"}
    by = letter.collective.memberships.get().user
    signature = add_signature(letter)
    return ReviewDecision.objects.create(signature=signature, letter=letter, decided_by=by, **{**right, **values})


def add_review(letter: Letter, **values: Any) -> LetterReview:
    right = {"kind": "first", "is_before": False, "fingerprint": b"", "asked_at": NOW}
    revision = letter.revisions.get()
    return LetterReview.objects.create(letter=letter, revision=revision, **{**right, **values})


def add_rejection_appeal(letter: Letter, **values: Any) -> RejectionAppeal:
    decision = add_decision(letter, verb="reject", reason="twice")
    right = {"words": "It is my name.", "appealed_at": NOW, "reaches_at": NOW, "rejected_by": decision.decided_by}
    appeal = RejectionAppeal(decision=decision, signature=decision.signature, **{**right, **values})
    appeal.save()
    return appeal


def add_domain(letter: Letter, **values: Any) -> CollectiveDomain:
    right = {"domain": "trains.example", "mailbox": "admin", "asked_at": NOW, "emails_since": NOW}
    return CollectiveDomain.objects.create(collective=letter.collective, **{**right, **values})


def add_half_a_question(letter: Letter) -> SignerQuestion:
    decision = add_decision(letter, verb="ask")
    about = {"decision": decision, "signature": decision.signature, "asked_at": NOW, "until": NOW}
    return SignerQuestion.objects.create(**about, link="https://example.org/")


def settle_by_the_same_person(letter: Letter) -> None:
    appeal = add_rejection_appeal(letter, queued_at=NOW)
    appeal.outcome, appeal.settlement, appeal.settled_by = "upheld", appeal.decision, appeal.rejected_by
    appeal.save()


def change_name(letter: Letter, **values: Any) -> None:
    CollectiveName.objects.filter(collective=letter.collective).update(**values)


def add_two_names(letter: Letter) -> None:
    other = Collective.objects.create(name="Another", slug="another", created_at=NOW)
    key = letter.collective.name_as_it_looks.key
    CollectiveName.objects.create(collective=other, key=key, claimed_at=NOW)


def add_hiding(letter: Letter, **values: Any) -> CommentHiding:
    by = letter.collective.memberships.get().user
    signature = letter.signatures.first() or add_signature(letter)
    right = {"reason": "abuse", "hidden_at": NOW, "hidden_by": by}
    return CommentHiding.objects.create(signature=signature, **{**right, **values})


def add_report(letter: Letter, **values: Any) -> Report:
    return Report.objects.create(letter=letter, **{"reason": "illegal", "reported_at": NOW, **values})


def add_name_reports(letter: Letter) -> None:
    """One address twice about one signature."""
    signature = add_signature(letter)
    for _ in range(2):
        report = add_report(letter, signature=signature, reason="named")
        NameReport.objects.create(
            report=report, signature=signature, address_hash=b"x" * 32, language="en", confirmed_at=NOW
        )


def add_organisation(letter: Letter, **values: Any) -> OrganisationSignature:
    right = {"state": "published", "proof": "address", "name": "Rail Union", "domain": "example.org"}
    when = {"signed_at": NOW, "confirmed_at": NOW, "published_at": NOW}
    about = {"letter": letter, "revision": letter.revisions.get(), "language": "en", "salt": b"x" * 8}
    return OrganisationSignature.objects.create(**{**about, **right, **when, **values})


def add_block_rule(letter: Letter, **values: Any) -> BlockRule:
    by = letter.collective.memberships.get().user
    right = {"letter": letter, "is_of_site": False, "kind": "domain", "effect": "hold", "text": "spam.example"}
    when = {"reason": "Spam", "made_by": by, "made_at": NOW, "ends_at": NOW + timedelta(days=1)}
    return BlockRule.objects.create(**{**right, **when, **values})


def add_second_opinion(letter: Letter, **values: Any) -> SecondOpinion:
    decision = add_decision(letter)
    right = {"decision": decision, "signature": decision.signature, "letter": letter, "drawn_at": NOW}
    return SecondOpinion.objects.create(**{**right, **values})


def add_wave(letter: Letter, **values: Any) -> Wave:
    return Wave.objects.create(letter=letter, **{"sign": "rate", "noticed_at": NOW, **values})


def add_window(letter: Letter) -> None:
    ScoringWindow.objects.create(letter=letter, begins_at=NOW, scored=2, doubtful=1)


def add_token(letter: Letter, **values: Any) -> PersonalToken:
    right = {"name": "Office", "scopes": ["counts:read"], "digest": b"1", "beginning": "und_1234"}
    times = {"created_at": NOW, "expires_at": NOW + timedelta(days=1)}
    membership = letter.collective.memberships.get()
    return PersonalToken.objects.create(membership=membership, **{**right, **times, **values})


def add_webhook(letter: Letter, **values: Any) -> Webhook:
    right = {"url": "https://example.org/", "secret": b"", "created_at": NOW, "not_before": NOW}
    return Webhook.objects.create(collective=letter.collective, **{**right, **values})


def add_mirror(letter: Letter, **values: Any) -> Mirror:
    right = {"url": "https://example.org/", "added_at": NOW, "check_at": NOW}
    return Mirror.objects.create(letter=letter, **{**right, **values})


def add_push(letter: Letter) -> None:
    BundlePush.objects.create(letter=letter, place="folder:/srv/letters", not_before=NOW)


def add_delivery(webhook: Webhook, **values: Any) -> WebhookDelivery:
    right = {"kind": "count", "message_id": "msg_1", "created_at": NOW, "next_attempt_at": NOW, "number": 10}
    return webhook.deliveries.create(**{**right, "letter": Letter.objects.get(), **values})


def add_site_limit(**values: Any) -> SiteLimit:
    return SiteLimit.objects.create(**{"name": "limit_reports", "value": 5, "changed_at": NOW, **values})


def add_note(about: Letter, **values: Any) -> SiteNote:
    by = about.collective.memberships.get().user
    right = {"letter": about, "words": "Spam", "written_at": NOW, "written_by": by}
    return SiteNote.objects.create(**{**right, **values})


def add_suspension(letter: Letter, **values: Any) -> Suspension:
    by = letter.collective.memberships.get().user
    right = {"collective": letter.collective, "reason": "They advertise.", "began_at": NOW, "began_by": by}
    return Suspension.objects.create(**{**right, **values})


def add_bulk(letter: Letter, **values: Any) -> BulkDecision:
    by = letter.collective.memberships.get().user
    right = {"verb": "reject", "reason": "twice", "state": "running", "chosen": 1, "asked_by": by, "asked_at": NOW}
    return BulkDecision.objects.create(letter=letter, **{**right, **values})


def choose_twice(letter: Letter) -> None:
    bulk, signature = add_bulk(letter), add_signature(letter)
    for _ in range(2):
        BulkTarget.objects.create(bulk=bulk, signature=signature)


def add_site_page(letter: Letter, **values: Any) -> SitePage:
    right = {"name": "imprint", "language": "en", "number": 1, "markdown": "Us", "saved_at": NOW}
    by = letter.collective.memberships.get().user
    return SitePage.objects.create(saved_by=by, **{**right, **values})


def add_featuring(letter: Letter, **values: Any) -> Featuring:
    signature, by = add_signature(letter), letter.collective.memberships.get().user
    return Featuring.objects.create(signature=signature, asked_by=by, asked_at=NOW, **values)


def add_takedown(letter: Letter, **values: Any) -> TakeDown:
    right = {"ground": "law", "named": "Article 1", "facts": "It is false.", "found_by": "report"}
    by = letter.collective.memberships.get().user
    when = {"taken_down_at": NOW, "taken_down_by": by, "status_before": "published"}
    return TakeDown.objects.create(letter=letter, **{**right, **when, **values})


def add_decided_takedown(letter: Letter, **values: Any) -> TakeDown:
    by = letter.collective.memberships.get().user
    other = User.objects.create_user("oscar@example.org")
    appeal = {"appeal": "It is true.", "appealed_at": NOW, "appealed_by": by}
    decided = {"outcome": "upheld", "answer": "It is not.", "decided_at": NOW, "decided_by": other}
    return add_takedown(letter, **{**appeal, **decided, **values})


def add_move(letter: Letter, **values: Any) -> LetterMove:
    right = {"typed": "day-trains", "offered_at": NOW, "opens_at": NOW, "expires_at": NOW + timedelta(days=1)}
    by = letter.collective.memberships.get().user
    return LetterMove.objects.create(letter=letter, source=letter.collective, offered_by=by, **{**right, **values})


def add_two_moves(letter: Letter) -> None:
    add_move(letter)
    add_move(letter)


def add_contact(letter: Letter, **values: Any) -> SignerContact:
    return SignerContact.objects.create(signature=add_signature(letter), address=b"encrypted", **values)


def add_submission(letter: Letter, **values: Any) -> Submission:
    signature = values.pop("signature", None) or add_signature(letter)
    right = {"revision": letter.current_revision, "language": "en", "name": "Ada Lovelace", "display": "public"}
    return Submission.objects.create(
        **{**right, "submitted_at": NOW, "content_hash": bytes(16), "signature": signature, **values}
    )


def add_the_same_submission(letter: Letter) -> None:
    add_submission(letter, signature=add_submission(letter).signature)


def add_the_same_fingerprint(_: Letter) -> None:
    for _again in range(2):
        KeyFingerprint.objects.create(name="ADDRESS_HASH_KEY", fingerprint="0" * 64, created_at=NOW)


def add_email(letter: Letter, **values: Any) -> OutgoingEmail:
    right = {"kind": "confirm", "signature": add_signature(letter), "created_at": NOW, "next_attempt_at": NOW}
    return OutgoingEmail.objects.create(**{**right, "key": "a key", **values})


def add_invitation(letter: Letter, **values: Any) -> MemberInvitation:
    right = {"collective": letter.collective, "role": "editor", "address": b"encrypted", "address_hash": bytes(32)}
    when = {"created_at": NOW, "expires_at": NOW + timedelta(days=14)}
    return MemberInvitation.objects.create(
        **{**right, **when, "salt": bytes(8), "invited_by": User.objects.get(), **values}
    )


def add_translation(letter: Letter, **values: Any) -> Translation:
    revision, _ = Revision.objects.get_or_create(letter=letter, number=2, defaults={"created_at": NOW})
    right = {"language": "en", "title": "A title", "body": "A body", "html": "", "sha256": bytes(32)}
    return Translation.objects.create(revision=revision, **{**right, **values})


def add_old_slug(letter: Letter, slug: str = "sleepers") -> FormerSlug:
    return FormerSlug.objects.create(letter=letter, slug=slug, created_at=NOW)


def add_picture(letter: Letter, alt: str = "A train") -> Picture:
    return Picture.objects.create(
        letter=letter, digest="0" * 32, width=1, height=1, alt=alt, full=b"", small=b"", created_at=NOW
    )


def another_letter(letter: Letter) -> Letter:
    return Letter.objects.create(slug="another", collective=letter.collective, language="en", created_at=NOW)


def add_update(letter: Letter, **values: Any) -> Update:
    right = {"author": User.objects.get(), "language": "en", "title": "A title", "body": "A body", "created_at": NOW}
    return Update.objects.create(letter=letter, **{**right, **values})


def add_update_translation(update: Update, **values: Any) -> UpdateTranslation:
    return UpdateTranslation.objects.create(update=update, **{"language": "it", "title": "T", "body": "B", **values})


def add_correction(letter: Letter, text: str) -> UpdateCorrection:
    update = add_update(letter)
    return UpdateCorrection.objects.create(
        update=update, author=update.author, language="en", text=text, published_at=NOW
    )


def add_invited_person(letter: Letter, encrypted: bytes = b"encrypted") -> InvitedPerson:
    batch, _ = InvitationBatch.objects.get_or_create(letter=letter, created_at=NOW)
    return InvitedPerson.objects.create(letter=letter, batch=batch, digest=bytes(32), encrypted=encrypted, line=1)


def add_answer(letter: Letter, **values: Any) -> AddresseeAnswer:
    right = {"author": User.objects.get(), "language": "en", "respondent": "The minister", "body": "A body"}
    return AddresseeAnswer.objects.create(
        letter=letter, **{"answered_on": NOW.date(), "created_at": NOW, **right, **values}
    )


def add_event(**values: Any) -> AuditEvent:
    right = {"at": NOW, "actor_kind": "system", "verb": "test", "object_kind": "letter", "object_id": 1}
    return AuditEvent.objects.create(**{**right, **values})


def add_hour(letter: Letter) -> LetterHour:
    return LetterHour.objects.create(letter=letter, hour=NOW)


def add_tally(letter: Letter, **values: Any) -> LetterTally:
    right = {"letter": letter, "kind": "language", "value": "en", "number": 1}
    return LetterTally.objects.create(**{**right, **values})


def add_export(letter: Letter, **values: Any) -> Export:
    right = {"letter": letter, "kind": "signatures", "format": "csv", "asked_by": User.objects.get()}
    return Export.objects.create(**{**right, "created_at": NOW, "next_attempt_at": NOW, **values})


def add_part(export: Export) -> ExportPart:
    return ExportPart.objects.create(export=export, attempt=1, place=0, size=1, content=b"x")


def carry_over(letter: Letter) -> None:
    revision = letter.revisions.get()
    signature = letter.signatures.first() or add_signature(letter)
    question, _ = CarryOver.objects.get_or_create(revision=revision, defaults={"asked_at": NOW})
    CarryOverAnswer.objects.create(
        question=question, signature=signature, revision=revision, language="en", carries=True, answered_at=NOW
    )


def change(letter: Letter, **values: Any) -> None:
    Letter.objects.filter(pk=letter.pk).update(**values)


def hand_over(letter: Letter, **values: Any) -> LetterDelivery:
    right = {"letter": letter, "on": NOW.date(), "to": "the minister", "signature_count": 0, "recorded_at": NOW}
    return LetterDelivery.objects.create(**{**right, **values})


def add_breakdown(letter: Letter, **values: Any) -> Breakdown:
    return Breakdown.objects.create(**{"letter": letter, "kind": "country", "renewed_on": NOW.date(), **values})


def add_paper(letter: Letter, **values: Any) -> PaperCount:
    right = {"letter": letter, "number": 5, "counted_on": NOW.date(), "counted_by": "Ada", "entered_at": NOW}
    by = letter.collective.memberships.get(role="owner").user
    return PaperCount.objects.create(**{**right, "entered_by": by, **values})


def twice(add: Callable[..., object], *arguments: Any, **values: Any) -> None:
    add(*arguments, **values)
    add(*arguments, **values)


def accepted() -> dict[str, Any]:
    return {"accepted_at": NOW, "accepted_by": User.objects.get()}


CONFIRMED = {"state": "confirmed", "confirmed_at": NOW, "verified": "link"}
PUBLISHED = {**CONFIRMED, "state": "published", "published_at": NOW, "number": 1}
OF_NOBODY = {**PUBLISHED, "name": "", "display": "nobody", "concern": "changed"}

REFUSED: list[tuple[str, Act]] = [
    ("block_rule_applies_somewhere", lambda letter: add_block_rule(letter, collective=letter.collective)),
    ("block_rule_of_all_is_of_site", lambda letter: add_block_rule(letter) and BlockRule.objects.update(letter=None)),
    ("block_rule_about_one_thing", lambda letter: add_block_rule(letter, text="")),
    ("block_rule_about_one_thing", lambda letter: add_block_rule(letter, digest=bytes(32))),
    ("block_rule_of_address_is_of_site", lambda letter: add_block_rule(letter, kind="address", text="")),
    (
        "block_rule_of_network_of_one_letter",
        lambda letter: (
            add_block_rule(letter, kind="network", text="", is_of_site=True) and BlockRule.objects.update(letter=None)
        ),
    ),
    ("block_rule_effect_known", lambda letter: add_block_rule(letter, effect="reject")),
    ("block_rule_has_a_reason", lambda letter: add_block_rule(letter, reason="")),
    ("block_rule_that_ended_is_off", lambda letter: add_block_rule(letter, is_on=True, ended_at=NOW)),
    ("second_opinion_known", lambda letter: add_second_opinion(letter, answer="maybe", answered_at=NOW)),
    ("second_opinion_says_when", lambda letter: add_second_opinion(letter, answer="accept")),
    ("second_opinion_says_when", lambda letter: add_second_opinion(letter, disagrees=True)),
    (
        "second_opinion_settles_a_disagreement",
        lambda letter: add_second_opinion(
            letter, answer="accept", answered_at=NOW, verdict="wrong", settled_at=NOW, disagrees=False
        ),
    ),
    ("error_rate_once", lambda _: ErrorRate.objects.create(pk=2, checked=3, wrong=1)),
    ("error_rate_is_a_share", lambda _: ErrorRate.objects.create(checked=3, wrong=4)),
    ("site_limit_once", lambda _: twice(add_site_limit)),
    ("site_limit_name_known", lambda _: add_site_limit(name="limit_anything")),
    ("scoring_window_once", lambda letter: twice(add_window, letter)),
    ("wave_once_a_letter", lambda letter: twice(add_wave, letter)),
    ("wave_sign_known", lambda letter: add_wave(letter, sign="hunch")),
    ("wave_forgets_networks", lambda letter: add_wave(letter, over_at=NOW, networks=[b"x"])),
    ("letter_review_open_once", lambda letter: twice(add_review, letter)),
    ("letter_review_kind_known", lambda letter: add_review(letter, kind="joke")),
    ("letter_review_decided_says_by_whom", lambda letter: add_review(letter, outcome="fine")),
    ("letter_review_sent_back_says_why", lambda letter: add_review(letter, reason="Why?")),
    (
        "letter_review_sent_back_says_why",
        lambda letter: add_review(
            letter, outcome="sent_back", reason="A slip.", decided_at=NOW, decided_by=User.objects.get()
        ),
    ),
    ("collective_domain_once", lambda letter: twice(add_domain, letter)),
    ("collective_domain_says_something", lambda letter: add_domain(letter, domain="")),
    ("collective_domain_verified_is_shown", lambda letter: add_domain(letter, verified_at=NOW)),
    (
        "collective_domain_verified_is_shown",
        lambda letter: add_domain(letter, verified_at=NOW, until=NOW, dropped_at=NOW),
    ),
    ("collective_domain_removed_says_why", lambda letter: add_domain(letter, removed_at=NOW)),
    ("collective_name_once", add_two_names),
    ("collective_name_allowed_says_when", lambda letter: change_name(letter, allowed_by=User.objects.get())),
    ("collective_name_has_a_key", lambda letter: change_name(letter, key="")),
    ("report_reason_known", lambda letter: add_report(letter, reason="twice")),
    (
        "report_of_signature_holds_no_words",
        lambda letter: add_report(letter, signature=add_signature(letter), reason="twice", words="Ada"),
    ),
    ("report_reason_known", lambda letter: add_report(letter, reason="named")),
    ("name_report_once_an_address", add_name_reports),
    ("organisation_state_known", lambda letter: add_organisation(letter, state="open")),
    ("organisation_once_a_domain", lambda letter: twice(add_organisation, letter)),
    ("organisation_published_has_proof", lambda letter: add_organisation(letter, proof="")),
    ("organisation_waits_confirmed", lambda letter: add_organisation(letter, state="waiting", confirmed_at=None)),
    ("organisation_withdrawn_is_empty", lambda letter: add_organisation(letter, state="withdrawn")),
    ("site_note_about_one", lambda letter: add_note(letter, collective=letter.collective)),
    ("site_note_about_one", lambda letter: add_note(letter, letter=None)),
    ("site_note_says_something", lambda letter: add_note(letter, words="")),
    ("report_decided_says_by_whom", lambda letter: add_report(letter, outcome="acted")),
    ("letter_hold_from_known", lambda letter: Letter.objects.filter(pk=letter.pk).update(hold_from=49)),
    ("featuring_answer_known", lambda letter: add_featuring(letter, answer="?", reaches_at=NOW)),
    ("featuring_answered_says_when", lambda letter: add_featuring(letter, answer="yes")),
    ("letter_indexing_known", lambda letter: Letter.objects.filter(pk=letter.pk).update(indexing="some")),
    ("letter_sealed_has_an_end", lambda letter: Letter.objects.filter(pk=letter.pk).update(names_from=20)),
    (
        "letter_sealed_has_an_end",
        lambda letter: Letter.objects.filter(pk=letter.pk).update(names_from=19, closes_at=NOW),
    ),
    ("letter_named_was_sealed", lambda letter: Letter.objects.filter(pk=letter.pk).update(named_at=NOW)),
    ("release_notice_known", lambda letter: Release.objects.create(letter=letter, notice_hours=23)),
    ("release_or_deletion", lambda letter: Release.objects.create(letter=letter, due_at=NOW, missed_at=NOW)),
    ("release_deleted_was_missed", lambda letter: Release.objects.create(letter=letter, deleted_at=NOW)),
    ("signature_sealed_has_no_words", lambda letter: add_signature(letter, sealed=b"x")),
    ("signature_sealed_has_no_words", lambda letter: add_signature(letter, name="", sealed=b"x", state="declined")),
    ("submission_sealed_has_no_words", lambda letter: add_submission(letter, sealed=b"x")),
    (
        "signature_entrusted_once",
        lambda letter: add_signature(letter, display="organizers") and Signature.objects.update(role="Painter"),
    ),
    (
        "submission_entrusted_once",
        lambda letter: add_submission(letter, display="organizers") and Submission.objects.update(display="public"),
    ),
    (
        "trace_of_a_stranger_is_a_network",
        lambda letter: SigningTrace.objects.create(letter=letter, at=NOW, network=b"n", browser=b"b"),
    ),
    ("takedown_one_at_a_time", lambda letter: twice(add_takedown, letter)),
    ("takedown_ground_known", lambda letter: add_takedown(letter, ground="whim")),
    ("takedown_found_by_known", lambda letter: add_takedown(letter, found_by="rumour")),
    ("takedown_says_why", lambda letter: add_takedown(letter, facts="")),
    ("takedown_appeal_says_by_whom", lambda letter: add_takedown(letter, appeal="It is true.")),
    ("takedown_decision_says_by_whom", lambda letter: add_decided_takedown(letter, answer="")),
    (
        "takedown_decided_by_another",
        lambda letter: add_decided_takedown(letter, decided_by=letter.collective.memberships.get().user),
    ),
    ("takedown_restored_says_by_whom", lambda letter: add_takedown(letter, restored_at=NOW)),
    ("takedown_reversed_is_restored", lambda letter: add_decided_takedown(letter, outcome="reversed")),
    ("rejection_appeal_says_why", lambda letter: add_rejection_appeal(letter, words="")),
    ("rejection_appeal_settled_says_by_whom", lambda letter: add_rejection_appeal(letter, outcome="upheld")),
    ("rejection_appeal_settled_by_another", settle_by_the_same_person),
    ("signer_question_answered_says_when", add_half_a_question),
    ("review_decision_known", lambda letter: add_decision(letter, verb="burn")),
    ("review_decision_rejects_for_a_reason", lambda letter: add_decision(letter, verb="reject", reason="")),
    ("review_decision_rejects_for_a_reason", lambda letter: add_decision(letter, verb="accept", reason="twice")),
    ("review_decision_undone_says_by_whom", lambda letter: add_decision(letter, undone_at=NOW)),
    ("comment_hiding_has_a_reason", lambda letter: add_hiding(letter, reason="")),
    ("comment_hiding_shown_says_by_whom", lambda letter: add_hiding(letter, shown_at=NOW)),
    ("comment_hiding_once", lambda letter: twice(add_hiding, letter)),
    ("suspension_of_one", lambda letter: add_suspension(letter, collective=None)),
    ("suspension_of_one", lambda letter: add_suspension(letter, account=User.objects.get())),
    ("suspension_has_a_reason", lambda letter: add_suspension(letter, reason="")),
    ("suspension_end_says_by_whom_and_why", lambda letter: add_suspension(letter, ended_at=NOW)),
    ("suspension_of_collective_once", lambda letter: twice(add_suspension, letter)),
    (
        "suspension_of_account_once",
        lambda letter: twice(add_suspension, letter, collective=None, account=User.objects.get()),
    ),
    ("bulk_decision_rejects_for_a_reason", lambda letter: add_bulk(letter, reason="")),
    ("bulk_decision_rejects_for_a_reason", lambda letter: add_bulk(letter, verb="accept")),
    ("bulk_decision_rejects_for_a_reason", lambda letter: add_bulk(letter, verb="hold", reason="")),
    ("bulk_decision_state_known", lambda letter: add_bulk(letter, state="lost")),
    ("bulk_decision_second_person", lambda letter: add_bulk(letter, approved_by=User.objects.get())),
    ("bulk_decision_one_at_a_time", lambda letter: twice(add_bulk, letter)),
    ("bulk_target_once", choose_twice),
    ("site_page_known", lambda letter: add_site_page(letter, name="jobs")),
    ("site_page_numbered_from_one", lambda letter: add_site_page(letter, number=0)),
    ("site_page_version_once", lambda letter: [add_site_page(letter), add_site_page(letter)]),
    ("draft_link_says_for_whom", lambda letter: add_draft_link(letter, label="")),
    ("draft_link_expires", lambda letter: add_draft_link(letter, expires_at=NOW)),
    ("letter_move_outcome_known", lambda letter: add_move(letter, outcome="lost", ended_at=NOW)),
    ("letter_move_says_when_it_ended", lambda letter: add_move(letter, outcome="declined")),
    ("letter_move_leads_elsewhere", lambda letter: add_move(letter, outcome="accepted", ended_at=NOW)),
    ("letter_move_one_at_a_time", add_two_moves),
    ("letter_in_bin_is_a_draft", lambda letter: Letter.objects.filter(pk=letter.pk).update(binned_at=NOW)),
    ("letters_user_email_key", lambda _: User.objects.create_user("olga@example.org")),
    ("letters_user_email_key", lambda _: User.objects.create(email="OLGA@example.org")),
    ("key_fingerprint_once", add_the_same_fingerprint),
    ("submission_once", add_the_same_submission),
    ("submission_display_known", lambda letter: add_submission(letter, display="friends")),
    ("submission_of_nobody_holds_no_name", lambda letter: add_submission(letter, display="nobody")),
    (
        "submission_of_nobody_holds_no_name",
        lambda letter: add_submission(letter, display="nobody", name="", role="A"),
    ),
    ("submission_consent_says_when", lambda letter: add_submission(letter, consent="Write to me.")),
    ("submission_consent_says_when", lambda letter: add_submission(letter, consented_at=NOW)),
    ("collective_has_a_name", lambda _: Collective.objects.create(name="", slug="nameless", created_at=NOW)),
    (
        "letters_collective_slug_key",
        lambda letter: Collective.objects.create(name="Another", slug=letter.collective.slug, created_at=NOW),
    ),
    (
        "membership_once_a_collective",
        lambda letter: Membership.objects.create(
            collective=letter.collective, user=User.objects.get(), role="editor", created_at=NOW
        ),
    ),
    ("membership_role_known", lambda _: Membership.objects.update(role="god")),
    (
        "letters_letter_slug_key",
        lambda letter: Letter.objects.create(
            slug=letter.slug, collective=letter.collective, language="en", created_at=NOW
        ),
    ),
    ("letter_status_known", lambda letter: change(letter, status="burnt")),
    ("letter_published_has_a_text", lambda letter: change(letter, current_revision=None)),
    ("letter_published_has_a_text", lambda letter: change(letter, published_at=None)),
    ("letter_closed_says_when", lambda letter: change(letter, status="closed")),
    ("letter_closes_after_it_opens", lambda letter: change(letter, opens_at=NOW, closes_at=NOW)),
    (
        "letter_closes_after_it_opens",
        lambda letter: change(letter, opens_at=NOW, closes_at=NOW - timedelta(seconds=1)),
    ),
    ("letter_waits_only_as_a_draft", lambda letter: change(letter, publish_at=NOW)),
    ("letters_formerslug_slug_key", lambda letter: twice(add_old_slug, letter)),
    ("former_slug_is_no_other_letters", lambda letter: add_old_slug(letter, slug=another_letter(letter).slug)),
    (
        "former_slug_is_no_other_letters",
        lambda letter: change(another_letter(letter), slug=add_old_slug(letter).slug),
    ),
    ("picture_once_a_letter", lambda letter: twice(add_picture, letter)),
    ("picture_says_what_it_shows", lambda letter: add_picture(letter, alt="")),
    ("letter_displays_known", lambda letter: change(letter, displays=[])),
    ("letter_displays_known", lambda letter: change(letter, displays=["public", "friends"])),
    ("letter_numbers_add_up", lambda letter: change(letter, signature_count=1)),
    ("letter_numbers_add_up", lambda letter: change(letter, last_number=1)),
    ("letter_numbers_add_up", lambda letter: change(letter, last_number=2, signature_count=2, removed_count=1)),
    ("letter_ask_affiliation_known", lambda letter: change(letter, ask_affiliation="maybe")),
    ("letter_ask_role_known", lambda letter: change(letter, ask_role="maybe")),
    ("letter_ask_country_known", lambda letter: change(letter, ask_country="maybe")),
    ("letter_ask_comment_known", lambda letter: change(letter, ask_comment="maybe")),
    ("letters_letter_signature_count_check", lambda letter: change(letter, signature_count=-1, removed_count=1)),
    (
        "revision_number_once_a_letter",
        lambda letter: Revision.objects.create(letter=letter, number=1, created_at=NOW),
    ),
    (
        "revision_one_unpublished_a_letter",
        lambda letter: [Revision.objects.create(letter=letter, number=n, created_at=NOW) for n in (2, 3)],
    ),
    ("revision_numbers_from_one", lambda letter: Revision.objects.create(letter=letter, number=0, created_at=NOW)),
    (
        "revision_kind_known",
        lambda letter: Revision.objects.create(letter=letter, number=2, kind="joke", created_at=NOW),
    ),
    ("letter_delivery_once_a_day_and_addressee", lambda letter: twice(hand_over, letter)),
    ("breakdown_once", lambda letter: twice(add_breakdown, letter)),
    ("breakdown_kind_known", lambda letter: add_breakdown(letter, kind="city")),
    ("letters_breakdown_counted_check", lambda letter: add_breakdown(letter, counted=-1)),
    ("letters_breakdown_last_number_check", lambda letter: add_breakdown(letter, last_number=-1)),
    ("paper_count_in_bounds", lambda letter: add_paper(letter, number=0)),
    ("paper_count_in_bounds", lambda letter: add_paper(letter, number=10_000_001)),
    ("paper_count_says_who", lambda letter: add_paper(letter, counted_by="")),
    ("paper_count_hidden_says_why", lambda letter: add_paper(letter, hidden_at=NOW)),
    ("paper_count_hidden_says_why", lambda letter: add_paper(letter, hidden_because="Untrue.")),
    ("letters_papercount_number_check", lambda letter: add_paper(letter, number=-1)),
    ("letters_papercount_corrects_id_key", lambda letter: twice(add_paper, letter, corrects=add_paper(letter))),
    ("letters_letter_paper_count_check", lambda letter: change(letter, paper_count=-1)),
    ("letter_delivery_says_to_whom", lambda letter: hand_over(letter, to="")),
    ("letters_letterdelivery_signature_count_check", lambda letter: hand_over(letter, signature_count=-1)),
    ("translation_once_a_language", lambda letter: twice(add_translation, letter)),
    ("translation_is_not_empty", lambda letter: add_translation(letter, title="")),
    ("translation_is_not_empty", lambda letter: add_translation(letter, body="")),
    ("signature_address_once_a_letter", lambda letter: twice(add_signature, letter, address_hash=bytes(32))),
    ("signature_number_once_a_letter", lambda letter: twice(add_signature, letter, **PUBLISHED)),
    # An unknown state breaks every rule about states, and PostgreSQL names the first.
    ("signature_state_known|signature_confirmed_says_when_and_how", lambda letter: add_signature(letter, state="lost")),
    ("signature_display_known", lambda letter: add_signature(letter, display="friends")),
    ("signature_published_has_a_number", lambda letter: add_signature(letter, **{**PUBLISHED, "number": None})),
    ("signature_published_has_a_number", lambda letter: add_signature(letter, **{**PUBLISHED, "published_at": None})),
    ("signature_published_has_a_number", lambda letter: add_signature(letter, **CONFIRMED, number=1)),
    ("signature_published_has_a_number", lambda letter: add_signature(letter, number=1)),
    ("signature_confirmed_says_when_and_how", lambda letter: add_signature(letter, **{**CONFIRMED, "verified": ""})),
    (
        "signature_confirmed_says_when_and_how",
        lambda letter: add_signature(letter, **{**CONFIRMED, "confirmed_at": None}),
    ),
    ("signature_confirmed_says_when_and_how", lambda letter: add_signature(letter, confirmed_at=NOW)),
    (
        "signature_confirmed_says_when_and_how",
        lambda letter: add_signature(letter, state="invited", confirmed_at=NOW, verified="link"),
    ),
    ("signature_published_has_a_number", lambda letter: add_signature(letter, state="declined", number=1)),
    ("signature_of_nobody_holds_no_name", lambda letter: add_signature(letter, display="nobody")),
    ("signature_has_a_name", lambda letter: add_signature(letter, name="")),
    (
        "signature_proposed_has_a_concern",
        lambda letter: add_signature(letter, **PUBLISHED, pending_changes={"role": "x"}),
    ),
    (
        "signature_proposed_has_a_concern",
        lambda letter: add_signature(letter, **CONFIRMED, concern="changed", pending_changes={"role": "x"}),
    ),
    (
        "signature_of_nobody_proposes_no_name",
        lambda letter: add_signature(letter, **{**OF_NOBODY, "pending_changes": {"name": "Ada"}}),
    ),
    (
        "signature_of_nobody_proposes_no_name",
        lambda letter: add_signature(letter, **{**OF_NOBODY, "declined_changes": {"name": "Ada"}}),
    ),
    (
        "signature_of_nobody_proposes_no_name",
        lambda letter: add_signature(letter, **{**OF_NOBODY, "replaced_words": {"name": "Ada"}}),
    ),
    ("signature_counted_has_a_number", lambda letter: add_signature(letter, counted=True)),
    ("contact_consent_says_when", lambda letter: add_contact(letter, consent="Write to me")),
    ("contact_consent_says_when", lambda letter: add_contact(letter, consented_at=NOW)),
    ("email_ends_once", lambda letter: add_email(letter, sent_at=NOW, failed_at=NOW)),
    ("email_ends_once", lambda letter: add_email(letter, sent_at=NOW, dropped_at=NOW)),
    ("email_ends_once", lambda letter: add_email(letter, failed_at=NOW, dropped_at=NOW)),
    ("email_has_its_recipient", lambda letter: add_email(letter, signature=None)),
    ("email_has_its_recipient", lambda letter: add_email(letter, invitation=add_invitation(letter))),
    ("invitation_open_once", lambda letter: twice(add_invitation, letter)),
    ("invitation_role_known", lambda letter: add_invitation(letter, role="god")),
    ("invitation_accepted_says_by_whom", lambda letter: add_invitation(letter, address=None, accepted_at=NOW)),
    (
        "invitation_accepted_says_by_whom",
        lambda letter: add_invitation(letter, address=None, revoked_at=NOW, **accepted()),
    ),
    ("invitation_forgets_its_address", lambda letter: add_invitation(letter, address=None)),
    ("invitation_forgets_its_address", lambda letter: add_invitation(letter, revoked_at=NOW)),
    ("invitation_forgets_its_address", lambda letter: add_invitation(letter, **accepted())),
    ("signature_concern_known", lambda letter: add_signature(letter, concern="ugly")),
    (
        "invite_list_once_an_organizer",
        lambda letter: twice(
            SignatoryList.objects.create, letter=letter, sent_by=User.objects.get(), encrypted=b"", created_at=NOW
        ),
    ),
    ("rejection_reason_once", lambda _: rejection_reason(code="abuse")),
    ("rejection_reason_has_a_code", lambda _: rejection_reason(code="other")),
    ("list_entry_once", lambda _: twice(list_entry)),
    ("list_entry_known", lambda _: list_entry(list="colours")),
    ("list_entry_says_something", lambda _: list_entry(text="")),
    ("list_entry_of_typo_says_what_was_meant", lambda _: list_entry(list="typos")),
    ("list_entry_of_typo_says_what_was_meant", lambda _: list_entry(meant="example.org")),
    ("switch_once", lambda _: twice(Switch.objects.create, name="publish", is_on=True, changed_at=NOW)),
    ("switch_name_known", lambda _: Switch.objects.create(name="coffee", is_on=True, changed_at=NOW)),
    ("email_key_once", lambda letter: twice(add_email, letter)),
    ("letter_hour_once", lambda letter: twice(add_hour, letter)),
    ("letter_tally_once", lambda letter: twice(add_tally, letter)),
    ("letter_tally_kind_known", lambda letter: add_tally(letter, kind="shoe size")),
    ("personal_token_has_a_name", lambda letter: add_token(letter, name="")),
    ("personal_token_expires", lambda letter: add_token(letter, expires_at=NOW)),
    ("personal_token_scopes_known", lambda letter: add_token(letter, scopes=[])),
    ("personal_token_scopes_known", lambda letter: add_token(letter, scopes=["letters:write"])),
    ("webhook_off_known", lambda letter: add_webhook(letter, off="tired")),
    ("webhook_delivery_says_about_what", lambda letter: add_delivery(add_webhook(letter), kind="test")),
    ("webhook_delivery_says_about_what", lambda letter: add_delivery(add_webhook(letter), number=None)),
    (
        "webhook_delivery_ends_once",
        lambda letter: add_delivery(add_webhook(letter), delivered_at=NOW, failed_at=NOW),
    ),
    ("webhook_count_reached_once", lambda letter: twice(add_delivery, add_webhook(letter))),
    ("mirror_finding_known", lambda letter: add_mirror(letter, finding="pretty")),
    ("mirror_once_a_letter", lambda letter: twice(add_mirror, letter)),
    ("bundle_push_once", lambda letter: twice(add_push, letter)),
    ("export_kind_known", lambda letter: add_export(letter, kind="everything")),
    ("export_format_known", lambda letter: add_export(letter, format="docx")),
    ("export_of_a_letter_is_a_pdf", lambda letter: add_export(letter, format="pdf")),
    ("export_of_a_letter_is_a_pdf", lambda letter: add_export(letter, kind="letter", language="en")),
    ("export_of_a_letter_is_a_pdf", lambda letter: add_export(letter, kind="letter", format="pdf")),
    ("export_of_a_letter_is_a_pdf", lambda letter: add_export(letter, language="en")),
    ("export_ends_once", lambda letter: add_export(letter, finished_at=NOW, failed_at=NOW)),
    ("export_part_once", lambda letter: twice(add_part, add_export(letter))),
    ("export_one_at_a_time", lambda letter: twice(add_export, letter)),
    ("carry_over_answered_once", lambda letter: twice(carry_over, letter)),
    # The database also counts an unknown state as one that has begun.
    ("update_state_known", lambda letter: add_update(letter, state="lost", began_at=NOW)),
    ("update_is_not_empty", lambda letter: add_update(letter, title="")),
    ("update_is_not_empty", lambda letter: add_update(letter, body="")),
    ("update_in_bin_is_a_draft", lambda letter: add_update(letter, state="sent", began_at=NOW, binned_at=NOW)),
    ("update_begun_says_when", lambda letter: add_update(letter, state="sending")),
    ("update_begun_says_when", lambda letter: add_update(letter, began_at=NOW)),
    ("update_translation_once_a_language", lambda letter: twice(add_update_translation, add_update(letter))),
    ("update_translation_is_not_empty", lambda letter: add_update_translation(add_update(letter), title="")),
    ("update_translation_is_not_empty", lambda letter: add_update_translation(add_update(letter), body="")),
    ("update_correction_is_not_empty", lambda letter: add_correction(letter, "")),
    ("invitation_batch_once", lambda letter: twice(InvitationBatch.objects.create, letter=letter, created_at=NOW)),
    ("invited_person_once_a_letter", lambda letter: twice(add_invited_person, letter)),
    ("invited_person_has_words", lambda letter: add_invited_person(letter, b"")),
    (
        "notification_key_once",
        lambda _: twice(Notification.objects.create, kind="daily", key="a key", created_at=NOW),
    ),
    ("answer_is_not_empty", lambda letter: add_answer(letter, respondent="")),
    ("answer_is_not_empty", lambda letter: add_answer(letter, body="")),
    ("answer_changed_says_when", lambda letter: add_answer(letter, changed_because="A typo")),
    ("answer_changed_says_when", lambda letter: add_answer(letter, changed_at=NOW)),
    ("ledger_log_once", lambda letter: add_another_log(letter, generation=1, closed_at=NOW)),
    ("ledger_log_one_open", add_another_log),
    ("ledger_log_root_if_signed", lambda letter: add_log(letter, size=1)),
    ("ledger_log_root_if_signed", lambda letter: add_log(letter, root=bytes(32))),
    ("ledger_log_doubt_has_date", lambda letter: add_log(letter, doubt="gap")),
    ("ledger_log_doubt_has_date", lambda letter: add_log(letter, doubted_at=NOW)),
    ("ledger_tile_has_place", lambda letter: add_log(letter).tiles.create(level=8, number=0, data=b"")),
    ("ledger_tile_has_place", lambda letter: add_log(letter).tiles.create(level=0, number=-1, data=b"")),
    ("ledger_checkpoint_once", lambda letter: twice(add_checkpoint, add_log(letter))),
    ("ledger_checkpoint_has_root", lambda letter: add_checkpoint(add_log(letter), root=b"short")),
    ("ledger_key_once", lambda _: twice(LedgerKey.objects.create, kind=1, key=bytes(32), created_at=NOW)),
    ("site_log_entry_from_zero", lambda _: SiteLogEntry.objects.create(index=-1, data="x")),
    ("site_place_from_zero", lambda letter: SitePlace.objects.create(letter=letter, index=-1)),
    ("witness_refusal_has_date", lambda _: Witness.objects.create(key="k", name="n", not_before=NOW, refusal="ahead")),
    ("witness_refusal_has_date", lambda _: Witness.objects.create(key="k", name="n", not_before=NOW, refused_at=NOW)),
    ("ledger_entry_from_zero", lambda letter: LedgerEntry.objects.create(letter=letter, index=-1, data="x")),
    (
        "ledger_opening_is_whole",
        lambda letter: LedgerOpening.objects.create(signature=add_signature(letter), opening=bytes(31)),
    ),
    ("owed_entry_once", lambda letter: [add_owed(letter, signature) for signature in [add_signature(letter)] * 2]),
    ("owed_entry_kind_known", lambda letter: add_owed(letter, add_signature(letter), kind="gift")),
    ("audit_event_has_an_actor", lambda _: add_event(actor_kind="user")),
    ("audit_event_has_an_actor", lambda _: add_event(actor=User.objects.get())),
    ("audit_event_has_an_actor", lambda _: add_event(actor_kind="ghost")),
]

PERMITTED: dict[str, Act] = {
    "two_letters_of_one_signer": lambda letter: add_signature(letter, address_hash=bytes(32)),
    "two_signatures_without_an_address": lambda letter: twice(add_signature, letter),
    "a_published_signature": lambda letter: add_signature(letter, **PUBLISHED),
    "a_withdrawn_one_keeps_its_number": lambda letter: add_signature(letter, **{**PUBLISHED, "state": "withdrawn"}),
    "a_withdrawn_one_may_lose_its_name": lambda letter: add_signature(letter, state="withdrawn", name=""),
    "one_of_nobody_has_no_name": lambda letter: add_signature(letter, name="", display="nobody"),
    "one_of_nobody_may_ask_for_a_country": lambda letter: add_signature(
        letter, **{**OF_NOBODY, "pending_changes": {"country": "FR"}}
    ),
    "an_invitation_without_a_name": lambda letter: add_signature(letter, state="invited", name="", is_first=True),
    "consent_with_its_moment": lambda letter: add_contact(letter, consent="Write to me", consented_at=NOW),
    "an_end_after_the_beginning": lambda letter: change(letter, opens_at=NOW, closes_at=NOW + timedelta(seconds=1)),
    "an_address_that_is_taken_back": lambda letter: change(letter, slug=add_old_slug(letter).slug),
    "numbers_that_add_up": lambda letter: change(letter, last_number=3, signature_count=2, removed_count=1),
    "a_mail_to_who_is_invited": lambda letter: add_email(letter, signature=None, invitation=add_invitation(letter)),
    "an_invitation_after_another": lambda letter: twice(add_invitation, letter, address=None, revoked_at=NOW),
    "an_update_that_has_begun": lambda letter: add_update(letter, state="sent", began_at=NOW),
    "an_answer_that_was_changed": lambda letter: add_answer(letter, changed_because="A typo", changed_at=NOW),
    "an_event_of_a_user": lambda _: add_event(actor_kind="user", actor=User.objects.get()),
    "an_export_after_another": lambda letter: twice(add_export, letter, finished_at=NOW),
    "a_letter_on_paper_in_two_languages": lambda letter: [
        add_export(letter, kind="letter", format="pdf", language=language) for language in ("en", "it")
    ],
    "a_draft_that_changes": lambda letter: Translation.objects.filter(pk=add_translation(letter).pk).update(title="X"),
    "a_draft_that_goes": lambda letter: add_translation(letter).delete(),
}


@pytest.mark.parametrize(("rule", "act"), REFUSED, ids=[f"{n}-{rule}" for n, (rule, _) in enumerate(REFUSED)])
def test_the_database_refuses_what_breaks_a_rule(rule: str, act: Act, letter: Letter) -> None:
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        act(letter)


@pytest.mark.parametrize("act", PERMITTED.values(), ids=PERMITTED)
def test_the_rules_allow_valid_rows(act: Act, letter: Letter) -> None:
    act(letter)


def test_every_rule_has_a_test() -> None:
    rules = {rule.name for model in apps.get_app_config("letters").get_models() for rule in model._meta.constraints}
    assert rules
    tried = {rule for names, act in REFUSED for rule in names.split("|")}
    assert rules - tried == set()


@pytest.mark.parametrize(
    "act",
    [
        lambda: Translation.objects.filter(language="en").update(body="We ask for less."),
        lambda: Translation.objects.filter(language="it").update(html="<p>Meno</p>"),
        lambda: Translation.objects.filter(language="it").delete(),
    ],
)
def test_a_published_text_cannot_change(letter: Letter, act: Callable[[], Any]) -> None:
    with pytest.raises(Error, match="a published text does not change"), transaction.atomic():
        act()


@pytest.mark.parametrize(
    "act",
    [
        lambda: AuditEvent.objects.update(reason="another"),
        lambda: AuditEvent.objects.all()._raw_delete("default"),
        lambda: AuditEvent.objects.all().delete(),
    ],
)
def test_an_audit_event_can_only_be_added(letter: Letter, act: Callable[[], Any]) -> None:
    with pytest.raises(Error, match="audit events are only ever added"), transaction.atomic():
        act()


@pytest.mark.parametrize(
    "act",
    [
        lambda letter: letter.collective.delete(),
        lambda letter: Revision.objects.filter(letter=letter).delete(),
        lambda letter: letter.delete(),
        lambda _: User.objects.all().delete(),
    ],
)
def test_rows_that_a_signature_or_an_event_needs_cannot_be_deleted(letter: Letter, act: Act) -> None:
    sign(letter)
    with pytest.raises((models.ProtectedError, models.RestrictedError)):
        act(letter)


def test_a_published_letter_is_never_deleted(letter: Letter) -> None:
    change(letter, status="draft", current_revision=None)
    with pytest.raises(models.ProtectedError):
        letter.delete()


def test_forgetting_an_address_leaves_the_signature(letter: Letter) -> None:
    signature = sign(letter)
    signature.contact.delete()
    assert Signature.objects.filter(pk=signature.pk).exists()


def test_the_foreign_keys_hold_without_django(letter: Letter) -> None:
    sign(letter)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute("DELETE FROM letters_letter")


@pytest.mark.django_db(transaction=True)
def test_every_migration_can_be_reversed() -> None:
    try:
        call_command("migrate", "letters", "zero", verbosity=0)
        assert [table for table in connection.introspection.table_names() if table.startswith("letters_")] == []
    finally:
        call_command("migrate", verbosity=0)
    assert User.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_notice_does_not_stop_the_way_back_and_no_version_can_be_changed_after_it() -> None:
    """The program before migration 0105 knows no notice, so its rows go; the other versions stay as they are."""
    by = User.objects.create_superuser("rosa@example.org")
    for name in ("imprint", "notice"):
        SitePage.objects.create(name=name, language="en", number=1, markdown="Words", saved_at=NOW, saved_by=by)
    try:
        call_command("migrate", "letters", "0104", verbosity=0)
        assert list(SitePage.objects.values_list("name", flat=True)) == ["imprint"]
        with pytest.raises(Error, match="only ever added"):
            SitePage.objects.update(markdown="Others")
    finally:
        call_command("migrate", verbosity=0)
    with pytest.raises(Error, match="only ever added"):
        SitePage.objects.update(markdown="Others")
