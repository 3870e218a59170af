"""Fake signatures of eleven kinds, as real campaigns get them. Each attacker hides as well as such people do."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from disposable_email_domains import blocklist

from letters.moderator.rehearsal.arrivals import HOUR, Arrival
from letters.moderator.rehearsal.people import DAY, World, namer, next_word

# The names, words and tricks of the fakes. Some are on no list of the scorer.
CELEBRITIES = [
    *["Elon Musk", "Donald J. Trump", "Joe Biden", "Bill Gates", "Mark Zuckerberg", "Sam Altman", "Jeff Bezos"],
    *["Vladimir Putin", "Владимир Путин", "Kim Jong-un", "Xi Jinping", "习近平", "Emmanuel Macron", "Giorgia Meloni"],
    *["Angela Merkel", "Ursula von der Leyen", "Taylor Swift", "Kanye West", "Beyoncé", "Ja Rule", "Tom Hanks"],
    *["Pope Francis", "Greta Thunberg", "Barack Obama", "Keanu Reeves", "Cristiano Ronaldo", "Leo Messi", "John Cena"],
    *[
        "Mickey Mouse",
        "Homer Simpson",
        "Jesus Christ",
        "Adolf Hitler",
        "Albert Einstein",
        "Yann LeCun",
        "Oprah Winfrey",
    ],
]
SWAPS = {
    "a": "\u0430",
    "e": "\u0435",
    "o": "\u043e",
    "p": "\u0440",
    "c": "\u0441",
    "i": "\u0456",
    "x": "\u0445",
    "M": "\u041c",
}
NUMERALS = {"o": "0", "e": "3", "i": "1", "l": "1", "a": "4", "s": "5"}
INSULTS = [
    *[
        "Fuck you all",
        "You are all idiots and cunts",
        "Eat shit",
        "f.u.c.k this letter",
        "sh1t heads",
        "Go f*ck yourselves",
    ],
    *[
        "Vaffanculo",
        "Siete tutti stronzi",
        "Che branco di coglioni",
        "Ihr Arschlöcher",
        "Hurensohn",
        "Verpisst euch, ihr Wichser",
    ],
    *[
        "Bande de connards",
        "Fils de pute",
        "Sois maudit, salope",
        "Hijos de puta",
        "Que se jodan, gilipollas",
        "Vai se foder",
    ],
    *[
        "Идите на хуй",
        "Суки продажные",
        "Kurwa mać",
        "Spierdalaj",
        "Orospu çocukları",  # noqa: RUF001
        "Siktir git",
        "操你妈",
        "傻逼们",
    ],
    *["くそったれ", "死ね", "씨발 놈들", "شرموطة", "मादरचोद", "địt mẹ chúng mày", "Klootzakken", "Jävla idioter"],
]
ADVERTS = [
    *[
        "Buy followers now! Best prices at https://bestlikes.example/",
        "Casino bonus 200 %, click here: www.luckyspin.example",
    ],
    *[
        "Earn money from home, write to me on WhatsApp +44 7700 900123",
        "Guadagna 500 euro al giorno, clicca qui http://soldi.example",
    ],
    *[
        "Jetzt kaufen mit Rabatt auf www.billig.example",
        "Cheap loans, call +1 202 555 0143",
        "Купить диплом, скидка! diplom.example.ru",
    ],
    *[
        "代购优惠 加微信 abc123",
        "Crypto airdrop: claim at https://freecoins.example/now",
        "Kredi ve bahis: www.bahis.example indirim",
    ],
]
ADVERT_NAMES = [
    "Buy at http://spam.example now",
    "www.cheap-pills.example",
    "bestseo@agency.example",
    "Casino luckyspin.com",
]
KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзх", "фывапролджэ"]
# Mostly names from one country: these attackers do not take care.
PLAIN_NAMES = {"en_US": 5, "en_GB": 2, "ru_RU": 1, "id_ID": 1, "it_IT": 1}


@dataclass(frozen=True)
class Attack:
    number: int
    chance: random.Random
    world: World
    names: Iterator[str]
    # Honest signatures, which anyone can read on the public list.
    public: list[Arrival]

    def someone(self, **known: object) -> Arrival:
        """Return a signature like those of honest people, except for these fields."""
        arrival = Arrival(
            name=next(self.names),
            domain=self.world.provider(),
            network=self.world.own_network(),
            browser=self.world.browser(),
            at=self.world.moment(),
            seconds=self.world.seconds(),
            affiliation=f"Studio {next_word(self.chance)}" if self.chance.random() < 0.3 else "",
            by_code=self.chance.random() < 0.4,
        )
        return replace(arrival, **known)  # type: ignore[arg-type]

    def rare_browser(self) -> str:
        """Return a type that some honest people have too: an old version, or the name that a program gives itself."""
        return self.chance.choice(self.world.browsers[25:90])


def celebrity(attack: Attack) -> Iterator[Arrival]:
    """Jokers, each alone at home."""
    for _ in range(attack.number):
        yield attack.someone(name=attack.chance.choice(CELEBRITIES))


def confusable_celebrity(attack: Attack) -> Iterator[Arrival]:
    """The same, with characters that look alike."""
    for _ in range(attack.number):
        name = attack.chance.choice([each for each in CELEBRITIES if each.isascii()])
        yield attack.someone(name=disguised(name, attack.chance))


def disguised(name: str, chance: random.Random) -> str:
    swaps = chance.choice([SWAPS, SWAPS, NUMERALS])
    places = [place for place, letter in enumerate(name) if letter in swaps]
    chosen = set(chance.sample(places, min(len(places), chance.randint(1, 3))))
    return "".join(swaps[letter] if place in chosen else letter for place, letter in enumerate(name))


def botnet(attack: Attack) -> Iterator[Arrival]:
    """A program that signs from many networks within an hour, and confirms by itself."""
    browser, begin = attack.rare_browser(), attack.world.moment()
    for _ in range(attack.number):
        at, seconds = begin + attack.chance.uniform(0, HOUR), attack.chance.uniform(2, 40)
        yield attack.someone(browser=browser, at=at, seconds=seconds, by_code=False)


def one_prefix(attack: Attack) -> Iterator[Arrival]:
    """A person at home with a list of mailboxes, and an evening of time."""
    network, browser, begin = attack.world.own_network(), attack.world.browser(), attack.world.moment()
    for _ in range(attack.number):
        yield attack.someone(network=network, browser=browser, at=begin + attack.chance.uniform(0, 2 * HOUR))


def throw_away(attack: Attack) -> Iterator[Arrival]:
    """Someone with disposable mailboxes. One in ten is at a domain that no list has yet."""
    known = sorted(blocklist)
    for _ in range(attack.number):
        is_new = attack.chance.random() < 0.1
        domain = f"{next_word(attack.chance).lower()}mail.xyz" if is_new else attack.chance.choice(known)
        yield attack.someone(domain=domain)


def catch_all(attack: Attack) -> Iterator[Arrival]:
    """Someone who owns a domain, and so any number of addresses, and uses a VPN."""
    domain = f"{next_word(attack.chance).lower()}-{next_word(attack.chance).lower()}.net"
    for _ in range(attack.number):
        yield attack.someone(domain=domain)


def copied_names(attack: Attack) -> Iterator[Arrival]:
    """Someone who takes names, and half of the affiliations, from the public list, through a few VPN servers."""
    servers = [attack.world.own_network() for _ in range(3)]
    browser, begin = attack.world.browser(), attack.world.moment()
    for _ in range(attack.number):
        copied = attack.chance.choice(attack.public)
        affiliation = copied.affiliation if attack.chance.random() < 0.5 else ""
        at = begin + attack.chance.uniform(0, 6 * HOUR)
        network = attack.chance.choice(servers)
        yield attack.someone(name=copied.name, affiliation=affiliation, network=network, browser=browser, at=at)


def keyboard_mash(attack: Attack) -> Iterator[Arrival]:
    """Bored people, each alone."""
    for _ in range(attack.number):
        words = [mashed(attack.chance) for _ in range(attack.chance.randint(1, 2))]
        yield attack.someone(name=" ".join(words), affiliation="")


def mashed(chance: random.Random) -> str:
    row, length = chance.choice(KEYS), chance.randint(5, 10)
    start = chance.randrange(len(row) - 4)
    return chance.choice(
        [
            row[start : start + length],
            "".join(chance.choice(row) for _ in range(length)),
            "".join(chance.choice("".join(KEYS[:3])) for _ in range(length)),
            row[start : start + 3] * 2,
        ]
    )


def profanity(attack: Attack) -> Iterator[Arrival]:
    """Angry people, each alone, in the name or in the comment."""
    for _ in range(attack.number):
        insult = attack.chance.choice(INSULTS)
        yield attack.someone(**{attack.chance.choice(["name", "comment"]): insult})


def advertising(attack: Attack) -> Iterator[Arrival]:
    for _ in range(attack.number):
        if attack.chance.random() < 0.4:
            yield attack.someone(name=attack.chance.choice(ADVERT_NAMES))
        else:
            yield attack.someone(comment=attack.chance.choice(ADVERTS))


def slow_drip(attack: Attack) -> Iterator[Arrival]:
    """A patient person: one signature every few hours, always from the same room."""
    network, browser = attack.world.own_network(), attack.world.browser()
    pause = 5 * DAY / attack.number
    for place in range(attack.number):
        at = place * pause + attack.chance.uniform(0, pause)
        yield attack.someone(network=network, browser=browser, at=at)


KINDS: Mapping[str, Callable[[Attack], Iterator[Arrival]]] = {
    "celebrity": celebrity,
    "confusable celebrity": confusable_celebrity,
    "botnet over many prefixes": botnet,
    "one prefix": one_prefix,
    "throw-away domains": throw_away,
    "catch-all domain": catch_all,
    "copies of real names": copied_names,
    "keyboard mash": keyboard_mash,
    "profanity": profanity,
    "advertising": advertising,
    "slow drip": slow_drip,
}


def fake(number: int, chance: random.Random, world: World, public: list[Arrival]) -> list[Arrival]:
    """Return this many fakes, of all kinds in equal parts."""
    found: list[Arrival] = []
    for place, (kind, attack) in enumerate(KINDS.items()):
        part = number // len(KINDS) + (place < number % len(KINDS))
        names = namer(chance, PLAIN_NAMES)
        arrivals = attack(Attack(part, chance, world, names, public)) if part else iter(())
        found += [replace(arrival, kind=kind) for arrival in arrivals]
    return found
