"""Score signatures before they are numbered. The sequencer calls this while it holds the letter."""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken

from letters.base.site_lists.queries import is_throwaway, meant_by
from letters.models import CONFIRMED_OR_SEALED, RISK_OF_NAMED, Ask, Display, Doubt, Letter, Signature, State, Transition
from letters.models.lifecycle import NOT_HELD_FOR_DOUBT, is_in
from letters.moderator.live_signals import queries
from letters.moderator.live_signals.queries import NOTHING, Candidate, Seen
from letters.moderator.live_signals.ruling import Rulings, rule_on
from letters.moderator.live_signals.shield import note_window, shielded_from
from letters.moderator.reports.queries import counted_reports, named_in
from letters.moderator.signals.affiliations import fits
from letters.moderator.signals.crowds import most_within
from letters.moderator.signals.queries import current_lists
from letters.moderator.signals.reasons import MAX_SCORE, OF_NETWORK, OF_WORDS, Reason
from letters.moderator.signals.scoring import Crowd, DomainFacts, Facts, Verdict, score
from letters.moderator.signals.word_lists import Lists, comparable
from letters.shared.addresses import decrypt
from letters.shared.domains import domain_of, is_private, match_domain, registrable
from letters.shared.sql import execute
from letters.shared.traces import TRACE_LIFETIME, hash_domain

log = logging.getLogger(__name__)

# Lock order: the caller holds the letter's row, and moderators and withdrawals wait for it, so batches are small.
MAX_BATCH_SIZE = 1000
# A lower score tells a moderator nothing. Its reasons are kept only for a signature that waits anyway.
MIN_NOTED = 10
# Denial of service: at most this many earlier signatures of a burst are scored again at once.
MAX_AGAIN = 200
BURSTS = sorted(OF_NETWORK)
# Privacy: anyone can report a published signature, and so bring it before moderators. They then read only what is in
# its words, which are public, and nothing about how it was signed.
AFTER_REPORT = OF_WORDS | {Reason.REPORTED, Reason.BLOCK_RULE}
HOUR, WEEK = 3600.0, TRACE_LIFETIME.total_seconds()
# The shares of browsers on the site are counted again after this many seconds.
SHARES_AGE = 600.0


def score_signatures(letter: Letter, *, now: datetime) -> bool:
    """Score signatures that were confirmed or changed, and hold those whose score reaches the letter's threshold.

    The caller holds the letter's row and numbers only scored signatures, so no doubtful signature is counted even for a
    moment. A published signature is never taken off the list: it only enters the review queue. First signatories
    are not held, because organizers invited them. On a letter that names nobody yet, a doubtful signature is held only
    when the names appear; until then it does not count towards the number that is needed.

    Return whether there may be more to score.
    """
    candidates = queries.claim_to_score(letter.pk, MAX_BATCH_SIZE)
    if not candidates:
        return False
    known = _known(letter, candidates, now)
    lists = current_lists()
    verdicts = {each.id: _verdict(each, known, lists) for each in candidates}
    _store(candidates, verdicts)
    shielded = dict.fromkeys(shielded_from(letter, candidates, verdicts), ())
    _hold(letter, candidates, verdicts, replace(known.rulings, held={**shielded, **known.rulings.held}))
    if not letter.is_sealed:
        note_window(letter, candidates, verdicts, now)
    _note_doubts(candidates, verdicts, known.rulings, now)
    found_more = _score_burst_again(letter.pk, candidates, verdicts, now)
    return found_more or len(candidates) == MAX_BATCH_SIZE


def _verdict(candidate: Candidate, known: "Known", lists: Lists) -> Verdict:
    try:
        verdict = score(known.facts_of(candidate), lists)
        is_only_reported = candidate.state == State.PUBLISHED and candidate.concern == Signature.Concern.REPORTED
        return verdict.only(AFTER_REPORT) if is_only_reported else verdict
    except Exception:
        # Abuse: nobody must publish past the signals by crashing them, and one signature must not stop the others.
        # Privacy: the log gets no word of the signer.
        log.exception("Could not score signature %s. A moderator reviews it.", candidate.id)
        return Verdict(MAX_SCORE, ())


@dataclass(frozen=True)
class Mailbox:
    """The facts about the domain of an address."""

    domain: str
    facts: DomainFacts
    # None for a provider of private mailboxes.
    hash: bytes | None


NO_MAILBOX = Mailbox("", DomainFacts(), None)


def _mailbox(letter: Letter, candidate: Candidate) -> Mailbox:
    # Privacy: nothing is read about the domain of a signer who shows the name to nobody.
    if candidate.address is None or candidate.display == Display.NOBODY:
        return NO_MAILBOX
    try:
        address = decrypt(candidate.address)
    except InvalidToken:
        return NO_MAILBOX
    domain, owned = domain_of(address), registrable(domain_of(address))
    affiliation = candidate.word("affiliation")
    # A letter that is limited to domains expects many signers there, whatever they call their part of the organisation.
    is_expected = bool(match_domain(domain, letter.domains))
    own = not is_private(domain)
    facts = DomainFacts(
        throwaway=is_throwaway(domain),
        mistyped=bool(meant_by(address)),
        private=not own,
        fits_affiliation=is_expected or (own and fits(affiliation, domain)),
    )
    # Where the form asks for no affiliation, its absence says nothing.
    is_compared = own and not is_expected and letter.ask_affiliation != Ask.OFF
    return Mailbox(domain, facts, hash_domain(letter.pk, owned) if is_compared else None)


@dataclass(frozen=True)
class Known:
    """Everything that the site knows about the signatures of a batch."""

    mailboxes: Mapping[int, Mailbox]
    domains: Mapping[bytes, tuple[int, int]]
    networks: Mapping[bytes, Seen]
    letter: Seen
    shares: Mapping[bytes, float]
    names: Mapping[int, tuple[int, int]]
    elsewhere: Mapping[int, int]
    rulings: Rulings
    reports: Mapping[int, int]

    def facts_of(self, candidate: Candidate) -> Facts:
        same_name, same_person = self.names.get(candidate.id, (0, 0))
        return Facts(
            name=candidate.word("name"),
            affiliation=candidate.word("affiliation"),
            role=candidate.word("role"),
            comment=candidate.word("comment"),
            domain=self._domain(candidate),
            crowd=self._crowd(candidate),
            seconds=(candidate.confirmed_at - (candidate.at or candidate.signed_at)).total_seconds(),
            proven=False if candidate.concern == Signature.Concern.UNPROVEN else None,
            bounced=candidate.concern == Signature.Concern.BOUNCED,
            same_name=same_name,
            same_person=same_person,
            other_letters=self.elsewhere.get(candidate.id, 0),
            disowned_nearby=self._near(candidate).disowned,
            ruled=candidate.id in self.rulings.held,
            reports=self.reports.get(candidate.id, 0),
        )

    def _domain(self, candidate: Candidate) -> DomainFacts:
        mailbox = self.mailboxes[candidate.id]
        strangers, members = self.domains.get(mailbox.hash or b"", (0, 0))
        is_stranger = mailbox.hash is not None and not mailbox.facts.fits_affiliation
        return replace(mailbox.facts, strangers=strangers if is_stranger else 0, members=members)

    def _near(self, candidate: Candidate) -> Seen:
        return self.networks.get(candidate.network or b"", NOTHING)

    def _crowd(self, candidate: Candidate) -> Crowd:
        if candidate.at is None or candidate.browser is None:
            return Crowd()
        at, browser, near = candidate.at.timestamp(), candidate.browser, self._near(candidate)
        in_network, pair = near.times, near.by_browser.get(browser, ())
        return Crowd(
            network_hour=most_within(in_network, at, HOUR),
            pair_hour=most_within(pair, at, HOUR),
            network_week=most_within(in_network, at, WEEK),
            pair_week=most_within(pair, at, WEEK),
            letter_hour=most_within(self.letter.times, at, HOUR),
            browser_hour=most_within(self.letter.by_browser.get(browser, ()), at, HOUR),
            browser_share=self.shares.get(browser, 0.0) if self.shares else 1.0,
        )


def _known(letter: Letter, candidates: Sequence[Candidate], now: datetime) -> Known:
    mailboxes = {each.id: _mailbox(letter, each) for each in candidates}
    letter_id = letter.pk
    owned = {pk: mailbox for pk, mailbox in mailboxes.items() if mailbox.hash}
    queries.note_domains(owned.keys(), [(each.hash, each.facts.fits_affiliation) for each in owned.values()])
    traced = [each for each in candidates if each.at and each.browser]
    return Known(
        mailboxes=mailboxes,
        domains=queries.count_domains(letter_id, [each.hash for each in owned.values() if each.hash]),
        networks=queries.seen_in_networks(letter_id, [each.network for each in traced if each.network], now=now),
        letter=queries.seen_in_letter(letter_id, [each.at for each in traced if each.at]),
        shares=_shares() if traced else {},
        names=_equal_names(letter_id, candidates),
        elsewhere=queries.signed_elsewhere(letter_id, candidates),
        rulings=_rulings(letter, candidates, mailboxes, now),
        reports=counted_reports([each.id for each in candidates]),
    )


def _rulings(
    letter: Letter, candidates: Sequence[Candidate], mailboxes: Mapping[int, Mailbox], now: datetime
) -> Rulings:
    # Privacy: moderators see how many signatures a rule matches. With a rule about a name or a domain, they could find
    # out who has signed a letter that names nobody yet.
    if letter.is_sealed:
        return Rulings()
    return rule_on(letter, candidates, {pk: mailbox.domain for pk, mailbox in mailboxes.items()}, now=now)


def _equal_names(letter_id: int, candidates: Sequence[Candidate]) -> dict[int, tuple[int, int]]:
    """Count equal names among published signatures, and among earlier ones of this batch."""
    found = queries.equal_names(letter_id, [each for each in candidates if each.word("name")])
    names, people = Counter[str](), Counter[tuple[str, str]]()
    for each in candidates:
        name, affiliation = comparable(each.word("name")), comparable(each.word("affiliation"))
        published = found.get(each.id, (0, 0))
        same_person = people[name, affiliation] if affiliation else 0
        found[each.id] = (published[0] + names[name], published[1] + same_person)
        if each.is_public and each.state == State.CONFIRMED:
            names[name] += 1
            people[name, affiliation] += 1
    return found


# Performance: the shares hardly change, so each process remembers them. The first number is the time of the count.
_remembered: tuple[float, dict[bytes, float]] = (0.0, {})


def _shares() -> dict[bytes, float]:
    global _remembered  # noqa: PLW0603 -- one small memory for each process
    counted_at, shares = _remembered
    if not shares or time.monotonic() - counted_at > SHARES_AGE:
        shares = queries.shares_of_browsers()
        _remembered = (time.monotonic(), shares)
    return shares


STORE = """
UPDATE letters_signature AS signature SET risk = scored.risk, to_score = false
FROM unnest(%(ids)s::bigint[], %(risks)s::int[]) AS scored (id, risk) WHERE signature.id = scored.id
"""


def _store(candidates: Sequence[Candidate], verdicts: Mapping[int, Verdict]) -> None:
    ids = [each.id for each in candidates]
    named = named_in(ids)
    risks = [RISK_OF_NAMED if pk in named else verdicts[pk].score for pk in ids]
    execute(STORE, {"ids": ids, "risks": risks})


def _hold(letter: Letter, candidates: Sequence[Candidate], verdicts: Mapping[int, Verdict], rulings: Rulings) -> None:
    """Hold doubtful signatures. A numbered one enters the queue, and stays on the list until someone decides."""

    def is_doubted(pk: int) -> bool:
        # A rule of moderators says more than the letter's threshold.
        return pk in rulings.held or (verdicts[pk].score >= letter.hold_from and pk not in rulings.allowed)

    free = [each.id for each in candidates if not (each.is_first or each.accepted or each.concern)]
    doubted = [pk for pk in free if is_doubted(pk)]
    rows = Signature.objects.filter(pk__in=doubted)
    rows.filter(state__in=NOT_HELD_FOR_DOUBT).update(concern=Signature.Concern.DOUBTFUL)
    rows.move(Transition.DOUBT, concern=Signature.Concern.DOUBTFUL)


def _note_doubts(
    candidates: Sequence[Candidate], verdicts: Mapping[int, Verdict], rulings: Rulings, now: datetime
) -> None:
    """Keep the reasons that a moderator may need. Privacy: of an ordinary signature none are kept."""
    waiting = {each.id for each in candidates if each.state == State.HELD or each.concern}
    noted = {pk: verdict.reasons for pk, verdict in verdicts.items() if verdict.score >= MIN_NOTED or pk in waiting}
    Doubt.objects.filter(pk__in=[pk for pk in verdicts if not noted.get(pk)]).delete()
    Doubt.objects.bulk_create(
        [
            Doubt(signature_id=pk, reasons=[*reasons, *rulings.notes(pk)], scored_at=now)
            for pk, reasons in noted.items()
            if reasons
        ],
        update_conflicts=True,
        unique_fields=["signature"],
        update_fields=["reasons", "scored_at"],
    )


# A burst becomes visible only after its first signatures, which were scored without it. Score those again.
AGAIN = f"""
UPDATE letters_signature SET to_score = true WHERE id IN (
    SELECT trace.signature_id
    FROM unnest(%(networks)s::bytea[], %(browsers)s::bytea[]) AS pair (network, browser)
    JOIN letters_signingtrace AS trace ON trace.letter_id = %(letter)s AND trace.network = pair.network
        AND trace.browser = pair.browser AND trace.at > %(since)s
    LEFT JOIN letters_doubt AS doubt ON doubt.signature_id = trace.signature_id
    WHERE doubt.reasons IS NULL OR NOT doubt.reasons && %(bursts)s::varchar[]
    LIMIT %(most)s
) AND {is_in(CONFIRMED_OR_SEALED)} AND NOT to_score AND id <> ALL (%(ids)s) AND display <> '{Display.NOBODY}'
"""  # noqa: S608 -- our own statement


def _score_burst_again(
    letter_id: int, candidates: Sequence[Candidate], verdicts: Mapping[int, Verdict], now: datetime
) -> bool:
    pairs = sorted(
        {
            (each.network, each.browser)
            for each in candidates
            if each.network and each.browser and not set(verdicts[each.id].reasons).isdisjoint(BURSTS)
        }
    )
    if not pairs:
        return False
    values: dict[str, Any] = {
        "letter": letter_id,
        "ids": [each.id for each in candidates],
        "networks": [network for network, _ in pairs],
        "browsers": [browser for _, browser in pairs],
        # A reported signature gets none of these reasons.
        "bursts": [*BURSTS, Reason.REPORTED],
        "since": now - TRACE_LIFETIME,
        "most": MAX_AGAIN,
    }
    return execute(AGAIN, values) > 0
