"""A score follows from what the site knows, and no honest name is doubtful."""

from dataclasses import fields, replace
from typing import Any

import pytest
from django.utils.translation import override

from letters.moderator.signals.reasons import HOLD_FROM, MAX_SCORE, SIGNALS, Reason
from letters.moderator.signals.scoring import Crowd, DomainFacts, Facts, score
from letters.moderator.signals.word_lists import make_lists
from letters.shared.odd_names import has_link
from tests.effort import effort
from tests.signing.test_names import NAMES

LISTS = make_lists()
# A signer about whom nothing is odd.
PLAIN = Facts(name="Ilse Marwick", seconds=90.0)


def reasons(name: str = PLAIN.name, **known: Any) -> set[Reason]:
    return set(score(replace(PLAIN, name=name, **known), LISTS).reasons)


def test_every_reason_has_a_weight_and_a_sentence() -> None:
    assert SIGNALS.keys() == set(Reason)
    assert all(0 < signal.weight <= MAX_SCORE and str(signal.sentence).endswith(".") for signal in SIGNALS.values())


def test_every_sentence_is_translated() -> None:
    with override("en"):
        english = {reason: str(signal.sentence) for reason, signal in SIGNALS.items()}
    with override("it"):
        assert [reason for reason, signal in SIGNALS.items() if str(signal.sentence) == english[reason]] == []


def test_an_ordinary_signature_has_no_reason_for_doubt() -> None:
    assert score(PLAIN, LISTS).score == 0


def test_a_signature_without_a_name_is_scored_by_its_circumstances_alone() -> None:
    assert reasons("", domain=DomainFacts(throwaway=True)) == {Reason.THROWAWAY_DOMAIN}


# What people are called


# Tests of the form allow these, but a moderator may look at them.
ODD = {"@lice", "3lena", "X \u00c6 A-12", "Ren\u00e9e <3"}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_someone_has_is_not_doubtful(name: str) -> None:
    assert reasons(name) <= ({Reason.NUMERALS_IN_NAME} if name in ODD else set())


@pytest.mark.parametrize(
    "name",
    [
        *["Brzęczyszczykiewicz", "Krč", "Vlk", "Gvrtskhvna Mkhitaryan", "Mkrtchyan", "Nils Pölzl-Jung", "Wert", "Smrž"],
        *["Schwartzkopff", "Hirschsprung", "Llwyd ap Gwynn", "Ng", "Sz Szczepański", "Ásdís Ingvarsdóttir", "Lindsay"],
        *["Смит", "Нгуен", "ნინო კალაძე", "தமிழ்ச்செல்வி", "ณัฐธภรณ์ หนักแน่น", "王小明", "김민수", "محمد", "Bingbing Fan"],
    ],
)
def test_a_name_with_few_vowels_or_from_afar_is_no_mash(name: str) -> None:
    assert reasons(name) == set()


@pytest.mark.parametrize(
    "name",
    ["asdf", "asdfgh jkl", "qwerty uiop", "sdkfjh", "xkqzjvw hgf", "jkasdhf", "qweqwe", "aaaaa", "hahahaha", "фывапр"],
)
def test_keys_hit_at_random_are_no_name(name: str) -> None:
    assert Reason.KEYBOARD_MASH in reasons(name)


@pytest.mark.parametrize(
    "name",
    ["Elon Musk", "MUSK Elon", "Elon R. Musk", "Sir Elon Musk (real)", "elonmusk", "Beyonce", "JK Rowling", "习近平"],
)
def test_a_well_known_name_is_recognised(name: str) -> None:
    assert reasons(name) == {Reason.WATCHED_NAME}


@pytest.mark.parametrize(
    "name",
    [
        *[
            "\u0415lon \u041cusk",
            "E1on Musk",
            "\u0395LON MUSK",
            "Elon Muskk",
            "BiII Gates",
            "Bi11 Gates",
            "Sarn Altman",
        ],
        *[
            "\U0001d404\U0001d425\U0001d428\U0001d427 Musk",
            "\u0412\u043b\u0430\u0434\u0438\u043c\u0438\u0440 \u041fy\u0442\u0438\u043d",
        ],
        *["Tayl\u043er Swift", "Gr\u0435ta Thunberg", "3lon Mu5k"],
    ],
)
def test_a_well_known_name_in_disguise_is_recognised(name: str) -> None:
    assert Reason.DISGUISED_NAME in reasons(name)


@pytest.mark.parametrize("name", ["Jane Rowling", "T. Vance", "Fei Fei Wang", "Elona Muskat", "Bush", "Charles King"])
def test_a_name_that_only_contains_a_part_is_not(name: str) -> None:
    assert reasons(name) == set()


@pytest.mark.parametrize(
    "name", ["Buy at http://spam.example now", "bob@example.org", "visit spam.example.com", "best.ru", "WWW.BEST.RU"]
)
def test_an_address_in_a_name_is_found(name: str) -> None:
    assert Reason.LINK_IN_NAME in reasons(name)


@pytest.mark.parametrize("name", ["Dr.Who", "J.R.R.Tolkien", "St.John", "Kim et al.", "@lice"])
def test_a_dot_or_an_at_sign_in_a_name_is_no_address(name: str) -> None:
    assert Reason.LINK_IN_NAME not in reasons(name)


@pytest.mark.parametrize("name", ["John Smith III", "Ada Lovelace 2nd", "Carlos 1º", "Louis 14."])
def test_a_name_may_contain_an_ordinal_number(name: str) -> None:
    assert reasons(name) == set()


# What people write


@pytest.mark.parametrize(
    "words", ["You are shit", "sh1t", "f.u.c.k them", "Vaffanculo!", "сука", "你们傻逼", "मादरचोद", "Hijo de puta"]
)
def test_an_abusive_word_is_found_in_any_language(words: str) -> None:
    assert Reason.ABUSE in reasons(words) & reasons(comment=words) & reasons(role=words)


@pytest.mark.parametrize(
    "words",
    [
        "Dick Negro",
        "Shitake Mori",
        "Scunthorpe Assessment",
        "ahora es la hora",
        "en retard",
        "saya suka",
        "J. R. R. F. Ell",
    ],
)
def test_a_word_that_is_harmless_somewhere_is_not_abusive(words: str) -> None:
    assert Reason.ABUSE not in reasons(words)


def test_advertising_needs_more_than_one_word() -> None:
    assert reasons(comment="Buy now at https://spam.example/ with a discount") >= {
        Reason.ADVERTISING,
        Reason.LINK_IN_WORDS,
    }
    assert Reason.ADVERTISING in reasons(comment="Casino, jackpot")
    assert Reason.ADVERTISING in reasons(comment="Loans: call +44 20 7946 0000")
    assert reasons(comment="They sell our work at a discount.") == set()
    assert reasons(comment="See https://example.org/study for numbers.") == {Reason.LINK_IN_WORDS}


# Where they came from


USUAL = 0.2


def test_a_university_behind_one_network_is_no_burst() -> None:
    campus = Crowd(network_hour=300, pair_hour=75, letter_hour=600, browser_hour=150, browser_share=USUAL)
    assert reasons(crowd=campus) == set()


def test_an_office_with_one_browser_is_no_burst_if_its_addresses_say_so() -> None:
    office = Crowd(network_hour=40, pair_hour=40, network_week=40, pair_week=40, letter_hour=600, browser_share=0.01)
    fitting = DomainFacts(fits_affiliation=True)
    assert reasons(crowd=office, domain=fitting, affiliation="Example Ltd") == set()
    assert reasons(crowd=office) == {Reason.NETWORK_BURST, Reason.NETWORK_SERIES}


def test_a_household_is_no_burst() -> None:
    assert reasons(crowd=Crowd(network_hour=4, pair_hour=4, network_week=4, pair_week=4, browser_share=0.01)) == set()


def test_a_large_household_is_not_held() -> None:
    family = Crowd(network_hour=7, pair_hour=7, network_week=8, pair_week=8, browser_share=0.01)
    verdict = score(replace(PLAIN, crowd=family), LISTS)
    assert verdict.reasons == (Reason.NETWORK_BURST,)
    assert verdict.score < HOLD_FROM


def test_a_browser_that_many_have_is_no_burst() -> None:
    assert reasons(crowd=Crowd(letter_hour=1000, browser_hour=300, browser_share=USUAL)) == set()
    rare = Crowd(letter_hour=1000, browser_hour=300, browser_share=0.01)
    assert reasons(crowd=rare) == {Reason.BROWSER_BURST}


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"domain": DomainFacts(throwaway=True)}, Reason.THROWAWAY_DOMAIN),
        ({"domain": DomainFacts(mistyped=True)}, Reason.MISTYPED_DOMAIN),
        ({"domain": DomainFacts(strangers=5)}, Reason.CROWDED_DOMAIN),
        ({"affiliation": "University of Nowhere"}, Reason.UNRELATED_DOMAIN),
        ({"bounced": True}, Reason.BOUNCED),
        ({"seconds": 2.0}, Reason.FAST),
        ({"proven": False}, Reason.UNPROVEN),
        ({"same_name": 1}, Reason.SAME_NAME),
        ({"same_name": 1, "same_person": 1}, Reason.SAME_PERSON),
        ({"other_letters": 2}, Reason.MANY_LETTERS),
        ({"disowned_nearby": 1}, Reason.DISOWNED_NEARBY),
        ({"reports": 1}, Reason.REPORTED),
    ],
)
def test_each_circumstance_is_one_reason(known: dict[str, Any], reason: Reason) -> None:
    assert reasons(**known) == {reason}


def test_what_honest_people_share_holds_nobody() -> None:
    shared: dict[str, Any] = {"same_name": 1, "seconds": 2.0, "affiliation": "University of Nowhere"}
    assert score(replace(PLAIN, **shared), LISTS).score < HOLD_FROM


def test_the_heaviest_reason_comes_first_and_the_score_has_a_maximum() -> None:
    verdict = score(replace(PLAIN, name="\u0415lon Musk", reports=3, seconds=1.0), LISTS)
    assert verdict.score == MAX_SCORE
    assert verdict.reasons[0] == Reason.DISGUISED_NAME
    weights = [SIGNALS[reason].weight for reason in verdict.reasons]
    assert weights == sorted(weights, reverse=True)


def test_a_site_may_weigh_a_reason_differently() -> None:
    known = replace(PLAIN, same_name=1)
    assert score(known, LISTS, weights={Reason.SAME_NAME: 44, Reason.REPORTED: 90}).score == 44


# What the site may change


def test_a_site_adds_to_the_lists_and_removes_from_them() -> None:
    own = make_lists(names=["Ilse Marwick"], abusive=["Blödsinn"], throwaway=["mail.example"], removed=["elon  MUSK"])
    assert score(PLAIN, own).reasons == (Reason.WATCHED_NAME,)
    assert score(Facts(name="Elon Musk"), own).reasons == ()
    assert score(Facts(name="Ada", comment="Was für ein Blödsinn"), own).reasons == (Reason.ABUSE,)
    assert "mail.example" in own.throwaway


# Privacy and cost


def test_the_scorer_is_told_no_address() -> None:
    names = {each.name for part in (Facts, Crowd, DomainFacts) for each in fields(part)}
    assert not names & {"address", "email", "ip", "prefix", "agent", "network", "hash", "signed_at"}


HOSTILE = [
    *["a" * 100_000, "a." * 50_000, "@" * 100_000, "é\u0301" * 50_000, "1 " * 50_000, "傻" * 100_000, "f " * 50_000],
    *["\u0301" * 100_000, "asd" * 30_000, "+1 " * 30_000, "x.y/" * 20_000, "-" * 100_000],
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:4]))
def test_long_and_strange_texts_cost_no_more(text: str) -> None:
    assert effort(lambda: score(Facts(name=text, affiliation=text, role=text, comment=text), LISTS)) < 20


def test_an_address_is_found_as_the_page_would_link_it() -> None:
    assert has_link("see www.example.org")
    assert not has_link("No. It was late.It rained.")
