import hashlib
import hmac

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
    keys = {
        HASH_KEY: [settings.ADDRESS_HASH_KEY],
        ADDRESS_KEYS: settings.ADDRESS_KEYS,
        SECRET_KEY: [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS],
    }
    return {name: [fingerprint(name, key) for key in some] for name, some in keys.items()}


def wrong_keys() -> list[str]:
    """Return the variables that lack a key under which data was written; none for an empty database."""
    recorded: dict[str, set[str]] = {}
    for name, known in KeyFingerprint.objects.values_list("name", "fingerprint"):
        recorded.setdefault(name, set()).add(known)
    given = {name: set(found) for name, found in configured().items()}
    wrong = [name for name in (HASH_KEY, ADDRESS_KEYS) if recorded.get(name, set()) - given[name]]
    # Old secret keys may be dropped: the links that they signed have expired.
    if recorded.get(SECRET_KEY) and not recorded[SECRET_KEY] & given[SECRET_KEY]:
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
