"""Describe each signature of the queue to one moderator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from babel.dates import format_date
from django.utils.functional import Promise
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from letters.models import (
    MODERATING,
    BlockRule,
    BulkDecision,
    Display,
    Doubt,
    Letter,
    RejectionAppeal,
    ReviewDecision,
    SecondOpinion,
    Signature,
    State,
    User,
)
from letters.moderator.moderation.forms import CONCERNS, RISKS, STATES
from letters.moderator.moderation.queries import (
    HIGH_RISK,
    SOME_RISK,
    Scope,
    active_reason,
    active_reasons,
    appeals_about,
    decision_purpose,
    handle_of,
    kinds_of,
    opinion_purpose,
    signature_purpose,
    signatures_of,
)
from letters.moderator.signals.queries import rules_named
from letters.moderator.signals.reasons import OF_NETWORK, OF_WORDS, SIGNALS
from letters.moderator.signals.reasons import Reason as Signal
from letters.shared.languages import current_language, current_locale
from letters.shared.shown_domains import shown_domain
from letters.shared.tokens import make_handle

OF_RULE = "rule:"
NO_RULES: Mapping[int, BlockRule] = {}

COARSE: dict[frozenset[Signal], Promise] = {
    OF_WORDS: _("Something about the words is unusual. You cannot read them, so we do not say what."),
    frozenset({Signal.BLOCK_RULE}): _(
        "A rule made by moderators holds it. We do not say which one, to protect people who do not show their name."
    ),
    frozenset(Signal) - OF_WORDS - {Signal.BLOCK_RULE}: _(
        "Something about how it was signed is unusual. We say no more, to protect people who do not show their name."
    ),
}

# Signals that say the same as a concern, so that the page says it once.
SAID_BY: Mapping[str, Signal] = {
    Signature.Concern.DISPOSABLE: Signal.THROWAWAY_DOMAIN,
    Signature.Concern.UNPROVEN: Signal.UNPROVEN,
    Signature.Concern.BOUNCED: Signal.BOUNCED,
    Signature.Concern.DOMAIN: Signal.CROWDED_DOMAIN,
    Signature.Concern.REPORTED: Signal.REPORTED,
}


def reasons() -> list[tuple[str, str]]:
    """Return the code and the label of each reason, in the order of the number keys."""
    language = current_language()
    return [(each.code, each.label_in(language)) for each in active_reasons()]


@dataclass(frozen=True)
class Item:
    """A signature of the queue, without anything that this person must not see."""

    signature: Signature
    handle: str
    sees_name: bool
    # The signer's words against a rejection, if they wait for a decision.
    appeal: RejectionAppeal | None = None
    may_decide: bool = True
    # The rules that hold signatures of the page and that the person may read, by their ids.
    rules: Mapping[int, BlockRule] = field(default_factory=dict)
    # The person moderates the site.
    is_of_site: bool = False

    @property
    def answer(self) -> str | None:
        """Return the link that the signer gave; "" if they were asked and gave none, None if nobody asked."""
        answer: str | None = getattr(self.signature, "answer", None)
        return answer

    @property
    def proved(self) -> str:
        """Return the domain of the address that the signer proved as an answer; "" if they did not."""
        return shown_domain(getattr(self.signature, "proved", None) or "")

    @property
    def rejected_for(self) -> str:
        """Return the reason of the decision against which the signer appeals."""
        if self.appeal is None:
            return ""
        decision = self.appeal.decision
        language = current_language()
        return decision.because.label_in(language) if decision.because else decision.note

    @property
    def name(self) -> str:
        return self.signature.name if self.sees_name else ""

    @property
    def is_named(self) -> bool:
        """Return whether the page may show the name, the number, the risk, the day, and how quickly it was confirmed.

        Privacy: a person with a mail log could find a signer without a name by the time.
        """
        return bool(self.name)

    @property
    def waits(self) -> bool:
        """Return whether it is in the queue."""
        signature = self.signature
        return signature.state == State.HELD or (signature.concern != "" and not self.is_rejected)

    @property
    def is_rejected(self) -> bool:
        """Return whether a moderator has rejected it for good."""
        return self.signature.state == State.REJECTED and self.signature.concern != Signature.Concern.RECHECK

    @property
    def confirmed(self) -> str:
        """Say how it was confirmed, and how quickly."""
        signature = self.signature
        if not self.is_named or signature.confirmed_at is None:
            return gettext("Confirmed by email")
        seconds = int((signature.confirmed_at - signature.signed_at).total_seconds())
        in_minutes = timesince(signature.signed_at, signature.confirmed_at, depth=1)
        took = ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds} if seconds < 60 else in_minutes
        if signature.verified == Signature.Verified.CODE:
            return gettext("Confirmed with the code after %(time)s") % {"time": took}
        return gettext("Confirmed with the link after %(time)s") % {"time": took}

    @property
    def reasons(self) -> list[Promise | str]:
        return reasons_for(self.signature, is_named=self.is_named, rules=self.rules)

    @property
    def reasons_in_list(self) -> list[Promise | str]:
        """Return the reasons for the lists of a letter.

        Privacy: those lists are in the order of the confirmations and show numbers. Of a signature without a name, they
        say no more than the queue, and only before it has a number.
        """
        has_number = self.signature.number is not None
        return self.reasons if self.is_named or not (has_number or self.is_rejected) else []

    @property
    def bursts(self) -> list[tuple[str, Promise]]:
        """Return what other signatures can have in common with this one, and the words for each."""
        known = frozenset(map(str, _signals_of(self.signature))) if self.is_named else frozenset()
        return [(f"{kind}:{self.handle}", BURSTS[kind]) for kind in kinds_of(known)]

    @property
    def makes_rules(self) -> bool:
        """Return whether the person may make a rule about the network from which this one and many others came."""
        is_shown = self.is_named and self.signature.display == Display.PUBLIC
        return self.is_of_site and is_shown and not OF_NETWORK.isdisjoint(_signals_of(self.signature))

    @property
    def named(self) -> list[str]:
        """Say who reported their own name. Privacy: only the domain of the organisation, never an address."""
        domains: Sequence[str | None] = getattr(self.signature, "named_domains", ())
        return [_who_is_named(domain) for domain in domains if self.is_named]

    @property
    def concern(self) -> str:
        """Return the concern, if nothing else on the page says it."""
        concern = self.signature.concern
        is_shown = concern == Signature.Concern.CHANGED and self.signature.pending_changes
        is_doubt = concern == Signature.Concern.DOUBTFUL and self.reasons
        is_said = self.is_named and SAID_BY.get(concern) in _signals_of(self.signature)
        return "" if is_shown or is_doubt or is_said or self.appeal else concern

    @property
    def risk(self) -> Promise | str:
        """Say how risky it is. Privacy: of a signature without a name, nothing is said that others could compare."""
        if not self.is_named:
            return ""
        if self.signature.risk >= HIGH_RISK:
            return _("High risk")
        return _("Some risk") if self.signature.risk >= SOME_RISK else ""


def _who_is_named(domain: str | None) -> str:
    if domain is None:
        return gettext("Someone confirmed an address and says that they are the person named and did not sign.")
    if domain:
        return gettext(
            "Someone confirmed an address at %(domain)s and says that they are the person named and did not sign."
        ) % {"domain": domain}
    return gettext(
        "Someone confirmed an address at a private mailbox and says that they are the person named and did not sign."
    )


def reasons_for(
    signature: Signature, *, is_named: bool, rules: Mapping[int, BlockRule] = NO_RULES
) -> list[Promise | str]:
    """Say why the site doubts a signature.

    Privacy: an exact reason would tell something about a person whose name this moderator must not read.
    """
    known = _signals_of(signature)
    if is_named:
        # Privacy: a rule about one mailbox or network is not told, nor that it is one. A deleted rule has no words.
        named = [rule_in_words(rules[pk]) for pk in _rules_of(signature) if pk in rules and not rules[pk].is_about_one]
        plain = [SIGNALS[reason].sentence for reason in known if reason != Signal.BLOCK_RULE or not named]
        return [*named, *plain]
    return [words for among, words in COARSE.items() if not among.isdisjoint(known)]


def _signals_of(signature: Signature) -> list[Signal]:
    doubt: Doubt | None = getattr(signature, "doubt", None)
    return [Signal(name) for name in (doubt.reasons if doubt else []) if name in SIGNALS]


def _rules_of(signature: Signature) -> list[int]:
    """Return the ids of the rules that hold a signature."""
    doubt: Doubt | None = getattr(signature, "doubt", None)
    return [int(name.removeprefix(OF_RULE)) for name in (doubt.reasons if doubt else []) if name.startswith(OF_RULE)]


def rule_about(rule: BlockRule) -> str:
    """Say what a rule is about. Privacy: an address and a network are stored only as keyed hashes."""
    words = {
        BlockRule.Kind.DOMAIN: gettext("domain %(text)s"),
        BlockRule.Kind.NAME: gettext("names like “%(text)s”"),
        BlockRule.Kind.ADDRESS: gettext("one email address"),
        BlockRule.Kind.NETWORK: gettext("the network of a burst"),
    }[BlockRule.Kind(rule.kind)]
    return words % {"text": rule.text} if rule.text else words


def rule_in_words(rule: BlockRule) -> str:
    """Say which rule holds a signature: "Rule: domain example.com, until December 3, 2026: spam wave"."""
    last_day = rule.ends_at - timedelta(days=1)
    about = {
        "about": rule_about(rule),
        "day": format_date(last_day, "long", locale=current_locale()),
        "reason": rule.reason,
    }
    return gettext("Rule: %(about)s, until %(day)s: %(reason)s") % about


def items(scope: Scope, signatures: list[Signature]) -> list[Item]:
    """Performance: one query for the rules of all of them, and none if no rule holds any."""
    purpose, appeals = signature_purpose(scope.person), appeals_about(signatures)
    rules = _rules_about(signatures, scope.person)
    found = []
    for each in signatures:
        appeal = appeals.get(each.pk)
        may_decide = appeal is None or not appeal.is_barred_to(scope.person)
        handle, sees_name = make_handle(purpose, each.pk), scope.sees_name_of(each)
        found.append(Item(each, handle, sees_name, appeal, may_decide, rules, scope.moderates_site))
    return found


def _rules_about(signatures: Sequence[Signature], person: User) -> Mapping[int, BlockRule]:
    ids = {pk for each in signatures for pk in _rules_of(each)}
    return {each.pk: each for each in rules_named(ids, person)} if ids else NO_RULES


def list_items(letter: Letter, signatures: Sequence[Signature], moderator: User) -> list[Item]:
    """Describe a page of a letter's list to a moderator of its collective, who reads every name that is stored."""
    rules = _rules_about(signatures, moderator)
    return [Item(each, handle_of(letter, each.pk), sees_name=True, rules=rules) for each in signatures]


@dataclass(frozen=True)
class Opinion:
    """A signature for a second opinion. Blind: it tells neither the decision nor who took it."""

    handle: str
    item: Item


def opinion(scope: Scope, drawn: tuple[int, Signature] | None) -> Opinion | None:
    if drawn is None:
        return None
    pk, signature = drawn
    (item,) = items(scope, [signature])
    return Opinion(make_handle(opinion_purpose(scope.person), pk), item)


@dataclass(frozen=True)
class Disagreement:
    """A decision about which another moderator has another opinion."""

    handle: str
    item: Item
    decision: ReviewDecision


def disagreements(scope: Scope, opinions: Sequence[SecondOpinion]) -> list[Disagreement]:
    signatures, purpose = signatures_of(opinions), opinion_purpose(scope.person)
    return [
        Disagreement(make_handle(purpose, each.pk), item, each.decision)
        for each in opinions
        if each.signature_id in signatures
        for item in items(scope, [signatures[each.signature_id]])
    ]


@dataclass(frozen=True)
class Decided:
    """A decision that was just made, and how to undo it."""

    words: str
    # The handle of the decision; "" if it cannot be undone.
    undo: str = ""


def decided(decision: ReviewDecision | None, words: str) -> Decided:
    """Return what the page says about a decision, and how to undo it."""
    if decision is None:
        return Decided(words)
    return Decided(words, make_handle(decision_purpose(decision.decided_by), decision.pk))


CRITERIA: Mapping[str, Promise] = {
    "q": _("Name or affiliation"),
    "state": _("State"),
    "since": _("Confirmed from"),
    "before": _("Confirmed before"),
    "risk": _("Risk"),
    "concern": _("Reason to review"),
    "domain": _("Confirmed domain"),
    "burst": _("Burst"),
}
BURSTS: Mapping[str, Promise] = {
    "network": _("the same network and type of browser"),
    "browser": _("the same type of browser, within an hour"),
    "domain": _("the same email domain"),
}


def criteria_in_words(asked: Mapping[str, str]) -> list[tuple[Promise, Promise | str]]:
    """Return the criteria of a search with the labels of the form, in its order."""
    named: dict[str, dict[str, Any]] = {
        "state": dict(STATES),
        "risk": {str(value): words for value, words in RISKS},
        "concern": dict(CONCERNS),
        # Of the link, only what the signatures have in common.
        "burst": {asked["burst"]: BURSTS.get(asked["burst"].partition(":")[0], "")} if asked.get("burst") else {},
    }
    return [
        (words, named.get(name, {}).get(asked[name], asked[name].replace("T", " ") if name in TIMES else asked[name]))
        for name, words in CRITERIA.items()
        if asked.get(name)
    ]


TIMES = {"since", "before"}


def who(person: User | None, letter: Letter) -> Promise | str:
    """Name a moderator to the others.

    Privacy: only members of one collective read each other's names, and nobody here reads an email address.
    """
    if person is None:
        return ""
    if not letter.collective.has_role(person, MODERATING):
        return _("A person who moderates the site")
    return person.name or _("A moderator of the collective")


def reason_in_words(bulk: BulkDecision) -> Promise | str:
    """Return why a bulk decision rejects; "" if it accepts."""
    reason = active_reason(bulk.reason, as_of=bulk.asked_at)
    return reason.label_in(current_language()) if reason else ""
