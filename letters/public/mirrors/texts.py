"""Every text that the letter had, as the record names it: the SHA-256 of a file here is that of its entry "text"."""

from collections.abc import Iterator

from letters.models import Letter, Translation
from letters.public.mirrors.archive import File
from letters.shared.text import hashed_text


def texts_of(letter: Letter) -> Iterator[File]:
    """Yield each published text in each of its languages. Readers find all of them in the history, too."""
    texts = Translation.objects.filter(revision__letter=letter, revision__published_at__isnull=False)
    for text in texts.select_related("revision").order_by("revision__number", "language").iterator(10):
        content = hashed_text(text.title, text.addressee, text.body, *text.revision.cover_parts())
        yield File(f"texts/{text.revision.number}.{text.language}.txt", [content])
