"""Serve the source of this site, which everyone who uses it over a network may get (AGPL, section 13)."""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

# Privacy: only what is listed here leaves the server. Settings (.env), keys, data (var/) and other files of the
# operator have other names or endings, or are hidden.
FOLDERS = ("bench", "deploy", "docs", "letters", "petition", "tests", "undersigned_witness")
FILES = {
    *["CHANGELOG.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"],
    *["LICENSE", "Makefile", "manage.py", "pyproject.toml"],
    *(f"requirements{part}.{ending}" for part in ("", "-local", "-dev") for ending in ("in", "txt")),
}
ENDINGS = {
    *[".conf", ".css", ".html", ".js", ".md", ".mo", ".png", ".po", ".py", ".service", ".svg", ".toml", ".txt"],
    *[".typ", ".woff2"],
}


@require_safe
@csrf_exempt
def source(request: HttpRequest) -> HttpResponseBase:
    """Send the archive, or redirect to SOURCE_URL."""
    if settings.SOURCE_URL:
        return HttpResponseRedirect(settings.SOURCE_URL)
    packed, etag = archive(settings.BASE_DIR)
    # Streamed: the page cache compares public responses that are too large to keep with If-None-Match.
    response = FileResponse(
        io.BytesIO(packed), as_attachment=True, filename="undersigned-source.tar.gz", content_type="application/gzip"
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@cache
def archive(base: Path) -> tuple[bytes, str]:
    """Return the archive, which is built once by each process and is the same in all of them."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as files,
    ):
        for path in sorted(_of_the_program(base)):
            entry = tarfile.TarInfo(f"undersigned/{path.relative_to(base)}")
            content = path.read_bytes()
            entry.size = len(content)
            files.addfile(entry, io.BytesIO(content))
    found = packed.getvalue()
    return found, f'"{hashlib.sha256(found).hexdigest()[:32]}"'


def _of_the_program(base: Path) -> Iterator[Path]:
    yield from (base / name for name in FILES if (base / name).is_file())
    for folder in FOLDERS:
        for path in (base / folder).rglob("*"):
            is_hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(base).parts)
            if path.suffix in ENDINGS and path.is_file() and not path.is_symlink() and not is_hidden:
                yield path
