"""Security headers, cookies, where webhooks may lead, and the checks that are silenced."""

from csp.constants import NONE, SELF

from petition import environment
from petition.settings.machine import BEHIND_PROXY, HTTPS

# Security headers: nothing is loaded from elsewhere, nothing inline runs, and no site may frame us.

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
SECURE_SSL_REDIRECT = False  # The proxy redirects to HTTPS. Behind it, every request is plain HTTP.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
# The prefix makes browsers accept the cookies only from this host and over HTTPS. A laptop has no HTTPS.
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
# Limited to /accounts/, which the prefix __Host- does not allow.
DEVICE_COOKIE_NAME = "__Secure-device" if HTTPS else "device"
X_FRAME_OPTIONS = "DENY"
# Ports to which webhooks of organizers may lead.
WEBHOOK_PORTS = environment.wholes("WEBHOOK_PORTS", "443", least=1, most=65535)
# For tests alone, which run a server on this machine: no variable sets it. It allows loopback, any port, and HTTP.
WEBHOOKS_REACH_THIS_MACHINE = False
# Warnings of `check --deploy` that do not apply.
SILENCED_SYSTEM_CHECKS = [
    # SECURE_SSL_REDIRECT is off: the proxy redirects, and every request that arrives here is plain HTTP.
    "security.W008",
    # SECURE_HSTS_PRELOAD is off: the preload list concerns the whole domain, so its owner must decide. It cannot be
    # undone for months.
    "security.W021",
]
