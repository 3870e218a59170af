"""The files that exports have made, as the database holds them."""

from letters.models import Export
from letters.organizer.exports.queries import stored_file


def content_of(export: Export) -> bytes:
    file = stored_file(export)
    assert file, f"{export} has no file"
    return b"".join(file.parts)
