"""The signer's pages, one flow per file. urls.py imports from here."""

from letters.signer.signing.views.checking import check
from letters.signer.signing.views.confirming import confirm, confirm_by_code, thanked, thanks
from letters.signer.signing.views.invitations import decline, invitation
from letters.signer.signing.views.lost_links import link, with_slash
from letters.signer.signing.views.managing import manage, my_data, my_link, not_me
from letters.signer.signing.views.receipts import receipt
from letters.signer.signing.views.signing import sign

__all__ = [
    "check",
    "confirm",
    "confirm_by_code",
    "decline",
    "invitation",
    "link",
    "manage",
    "my_data",
    "my_link",
    "not_me",
    "receipt",
    "sign",
    "thanked",
    "thanks",
    "with_slash",
]
