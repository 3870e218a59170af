"""How soon a name is on every page: the number that we promise, and the headers and pauses that it is made of."""

import re

import pytest
from django.conf import settings

from letters.public.public_pages.caching import CACHE_CONTROL, FRESH_SECONDS, SEEN_WITHIN_SECONDS
from letters.public.public_pages.latest_versions import REMEMBERED_SECONDS
from letters.shared.wakeups import GATHER_SECONDS

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
# To number what is confirmed, and to make the page.
WORK_SECONDS = 0.5


def test_the_promise_holds_behind_a_proxy_that_obeys_our_headers() -> None:
    allowed = {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", CACHE_CONTROL)}
    # stale-if-error is for a site that does not answer: then nobody sees anything new.
    assert set(allowed) == {"max-age", "stale-if-error"}
    made_of = [GATHER_SECONDS, WORK_SECONDS, FRESH_SECONDS, REMEMBERED_SECONDS, allowed["max-age"]]
    assert sum(made_of) <= SEEN_WITHIN_SECONDS


@pytest.mark.parametrize("name", ["README.md", "docs/how-a-signature-travels.md"])
def test_the_documents_promise_that_number_and_no_other(name: str) -> None:
    text = " ".join((settings.BASE_DIR / name).read_text(encoding="utf-8").split())
    promised = re.findall(r"on every page within (\w+) seconds", text)
    assert promised == [NUMBERS[SEEN_WITHIN_SECONDS]]
