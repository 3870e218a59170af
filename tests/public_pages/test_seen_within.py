"""A name is on every page within the promised time, to which headers and pauses add up."""

import re

import pytest
from django.conf import settings

from letters.public.public_pages.caching import CACHE_CONTROL, FRESH_SECONDS, SEEN_WITHIN_SECONDS
from letters.public.public_pages.latest_versions import REMEMBERED_SECONDS
from letters.shared.wakeups import GATHER_SECONDS

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
# Time to number a signature, and to render the page.
WORK_SECONDS = 0.5


def test_the_promise_holds_behind_a_proxy_that_obeys_our_headers() -> None:
    allowed = {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", CACHE_CONTROL)}
    # stale-if-error applies only when the site does not answer, and then nobody sees anything new.
    assert set(allowed) == {"max-age", "stale-if-error"}
    made_of = [GATHER_SECONDS, WORK_SECONDS, FRESH_SECONDS, REMEMBERED_SECONDS, allowed["max-age"]]
    assert sum(made_of) <= SEEN_WITHIN_SECONDS


@pytest.mark.parametrize("name", ["README.md", "docs/how-a-signature-travels.md"])
def test_the_documents_promise_that_number_and_no_other(name: str) -> None:
    text = " ".join((settings.BASE_DIR / name).read_text(encoding="utf-8").split())
    promised = re.findall(r"on every page within (\w+) seconds", text)
    assert promised == [NUMBERS[SEEN_WITHIN_SECONDS]]
