import hashlib
import hmac
from collections.abc import Iterable, Mapping

from django.conf import settings

from letters.models import KeyFingerprint

HASH_KEY, ADDRESS_KEYS, SECRET_KEY = "ADDRESS_HASH_KEY", "ADDRESS_KEYS", "SECRET_KEY"

# The consequences of a missing key, for the error message.
CONSEQUENCES = {
    HASH_KEY: "the site would not recognise earlier signers, who could sign twice",
    ADDRESS_KEYS: "the site could not read stored addresses",
    SECRET_KEY: "no link in an email that was already sent would work",
}


def fingerprint(name: str, key: str) -> str:
    """Return a one-way fingerprint, which differs between variables."""
    return hmac.digest(key.encode(), f"undersigned: fingerprint of {name}".encode(), hashlib.sha256).hex()


def configured() -> dict[str, list[str]]:
    """Return the fingerprints of the keys that this process has, the one in use first."""
    return fingerprints_of(
        {
            HASH_KEY: [settings.ADDRESS_HASH_KEY],
            ADDRESS_KEYS: settings.ADDRESS_KEYS,
            SECRET_KEY: [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS],
        }
    )


def fingerprints_of(keys: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {name: [fingerprint(name, key) for key in some] for name, some in keys.items()}


def wrong_keys() -> list[str]:
    """Return the variables that lack a key under which data was written; none for an empty database."""
    return lacking(recorded(), configured())


def recorded() -> dict[str, list[str]]:
    """Return the fingerprints of the keys under which data was written."""
    found: dict[str, list[str]] = {}
    for name, known in KeyFingerprint.objects.order_by("pk").values_list("name", "fingerprint"):
        found.setdefault(name, []).append(known)
    return found


def lacking(recorded: Mapping[str, list[str]], given: Mapping[str, list[str]]) -> list[str]:
    """Return the variables that lack a key under which data was written."""
    wrong = [name for name in (HASH_KEY, ADDRESS_KEYS) if set(recorded.get(name, [])) - set(given[name])]
    # Old secret keys may be dropped: the links that they signed have expired.
    if recorded.get(SECRET_KEY) and not set(recorded[SECRET_KEY]) & set(given[SECRET_KEY]):
        wrong.append(SECRET_KEY)
    return wrong


def complaint(wrong: list[str]) -> str:
    """Return one sentence for the person who starts the site."""
    what = "; ".join(f"with this {name} {CONSEQUENCES[name]}" for name in wrong)
    verb = "is" if len(wrong) == 1 else "are"
    return (
        f"{' and '.join(wrong)} {verb} not what this database was written with: {what}. "
        "Restore the right value, or accept the change: python manage.py accept_keys"
    )
