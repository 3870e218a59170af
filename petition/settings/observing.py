"""What the operator sees of the running site."""

from petition import environment
from petition.settings.machine import VAR_DIR

# Who may read /metrics: these networks, and whoever sends the token. Others get 404.
METRICS_NETWORKS = environment.networks("METRICS_NETWORKS", "127.0.0.0/8,::1")
METRICS_TOKEN = environment.secret("METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    environment.refuse("METRICS_TOKEN must have 16 or more characters.")
# Where the processes of one machine count. What is in it may be lost.
METRICS_DIR = environment.folder("METRICS_DIR", VAR_DIR / "metrics")
# Where faults of the program are reported, without a word about a person (petition/error_reports.py).
SENTRY_DSN = environment.sentry_dsn("SENTRY_DSN")
