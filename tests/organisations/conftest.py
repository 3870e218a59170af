"""A letter that organisations may sign, and a person who signs for one."""

from collections.abc import Callable

import pytest

from letters.models import Letter, OrganisationSignature
from tests.conftest import LetterMaker
from tests.people import FROM_OUR_PAGE, Response, Signer

DESK = "desk@rail.example.org"
Sign = Callable[..., Response]
SignAndConfirm = Callable[..., OrganisationSignature]


@pytest.fixture
def letter(published: LetterMaker) -> Letter:
    """The letter: organisations can sign it, too."""
    return published(organisations_sign=True)


@pytest.fixture
def sign_for(letter: Letter, signer: Signer) -> Sign:
    """Fill in the form and send it: `sign_for(email="desk@gmail.com")`."""

    def send(email: str = DESK, **more: str) -> Response:
        fields = {"name": "Rail Union", "website": "https://www.example.org/", "person": "Dora Desk", "role": "Chair"}
        sent = {**fields, "email": email, "text": "1", **more}
        return signer.client.post(letter.url_of("sign_for_organisation"), sent, headers=FROM_OUR_PAGE)

    return send


@pytest.fixture
def sign_and_confirm(sign_for: Sign, signer: Signer) -> SignAndConfirm:
    """Send the form, open the link in the email, and press the button."""

    def confirmed(email: str = DESK, **more: str) -> OrganisationSignature:
        assert sign_for(email, **more).status_code == 303
        newest = OrganisationSignature.objects.order_by("-pk")[0]
        assert signer.press(signer.mailed_link(email, purpose="organisation")).status_code == 200
        newest.refresh_from_db()
        return newest

    return confirmed
