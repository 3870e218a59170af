"""The email that thanks a signer has links to share the letter. They carry its public address, and nothing else."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from letters.models import Letter, OutgoingEmail, Signature
from tests.conftest import LetterMaker
from tests.people import message_of, sign_and_confirm

pytestmark = pytest.mark.django_db

NETWORKS = ["", "wa.me", "t.me", "bsky.app", "share.joinmastodon.org", "www.linkedin.com"]


def thanks(letter: Letter, language: str = "en") -> EmailMultiAlternatives:
    signature = sign_and_confirm(letter)
    Signature.objects.filter(pk=signature.pk).update(language=language)
    return message_of(OutgoingEmail.objects.get(kind="thanks"))


def shared_by(message: EmailMultiAlternatives) -> dict[str, list[str]]:
    """Return what each link under "share" hands over, by the host of the network; "" is an email program."""
    html = str(message.alternatives[0][0])
    block = html.partition('class="share"')[2].partition("</div>")[0]
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', block)]
    found = {}
    for link in links:
        parts = urlsplit(link)
        if parts.netloc != urlsplit(settings.SITE_URL).netloc:
            found[parts.netloc] = [value for _, value in parse_qsl(parts.query or parts.fragment, strict_parsing=True)]
    return found


@pytest.mark.parametrize("language", ["en", "it"])
def test_each_network_gets_the_whole_address_of_the_letter(letter: Letter, language: str) -> None:
    address = settings.SITE_URL + letter.get_absolute_url(language)
    assert shared_by(thanks(letter, language)) == {network: [address] for network in NETWORKS}


def test_the_links_carry_no_token_and_no_word_of_the_signer(published: LetterMaker) -> None:
    letter = published("night-trains", ask_affiliation="optional")
    message = thanks(letter)
    html = str(message.alternatives[0][0])
    block = html.partition('class="share"')[2].partition("</div>")[0]
    tokens = {path.rstrip("/").rpartition("/")[2] for path in re.findall(r"/signatures/[a-z-]+/[^\s\"<]+", html)}
    assert len(tokens) >= 2
    for secret in (*tokens, "/signatures/", "Ada", "ada@example.org", "ada%40example.org"):
        assert secret not in block


def test_the_plain_part_gives_the_address_that_is_safe_to_pass_on(letter: Letter) -> None:
    address = settings.SITE_URL + letter.get_absolute_url("en")
    assert f"Share this letter. This address is safe to pass on:\n\n{address}\n" in str(thanks(letter).body)
