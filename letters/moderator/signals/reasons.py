"""All reasons for doubt, each with its weight and the sentence that moderators read. Nothing else defines weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A score is the sum of the weights of its reasons, limited to this.
MAX_SCORE = 100
# A letter without a threshold of its own holds signatures with at least this score.
HOLD_FROM = 50


class Reason(StrEnum):
    WATCHED_NAME = "watched_name"
    DISGUISED_NAME = "disguised_name"
    SAME_NAME = "same_name"
    SAME_PERSON = "same_person"
    NUMERALS_IN_NAME = "numerals_in_name"
    MIXED_SCRIPTS = "mixed_scripts"
    LINK_IN_NAME = "link_in_name"
    KEYBOARD_MASH = "keyboard_mash"
    ABUSE = "abuse"
    ADVERTISING = "advertising"
    LINK_IN_WORDS = "link_in_words"
    THROWAWAY_DOMAIN = "throwaway_domain"
    MISTYPED_DOMAIN = "mistyped_domain"
    CROWDED_DOMAIN = "crowded_domain"
    UNRELATED_DOMAIN = "unrelated_domain"
    BOUNCED = "bounced"
    FAST = "fast"
    UNPROVEN = "unproven"
    NETWORK_BURST = "network_burst"
    BROWSER_BURST = "browser_burst"
    NETWORK_SERIES = "network_series"
    MANY_LETTERS = "many_letters"
    DISOWNED_NEARBY = "disowned_nearby"
    REPORTED = "reported"
    BLOCK_RULE = "block_rule"


# The reasons that are about the words, and not about how they were sent.
OF_WORDS = frozenset(
    {
        Reason.WATCHED_NAME,
        Reason.DISGUISED_NAME,
        Reason.SAME_NAME,
        Reason.SAME_PERSON,
        Reason.NUMERALS_IN_NAME,
        Reason.MIXED_SCRIPTS,
        Reason.LINK_IN_NAME,
        Reason.KEYBOARD_MASH,
        Reason.ABUSE,
        Reason.ADVERTISING,
        Reason.LINK_IN_WORDS,
    }
)


# The reasons of many signatures that came from one network.
OF_NETWORK = frozenset({Reason.NETWORK_BURST, Reason.NETWORK_SERIES})
# The reasons that say that many signatures came together.
OF_BURST = OF_NETWORK | {Reason.BROWSER_BURST}


@dataclass(frozen=True)
class Signal:
    weight: int
    sentence: Promise


# A weight of HOLD_FROM or more holds a signature by itself. Smaller weights hold it only together: a burst with another
# burst, or with odd words. A trait of many honest people, such as a common name, weighs little: it only moves their
# signatures up in the queue.
SIGNALS: Mapping[Reason, Signal] = MappingProxyType(
    {
        Reason.WATCHED_NAME: Signal(60, _("The name is on the list of well-known people.")),
        Reason.DISGUISED_NAME: Signal(
            85, _("The name looks like one on the list of well-known people, but is spelled with other characters.")
        ),
        Reason.SAME_NAME: Signal(18, _("Someone else had signed this letter with the same name.")),
        Reason.SAME_PERSON: Signal(30, _("Someone else had signed this letter with the same name and affiliation.")),
        Reason.NUMERALS_IN_NAME: Signal(20, _("The name contains numerals.")),
        Reason.MIXED_SCRIPTS: Signal(40, _("The name mixes letters of two alphabets in one word.")),
        Reason.LINK_IN_NAME: Signal(70, _("The name contains a web address or an email address.")),
        Reason.KEYBOARD_MASH: Signal(60, _("The name looks like random keystrokes.")),
        Reason.ABUSE: Signal(70, _("The signature contains a word on the list of abusive words.")),
        Reason.ADVERTISING: Signal(55, _("The signature looks like advertising.")),
        Reason.LINK_IN_WORDS: Signal(8, _("The affiliation, role or comment contains a web address.")),
        Reason.THROWAWAY_DOMAIN: Signal(60, _("The email address is at a provider of disposable mailboxes.")),
        Reason.MISTYPED_DOMAIN: Signal(
            20, _("The domain of the email address differs by one character from a large provider.")
        ),
        Reason.CROWDED_DOMAIN: Signal(
            40, _("Many signers have an address at this domain, but their affiliations are elsewhere.")
        ),
        Reason.UNRELATED_DOMAIN: Signal(3, _("The email address does not belong to the affiliation.")),
        Reason.BOUNCED: Signal(15, _("An email to this address bounced.")),
        Reason.FAST: Signal(
            15, _("The confirmation came so quickly that a program, not a person, may have opened the email.")
        ),
        Reason.UNPROVEN: Signal(50, _("The browser did not do the check that the site had asked for.")),
        Reason.NETWORK_BURST: Signal(
            40, _("Many signatures came from one network and one type of browser within an hour.")
        ),
        Reason.BROWSER_BURST: Signal(
            35, _("Far more signatures than usual came from this type of browser in an hour.")
        ),
        Reason.NETWORK_SERIES: Signal(
            35, _("Many signatures came from one network and one type of browser within a week.")
        ),
        Reason.MANY_LETTERS: Signal(30, _("The same address signed several letters within seconds.")),
        Reason.DISOWNED_NEARBY: Signal(
            40,
            _("Owners of mailboxes answered “It wasn’t me” to signatures from the same network."),  # noqa: RUF001
        ),
        Reason.REPORTED: Signal(50, _("Readers reported this signature.")),
        Reason.BLOCK_RULE: Signal(60, _("A rule made by moderators holds signatures like this one.")),
    }
)
