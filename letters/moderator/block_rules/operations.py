"""Make rules, switch them on and off, end them, and forget what they were about."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from letters.base.changes.operations import Change, change_collective, change_letter, change_letter_for_site
from letters.models import (
    MAX_NETWORK_RULE_LIFETIME,
    MAX_RULE_LIFETIME,
    MODERATING,
    RULE_KEPT_AFTER_END,
    BlockRule,
    Collective,
    Display,
    Doubt,
    Letter,
    Signature,
    User,
)
from letters.moderator.block_rules.queries import network_of, number_in_force, try_rule
from letters.moderator.signals.reasons import OF_NETWORK
from letters.shared.addresses import Address, hash_address
from letters.shared.refused import Refusal, Refused

Kind = BlockRule.Kind
# Each batch of signatures is compared with the rules of its letter, its collective and the site.
MAX_IN_FORCE = 50
# Privacy: a new rule shows a number, so a person can make only this many.
MAX_A_DAY = 10
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class RuleWish:
    """A rule that someone asks for. Without a letter and a collective, it is for the whole site."""

    kind: str
    effect: str
    reason: str
    ends_at: datetime
    is_of_site: bool
    letter: Letter | None = None
    collective: Collective | None = None
    # A domain, or a pattern of names.
    text: str = ""
    address: Address | None = None
    # One signature of the burst whose network the rule is about.
    burst: Signature | None = None


@transaction.atomic
def make_rule(wish: RuleWish, *, by: User, now: datetime) -> BlockRule:
    """Store a rule that is off, with the number of past signatures that it would have matched.

    Privacy: members of a collective make no rule about one address, because they could type a staff list and see who is
    held, and none about a network, because it could be that of an office. A network is nothing that anyone types: it is
    that of a burst.

    Raises Refused: "not_yours", "no_reason", "ends_wrong", "no_burst", "too_many_rules" and "too_many_rules_today".
    """
    change = _authority(wish.letter, wish.collective, is_of_site=wish.is_of_site, by=by, now=now)
    change.lock_account()
    if wish.kind in {Kind.ADDRESS, Kind.NETWORK} and not wish.is_of_site:
        raise Refused(Refusal.NOT_YOURS)
    if not wish.reason.strip():
        raise Refused(Refusal.NO_REASON)
    longest = MAX_NETWORK_RULE_LIFETIME if wish.kind == Kind.NETWORK else MAX_RULE_LIFETIME
    if not now < wish.ends_at <= now + longest:
        raise Refused(Refusal.ENDS_WRONG)
    rule = BlockRule(
        letter=wish.letter,
        collective=wish.collective,
        is_of_site=wish.is_of_site,
        kind=wish.kind,
        effect=wish.effect,
        text=wish.text if wish.kind in {Kind.DOMAIN, Kind.NAME} else "",
        digest=_digest(wish),
        reason=wish.reason.strip(),
        made_by=by,
        made_at=now,
        ends_at=wish.ends_at,
    )
    _require_room(rule, by, now)
    tested = try_rule(rule)
    found = tested.people if rule.kind == Kind.DOMAIN else len(tested.matching)
    rule.tested, rule.tested_of = (None if rule.is_about_one else found), tested.of
    rule.save()
    _record(change, "make_rule", rule)
    return rule


def _authority(
    letter: Letter | None, collective: Collective | None, *, is_of_site: bool, by: User, now: datetime
) -> Change:
    """Lock the place of a rule. Raises Refused("not_yours")."""
    if is_of_site:
        if not by.moderates_site_now():
            raise Refused(Refusal.NOT_YOURS)
        return change_letter_for_site(letter, by=by, now=now) if letter else Change(by=by, now=now)
    if letter:
        return change_letter(letter, MODERATING, by=by, now=now)
    if collective:
        return change_collective(collective, MODERATING, by=by, now=now)
    raise Refused(Refusal.NOT_YOURS)


def _digest(wish: RuleWish) -> bytes | None:
    if wish.kind == Kind.ADDRESS and wish.address:
        return hash_address(wish.address.canonical)
    return _network(wish) if wish.kind == Kind.NETWORK else None


def _network(wish: RuleWish) -> bytes:
    """Return the network of a burst. Raises Refused("no_burst")."""
    signature = wish.burst
    if signature is None or wish.letter is None or signature.letter_id != wish.letter.pk:
        raise Refused(Refusal.NO_BURST)
    doubt = Doubt.objects.filter(pk=signature.pk).first()
    if signature.display != Display.PUBLIC or doubt is None or OF_NETWORK.isdisjoint(doubt.reasons):
        raise Refused(Refusal.NO_BURST)
    network = network_of(signature)
    if network is None:
        raise Refused(Refusal.NO_BURST)
    return network


def _require_room(rule: BlockRule, by: User, now: datetime) -> None:
    if number_in_force(rule, now) >= MAX_IN_FORCE:
        raise Refused(Refusal.TOO_MANY_RULES)
    if BlockRule.objects.filter(made_by=by, made_at__gt=now - DAY).count() >= MAX_A_DAY:
        raise Refused(Refusal.TOO_MANY_RULES_TODAY)


@transaction.atomic
def switch_rule(rule: BlockRule, *, on: bool, by: User, now: datetime) -> None:
    """Let a rule work, or stop it. Idempotent. Raises Refused("not_yours") and Refused("rule_over")."""
    change = _begin(rule, by, now)
    if rule.is_over(now):
        raise Refused(Refusal.RULE_OVER)
    if rule.is_on != on:
        rule.is_on = on
        rule.save(update_fields=["is_on"])
        _record(change, "switch_rule_on" if on else "switch_rule_off", rule)


@transaction.atomic
def end_rule(rule: BlockRule, *, by: User, now: datetime) -> None:
    """End a rule for good, and forget the hash that it was about. Idempotent. Raises Refused("not_yours")."""
    change = _begin(rule, by, now)
    if not rule.is_over(now):
        rule.is_on, rule.ended_at, rule.digest = False, now, None
        rule.save(update_fields=["is_on", "ended_at", "digest"])
        _record(change, "end_rule", rule)


def _begin(rule: BlockRule, by: User, now: datetime) -> Change:
    change = _authority(rule.letter, rule.collective, is_of_site=rule.is_of_site, by=by, now=now)
    # Race: two people wait for each other here.
    rule.refresh_from_db(from_queryset=BlockRule.objects.select_for_update(no_key=True), fields=["is_on", "ended_at"])
    return change


def _record(change: Change, verb: str, rule: BlockRule) -> None:
    """Record a change. Privacy: the record is permanent, so it holds no name, domain, address or network."""
    details = {"rule": rule.pk, "kind": rule.kind, "effect": rule.effect, "until": rule.ends_at.date().isoformat()}
    thing = rule.letter or rule.collective or rule.made_by
    change.record(verb, thing, reason=rule.reason, details=details)


def forget_rules(*, now: datetime) -> int:
    """Forget the hashes of rules that are over, and delete rules a month after their end. Returns how many changed."""
    over = BlockRule.objects.filter(Q(ends_at__lte=now) | Q(ended_at__isnull=False))
    changed = over.filter(Q(is_on=True) | Q(digest__isnull=False)).update(is_on=False, digest=None)
    long_ago = now - RULE_KEPT_AFTER_END
    return changed + over.filter(Q(ends_at__lte=long_ago) | Q(ended_at__lte=long_ago)).delete()[0]
