"""What a signer types, cleaned by a form."""

from dataclasses import dataclass

from letters.models import (
    Display,
)
from letters.shared.addresses import Address


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a signer may say about themselves, cleaned."""

    display: str
    name: str = ""
    affiliation: str = ""
    role: str = ""
    country: str = ""
    comment: str = ""
    # The words agreed to, if the signer wants to hear of the letter again.
    consent: str = ""
    # Where the address is, if the letter is limited to domains and the signer has it shown.
    domain: str = ""

    def as_shown(self) -> dict[str, str]:
        """The fields of a signature. "Nobody sees my name" means that nothing is stored which could name a person."""
        typed = {"name": self.name, "affiliation": self.affiliation, "role": self.role, "comment": self.comment}
        if self.display == Display.NOBODY:
            typed = dict.fromkeys(typed, "")
        return {**typed, "country": self.country, "domain": self.domain, "display": self.display}


@dataclass(frozen=True, kw_only=True)
class Entry(Changes):
    """The same with an address: what it takes to sign."""

    address: Address
    # Why a moderator should look before it is published (Signature.Concern).
    concern: str = ""
    # The host whose page led here, as the browser says; empty if none did, or it does not say.
    via: str = ""
