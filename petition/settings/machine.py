"""The place where this process runs: its mode and folders, the addresses of the site, and its secrets."""

import json

from dotenv import load_dotenv

from petition import environment

BASE_DIR = environment.BASE_DIR
load_dotenv(environment.HOME_DIR / ".env")

# Laptop mode is for `make run` and `make test`: embedded servers, generated keys, and email on a page.
LAPTOP = environment.flag("LAPTOP")
DEBUG = environment.flag("DEBUG")
PORT = environment.whole("PORT", 8000, least=1, most=65535)
VAR_DIR = environment.folder("VAR_DIR", environment.HOME_DIR / "var")


def written_by_make_run() -> dict[str, str]:
    """Return the addresses of the embedded servers and the keys of this laptop, if `make run` has stored them here.

    So `manage.py` works in a second terminal without environment variables.
    """
    try:
        found: dict[str, str] = json.loads((VAR_DIR / "laptop.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


laptop = written_by_make_run() if LAPTOP or not environment.secret("SECRET_KEY") else {}
LAPTOP = LAPTOP or bool(laptop)

# URLs of the site

SITE_URL = environment.site_url("SITE_URL", f"http://localhost:{PORT}")
# The letter or the collective that the home page shows; otherwise all open letters.
HOME_PAGE = environment.home_page("HOME_PAGE")
ALLOWED_HOSTS = environment.words("ALLOWED_HOSTS") or (["*"] if LAPTOP else [SITE_URL.split("//")[1].split(":")[0]])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# The URL of this site's source (AGPL, section 13). Without it the site serves its own files.
SOURCE_URL = environment.page_url("SOURCE_URL")
# Our own proxies in front of the web server. The client's address is this many entries from the right of
# X-Forwarded-For. Spoofing: if the number is too high, visitors choose their own address.
BEHIND_PROXY = environment.flag("BEHIND_PROXY")
TRUSTED_PROXIES = environment.whole("TRUSTED_PROXIES", 1 if BEHIND_PROXY else 0, most=10)
HTTPS = SITE_URL.startswith("https://")

# Secrets. Each has its own purpose, so that one can be changed without the others.

# Signs sessions, and the tokens in emails (letters/shared/tokens.py). Fallbacks stay valid for reading.
SECRET_KEY = environment.secret("SECRET_KEY", laptop.get("SECRET_KEY", ""))
SECRET_KEY_FALLBACKS = environment.secrets("SECRET_KEY_FALLBACKS")
# Fernet keys that encrypt addresses. The first encrypts, all decrypt.
ADDRESS_KEYS = environment.secrets("ADDRESS_KEYS", laptop.get("ADDRESS_KEYS", ""))
# The HMAC key for recognising addresses. Changing it makes every signer unknown.
ADDRESS_HASH_KEY = environment.secret("ADDRESS_HASH_KEY", laptop.get("ADDRESS_HASH_KEY", ""))


def read_ledger_keys() -> list[str]:
    """Return the secrets that sign the logs, the one in use first.

    Security: read only when a worker signs, and never kept in the settings: a web server must not have them.
    """
    return environment.secrets("LEDGER_KEY")


READ_LEDGER_KEYS = read_ledger_keys
# Where the worker that signs remembers the newest checkpoint of each log. Fork: never restore it from a backup.
LEDGER_DIR = environment.folder("LEDGER_DIR", VAR_DIR / "ledger")
