"""The file of keys, which is kept apart from backups: whoever has both can read every address."""

from io import StringIO
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

from letters.base.keyring.queries import ADDRESS_KEYS, HASH_KEY, SECRET_KEY, configured, fingerprints_of, lacking
from petition.backups import BackupError
from petition.backups.manifest import Manifest, durable

FALLBACKS = "SECRET_KEY_FALLBACKS"
HEADING = "# Keys of Undersigned, in the format of .env. Keep this file apart from the backups."


def write_keys(path: Path, made: Manifest) -> bool:
    """Write the keys of this process to a file that only its owner can read. Returns False if they are there already.

    Raises BackupError for keys that do not belong to the data, and for a file with other content: older backups may
    need its keys.
    """
    if wrong := lacking_here(made):
        names = " and ".join(wrong)
        raise BackupError(f"{names} of this environment did not write this data. Set the site's own keys.")
    values = _values()
    if path.exists():
        if _read(path) == values:
            return False
        raise BackupError(f"{path} exists and holds something else, which an older backup may need. Name another file.")
    lines = [HEADING, *(f"{name}={_quoted(value)}" for name, value in values.items()), ""]
    try:
        durable(path, "\n".join(lines).encode())
    except OSError as error:
        raise BackupError(f"The keys cannot be written to {path} ({error.strerror}).") from None
    return True


def _values() -> dict[str, str]:
    """Return the keys of this process, as variables."""
    values = {
        SECRET_KEY: settings.SECRET_KEY,
        FALLBACKS: ",".join(settings.SECRET_KEY_FALLBACKS),
        ADDRESS_KEYS: ",".join(settings.ADDRESS_KEYS),
        HASH_KEY: settings.ADDRESS_HASH_KEY,
    }
    return {name: value for name, value in values.items() if value}


def lacking_here(made: Manifest) -> list[str]:
    """Return the variables of this process that lack a key under which the data of a backup was written."""
    try:
        return lacking(made.keys, configured())
    except ImproperlyConfigured:  # Django's word for a SECRET_KEY that is not set.
        return [SECRET_KEY]


def refuse_beside(path: Path, folder: Path) -> None:
    """Raise BackupError if a file of keys is in the folder of a backup, at any depth, or would be that folder."""
    if folder.resolve() in path.resolve().parents or folder.resolve() == path.resolve():
        raise BackupError(f"Keep the keys apart from the backup: {path} is in {folder}. Name a file elsewhere.")


def check_keys(path: Path, manifest: Manifest) -> dict[str, list[str]]:
    """Return the fingerprints of the keys in a file, the one in use first.

    Raises BackupError unless they include those of the backup.
    """
    values = _read(path)
    given = fingerprints_of(
        {
            HASH_KEY: [values.get(HASH_KEY, "")],
            ADDRESS_KEYS: _listed(values.get(ADDRESS_KEYS, "")),
            SECRET_KEY: [values.get(SECRET_KEY, ""), *_listed(values.get(FALLBACKS, ""))],
        }
    )
    if wrong := lacking(manifest.keys, given):
        raise BackupError(f"The keys in {path} do not belong to this backup: {' and '.join(wrong)} differ.")
    return given


def _read(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BackupError(f"The keys in {path} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise BackupError(f"{path} is no file of keys.") from None
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in found.items() if value}


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]
