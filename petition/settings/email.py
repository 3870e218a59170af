"""Outgoing email: the way out of the site, and the work of the workers."""

from petition import environment
from petition.settings.machine import LAPTOP, VAR_DIR

EMAIL_SERVER = environment.email_url("EMAIL_URL")
EMAIL_PROVIDER = environment.email_provider("EMAIL_PROVIDER")
if EMAIL_SERVER and EMAIL_PROVIDER:
    environment.refuse("EMAIL_URL and EMAIL_PROVIDER are both set: mail leaves by one of them.")
EMAIL_HOST = EMAIL_SERVER.get("host", "localhost")
EMAIL_PORT = EMAIL_SERVER.get("port", 25)
EMAIL_HOST_USER = EMAIL_SERVER.get("username", "")
EMAIL_HOST_PASSWORD = EMAIL_SERVER.get("password", "")
EMAIL_USE_TLS = EMAIL_SERVER.get("use_tls", False)
EMAIL_USE_SSL = EMAIL_SERVER.get("use_ssl", False)
EMAIL_TIMEOUT = environment.whole("EMAIL_TIMEOUT", 20, least=1, most=300)
DEFAULT_FROM_EMAIL = environment.sender("EMAIL_FROM", "Undersigned <letters@localhost>")
# Emails that collectives write have an address of their own, so that complaints about them do not harm the emails that
# people need in order to confirm.
BULK_FROM_EMAIL = environment.sender("EMAIL_FROM_BULK", DEFAULT_FROM_EMAIL)
# Who runs the site, and how to reach them. Shown at the end of every email, and on the privacy page.
OPERATOR = environment.line("OPERATOR", most=200)
OPERATOR_CONTACT = environment.contact("OPERATOR_CONTACT")
# Laptop mode with neither: emails become files under var/mail, and /mailbox/ shows them.
MAILBOX_DIR = VAR_DIR / "mail" if LAPTOP and not EMAIL_SERVER and not EMAIL_PROVIDER else None
EMAIL_BACKEND = "petition.mailbox.MailboxBackend" if MAILBOX_DIR else "django.core.mail.backends.smtp.EmailBackend"
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER['name']}.EmailBackend"
# Privacy: providers must not track who opens an email, or redirect its links, which contain tokens.
UNTRACKED = {"track_opens": False, "track_clicks": False}
ANYMAIL = {
    **{name: value for name, value in EMAIL_PROVIDER.items() if name != "name"},
    "REQUESTS_TIMEOUT": EMAIL_TIMEOUT,
    "POSTMARK_SEND_DEFAULTS": UNTRACKED,
    "MAILGUN_SEND_DEFAULTS": UNTRACKED,
    # Protects /anymail/<provider>/tracking/, to which providers report. That address exists only with this secret.
    "WEBHOOK_SECRET": environment.webhook_secret("EMAIL_WEBHOOK_SECRET"),
}
# Mailgun signs its reports with its own key.
if signing_key := environment.secret("EMAIL_WEBHOOK_SIGNING_KEY"):
    ANYMAIL["MAILGUN_WEBHOOK_SIGNING_KEY"] = signing_key
# The number of emails that a worker claims at once, the lease after which another worker takes them over if it dies,
# and the first pause after a refusal.
MAIL_BATCH = environment.whole("MAIL_BATCH", 50, least=1, most=1000)
MAIL_LEASE_SECONDS = environment.whole("MAIL_LEASE_SECONDS", 20, least=2, most=3600)
MAIL_RETRY_SECONDS = environment.whole("MAIL_RETRY_SECONDS", 15, least=1, most=3600)
