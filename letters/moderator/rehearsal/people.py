"""Honest people, with everything that a scorer could mistake for a fake."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import accumulate

from faker import Faker

from letters.moderator.rehearsal.arrivals import HOUR, Arrival

DAY = 24 * HOUR
# Faker's names are from lists that the scorer has never seen. A weight beside each language.
LANGUAGES = {
    "en_GB": 9,
    "en_US": 12,
    "en_IE": 2,
    "en_IN": 3,
    "en_NG": 2,
    "it_IT": 10,
    "de_DE": 8,
    "fr_FR": 8,
    "es_ES": 6,
    "es_MX": 3,
    "pt_BR": 4,
    "pt_PT": 2,
    "nl_NL": 3,
    "sv_SE": 2,
    "no_NO": 1,
    "da_DK": 1,
    "fi_FI": 2,
    "is_IS": 2,
    "pl_PL": 3,
    "cs_CZ": 2,
    "sk_SK": 1,
    "hu_HU": 2,
    "ro_RO": 2,
    "hr_HR": 1,
    "lt_LT": 1,
    "lv_LV": 1,
    "et_EE": 1,
    "tr_TR": 2,
    "el_GR": 2,
    "ru_RU": 3,
    "uk_UA": 2,
    "bg_BG": 1,
    "hy_AM": 1,
    "ka_GE": 2,
    "ar_AA": 3,
    "fa_IR": 1,
    "he_IL": 1,
    "hi_IN": 2,
    "ta_IN": 2,
    "bn_BD": 1,
    "th_TH": 2,
    "vi_VN": 3,
    "id_ID": 1,
    "zh_CN": 3,
    "zh_TW": 1,
    "ja_JP": 3,
    "ko_KR": 2,
    "sw": 1,
    "yo_NG": 1,
    "zu_ZA": 1,
    "ga_IE": 1,
}
# Short names that people have.
SHORT = [
    "O",
    "E",
    "U Nu",
    "Ng",
    "Li",
    "Wu Yi",
    "Bo",
    "Å",
    "Öz",
    "Al",
    "Sukarno",
    "Suharno",
    "Ram",
    "Kim",
    "Pelé",
    "Vlk",
    "Krč",
]
HONOURS = ["III", "2nd", "Jr.", "PhD", "IV", "MBE", "3rd", "OFM", "M.D.", "FRSC"]
SHARED = ["John Smith", "Maria Rossi", "Nguyễn Văn Anh", "Mohammed Ali", "Anna Müller", "王伟", "김민준", "José García"]
# Some people have the name of someone famous. They sign with an address at the newspaper where they work.
NAMESAKES = [
    "Will Smith",
    "Tom Cruise",
    "Michael Jordan",
    "James Bond",
    "Naomi Klein",
    "Chris Evans",
    "Tony Blair",
    "Jane Doe",
]
PROVIDERS = {"gmail.com": 55, "outlook.com": 10, "hotmail.com": 8, "yahoo.com": 7, "gmx.de": 4, "libero.it": 4}
PROVIDERS |= {"web.de": 3, "icloud.com": 6, "proton.me": 5, "orange.fr": 2, "mail.ru": 2, "163.com": 1, "posteo.de": 1}
MISTYPED = ["gmial.com", "gmail.con", "hotmial.com", "outlok.com"]
PROFESSIONS = [
    "teacher",
    "illustrator",
    "nurse",
    "engineer",
    "composer",
    "retired",
    "student",
    "journalist",
    "architect",
]
COMMENTS = [
    *[
        "Because work must be paid.",
        "For my children.",
        "Perché è giusto.",
        "Weil es um unsere Arbeit geht.",
        "因为这很重要",
    ],
    *["I have seen what happens when nobody speaks up, and I will not be silent again. Enough is enough!"],
    *["As a member of the union since 1984 I support this.", "Pour que nos enfants puissent vivre de leur art."],
    *[
        "The study at https://example.org/study says it all.",
        "Потому что это важно.",
        "لأن هذا مهم",
        "なぜなら大切だから",
    ],
    *["They buy our work cheap and sell it dear.", "Write to me if I can help.", "No es justo, y lo sabemos todos."],
]
PLACES = [
    "Nowhere",
    "Marwick",
    "Northam",
    "Velden",
    "Sankt Anton",
    "Porto Nuovo",
    "Kestrel",
    "Ostheim",
    "Lindqvist",
    "Arden",
]


class World:
    """The browsers, networks and moments of honest people. Fakes share the browsers and the moments."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        systems = ["Windows", "Mac", "Android", "iPhone", "iPad", "Linux"]
        programs = ["Chrome", "Safari", "Firefox", "Edge", "Samsung", "Opera"]
        types = [
            f"{program} {version} on {system}" for program in programs for system in systems for version in range(5)
        ]
        chance.shuffle(types)
        # A few types are common, and most are rare.
        self.browsers = types
        self._browser_weights = list(accumulate(1 / (place + 1) ** 1.3 for place in range(len(types))))
        self._carriers = [f"carrier {number}" for number in range(80)]
        self._carrier_weights = list(accumulate(1 / (place + 1) for place in range(80)))
        self._networks = 0

    def browser(self) -> str:
        return self.chance.choices(self.browsers, cum_weights=self._browser_weights)[0]

    def network(self) -> str:
        """Return a network of one household, or one of the mobile providers that many people share."""
        if self.chance.random() < 0.35:
            return self.chance.choices(self._carriers, cum_weights=self._carrier_weights)[0]
        return self.own_network()

    def own_network(self) -> str:
        self._networks += 1
        return f"network {self._networks}"

    def moment(self) -> float:
        """Return a moment of a letter's first five days: most people come on the first, and few at night."""
        while True:
            at = self.chance.expovariate(1 / (1.2 * DAY))
            is_night = at % DAY > 16 * HOUR
            if at < 5 * DAY and (not is_night or self.chance.random() < 0.15):
                return at

    def seconds(self) -> float:
        """Return how long a person takes to confirm: minutes, sometimes hours, and a few are very quick."""
        if self.chance.random() < 0.03:
            return self.chance.uniform(4, 10)
        return 15 + self.chance.lognormvariate(4.3, 1.2)

    def provider(self) -> str:
        return _provider(self.chance)


@cache
def _faker(language: str) -> Faker:
    return Faker(language)


def namer(chance: random.Random, languages: dict[str, int]) -> Iterator[str]:
    """Yield names without end."""
    fakers = {language: _faker(language) for language in languages}
    for faker in fakers.values():
        faker.seed_instance(chance.getrandbits(32))
    while True:
        (language,) = chance.choices([*languages], weights=[*languages.values()])
        yield str(fakers[language].name())


@dataclass(frozen=True)
class Place:
    """A university or a company: many people behind one network, within an hour."""

    name: str
    domain: str
    network: str
    at: float
    # The type of browser on all of its computers, if it manages them.
    managed: str = ""


def honest(number: int, chance: random.Random, world: World) -> list[Arrival]:
    """Return the honest signatures of a letter."""
    names = namer(chance, LANGUAGES)
    people = [*_of_places(number, names, world)]
    while len(people) < number:
        people.append(_alone(next(names), world))
        if chance.random() < 0.04:
            people.append(_at_home_with(people[-1], next(names), world))
    return _with_oddities(people[:number], chance)


def _alone(name: str, world: World) -> Arrival:
    chance = world.chance
    domain, affiliation = world.provider(), ""
    if chance.random() < 0.10:
        domain = f"{chance.choice(PLACES).lower().replace(' ', '-')}{chance.randrange(10**6)}.net"
    elif chance.random() < 0.55:
        affiliation = f"University of {chance.choice(PLACES)}"
        if chance.random() < 0.7:
            studio = next_word(chance)
            affiliation = f"Studio {studio}"
            domain = f"studio-{studio.lower()}.org" if chance.random() < 0.4 else domain
    return Arrival(
        name=name,
        domain=domain,
        network=world.network(),
        browser=world.browser(),
        at=world.moment(),
        seconds=world.seconds(),
        affiliation=affiliation,
        role=chance.choice(PROFESSIONS) if chance.random() < 0.4 else "",
        comment=chance.choice(COMMENTS) if chance.random() < 0.3 else "",
        by_code=chance.random() < 0.4,
        bounced=chance.random() < 0.003,
    )


def next_word(chance: random.Random) -> str:
    return "".join(chance.choice("bdfgklmnprstvz") + chance.choice("aeiou") for _ in range(3)).capitalize()


def _at_home_with(person: Arrival, name: str, world: World) -> Arrival:
    """Return someone who signs a little later at the same computer."""
    later = person.at + world.chance.uniform(60, 1200)
    return replace(person, name=name, at=later, seconds=world.seconds(), comment="", domain=world.provider())


def _of_places(number: int, names: Iterator[str], world: World) -> Iterator[Arrival]:
    chance = world.chance
    for _ in range(max(1, number // 1500)):
        town = next_word(chance)
        campus = Place(f"University of {town}", f"{town.lower()}.edu", world.own_network(), world.moment())
        for _ in range(chance.randint(30, 120)):
            yield _at(campus, next(names), world, own_address=0.6)
    for _ in range(max(1, number // 2500)):
        firm = next_word(chance)
        office = Place(f"{firm} Ltd", f"{firm.lower()}.com", world.own_network(), world.moment(), world.browser())
        for _ in range(chance.randint(8, 40)):
            yield _at(office, next(names), world, own_address=0.85)


def _at(place: Place, name: str, world: World, *, own_address: float) -> Arrival:
    chance = world.chance
    uses_own = chance.random() < own_address
    # Most mail gateways only fetch the link, which changes nothing. A few also press the button.
    seconds = chance.uniform(1, 5) if uses_own and place.managed and chance.random() < 0.05 else world.seconds()
    return Arrival(
        name=name,
        domain=place.domain if uses_own else world.provider(),
        network=place.network,
        browser=place.managed if place.managed and chance.random() < 0.7 else world.browser(),
        at=place.at + chance.uniform(0, 3600),
        seconds=seconds,
        affiliation=place.name if chance.random() < 0.8 else "",
        proven=None if chance.random() < 0.5 else chance.random() > 0.005,
    )


def _with_oddities(people: list[Arrival], chance: random.Random) -> list[Arrival]:
    """Give some people the oddities of real ones: short names, names of others, honours, disposable addresses."""
    for place, person in enumerate(people):
        lot = chance.random()
        if lot < 0.004:
            people[place] = replace(person, name=chance.choice(SHORT))
        elif lot < 0.009:
            people[place] = replace(person, name=f"{person.name} {chance.choice(HONOURS)}")
        elif lot < 0.014:
            people[place] = replace(person, name=chance.choice(SHARED))
        elif lot < 0.0148:
            newspaper = f"{next_word(chance)} Post"
            domain = newspaper.replace(" ", "").lower() + ".com"
            people[place] = replace(person, name=chance.choice(NAMESAKES), affiliation=newspaper, domain=domain)
        elif lot < 0.0163:
            people[place] = replace(person, domain="mailinator.com")
        elif lot < 0.0175:
            people[place] = replace(person, domain=chance.choice(MISTYPED))
        elif lot < 0.0185:
            # The same person again, with a second address.
            people[place] = replace(people[chance.randrange(len(people))], domain=_provider(chance), at=person.at)
    return people


def _provider(chance: random.Random) -> str:
    return chance.choices([*PROVIDERS], weights=[*PROVIDERS.values()])[0]
