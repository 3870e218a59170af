"""This machine: folders, free space, static files, fonts, and who can read the settings."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

from petition import environment
from petition.checkup.findings import Finding, fine, look, wrong

LEAST_FREE = 1024**3
FONT_FOLDERS = ["/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"]
# Names in files, and what they are for.
FONTS = {
    "NotoSans-": ("fonts-noto-core", "names in scripts other than Latin, Greek and Cyrillic"),
    "NotoSansCJK": ("fonts-noto-cjk", "Chinese, Japanese and Korean names"),
}


def settings_file() -> Iterator[Finding]:
    file = environment.HOME_DIR / ".env"
    if file.is_file() and file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield wrong(f"Other users of this machine can read {file}, which holds keys.", f"Run: chmod 600 {file}")


def folders() -> Iterator[Finding]:
    folder = settings.VAR_DIR
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield wrong(f"This user cannot write to VAR_DIR, {folder} ({error.strerror}).", "Give the folder to this user.")
        return
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        yield wrong(
            f"Only {free // 1024**2} MB are free in {folder}.", "Files for organizers need more: free at least 1 GB."
        )
    else:
        yield fine(f"The site can write to {folder}, where {free // 1024**3} GB are free.")


def static_files() -> Iterator[Finding]:
    if settings.LAPTOP:
        return
    if is_collected():
        yield fine(f"The static files in {settings.STATIC_ROOT} are those of this version.")
    else:
        yield wrong(
            f"The static files in {settings.STATIC_ROOT} are missing or older than this version.",
            "Run: undersigned collectstatic --noinput",
        )


def is_collected() -> bool:
    """Return whether the static files have been collected since the newest of them changed."""
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if not manifest.exists():
        return False
    files = (Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([]))
    # ctime instead of mtime: installers keep an older mtime.
    return bool(manifest.stat().st_ctime > max(file.stat().st_ctime for file in files))


def fonts() -> Iterator[Finding]:
    found = [path.name for folder in FONT_FOLDERS for path in Path(folder).expanduser().rglob("Noto*")]
    missing = [packages for name, packages in FONTS.items() if not any(each.startswith(name) for each in found)]
    for package, needed_for in missing:
        yield look(f"PDFs need a font for {needed_for}.", f"Where exports are made, install {package} (Debian).")
    if not missing:
        yield fine("The fonts for PDFs are installed.")
