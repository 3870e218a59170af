"""Find pictures that nobody has described yet."""

from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, gettext_noop

# The editor uploads first: its writer describes the picture in the text, in place of these words.
NO_DESCRIPTION_YET = gettext_noop("Describe the picture here")


def lacks_description(markdown: str) -> bool:
    """Return whether a picture in the text still has the words that ask to describe it, in any language of the site."""
    return any(f"![{words}]" in markdown for words in _asking_words())


@cache
def _asking_words() -> frozenset[str]:
    found = set()
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            found.add(gettext(NO_DESCRIPTION_YET))
    return frozenset(found)
