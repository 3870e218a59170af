"""The cleaned input of a signer."""

from dataclasses import dataclass

from letters.models import COMMENT_FOR_EVERYONE, Display
from letters.shared.addresses import Address


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The cleaned fields that signers can change later."""

    display: str
    name: str = ""
    affiliation: str = ""
    role: str = ""
    country: str = ""
    comment: str = ""
    # COMMENT_FOR_EVERYONE if the form said that everyone can read the comment.
    comment_for: str = ""
    # The words that the signer agreed to, if they want updates.
    consent: str = ""
    # The domain of the address, if the letter is limited to domains and the signer shows it.
    domain: str = ""

    def as_shown(self) -> dict[str, str]:
        """Return the fields of a signature. Privacy: "Nobody sees my name" stores nothing that could name a person.

        Nor is a comment public whose author is not. Publishing the name later does not publish it.
        """
        is_public = self.display == Display.PUBLIC and self.comment and self.comment_for == COMMENT_FOR_EVERYONE
        typed = {"name": self.name, "affiliation": self.affiliation, "role": self.role, "comment": self.comment}
        if self.display == Display.NOBODY:
            typed = dict.fromkeys(typed, "")
        return {
            **typed,
            "comment_for": COMMENT_FOR_EVERYONE if is_public else "",
            "country": self.country,
            "domain": self.domain,
            "display": self.display,
        }


@dataclass(frozen=True, kw_only=True)
class SubmittedForm(Changes):
    """All that signing needs: the same with an address."""

    address: Address
    # Why a moderator should review the signature (Signature.Concern); empty if there is no concern.
    concern: str = ""
    # The host whose page led here, according to the browser; empty if unknown.
    via: str = ""
    # The network prefix and the type of browser that the form came from; empty if unknown. Only hashes are stored.
    network: str = ""
    browser: str = ""
