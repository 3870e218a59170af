"""Privacy: remove tokens and addresses from every log line."""

import json
import logging
import re
import socket
from datetime import UTC, datetime

from letters.shared.secrets_of_programs import IN_ADDRESS as PERSONAL_TOKEN
from petition.request_ids import current_request_id

HOSTNAME = socket.gethostname()

# A token can also be in a query string: the sign-in page gets the path to which it returns. Some programs double the
# slashes of a link. Denial of service: only a few, or a line of slashes takes a second.
SLASH = "(?:/|%2F){1,4}"
TOKEN_IN_PATH = re.compile(
    rf"((?:/|%2F)(?:signatures{SLASH}[a-z-]+|organize{SLASH}(?:invitations|emails{SLASH}off{SLASH}[^/\s]+?)|drafts)"
    rf"{SLASH})[^/\s\"'?#]+",
    re.IGNORECASE,
)
# Bounded by the longest path (RFC 5321). Denial of service: without a bound, a line of 8 kB takes a second.
ADDRESS = re.compile(r"([^\s<>\"(),;:]{1,256})(?:@|%40)([^\s<>\"'(),;:]+)")
# amqp://user:password@host:5672//: the host stays, because it is what people look for in a log.
CREDENTIALS = re.compile(r"(?<=://)[^\s/@\"'<>]{0,256}@(?=[\w.\[-])")
# Celery node names from docs/running.md. With a host name without a dot they are not mailboxes.
NODES = {"celery", "confirmations", "publishing", "accounts", "bulk", "exports", "webhooks", "beat"}
OF_A_NODE = re.compile(r"[\w-]+(?:\.celery\.pidbox)?")


# PostgreSQL quotes the row that violates a constraint, names included, and texts in it have several lines. So all of it
# goes, until the next exception or another traceback begins.
ROW = re.compile(
    r"DETAIL: .*?(?=\n\nDuring handling of the above exception|\n\nThe above exception was|\nTraceback \(most|\Z)",
    re.DOTALL,
)


def without_secrets(line: str) -> str:
    line = PERSONAL_TOKEN.sub("(token)", ROW.sub("DETAIL: (row)", line))
    line = CREDENTIALS.sub("", TOKEN_IN_PATH.sub(r"\1(token)", line))
    return ADDRESS.sub(_hidden, line)


def _hidden(match: re.Match[str]) -> str:
    """Keep the name of one of our nodes: it says which machine and queue a line is about."""
    name, host = match[1].lstrip("'"), match[2].rstrip(".")
    is_node = name.rstrip("0123456789") in NODES and (host == HOSTNAME or OF_A_NODE.fullmatch(host))
    return match[0] if is_node else "(address)"


class HideSecrets(logging.Filter):
    """Rewrite the message of a record before any other handler sees it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), None
        return True


class SafeFormatter(logging.Formatter):
    """Clean the finished text again: tracebacks contain values too, for example the row in a database error."""

    def format(self, record: logging.LogRecord) -> str:
        request_id = current_request_id()
        record.request = f" [{request_id}]" if request_id else ""
        return without_secrets(super().format(record))


class JsonFormatter(logging.Formatter):
    """Write one JSON object per line. Each value is cleaned before it is quoted, as the whole line is otherwise."""

    def format(self, record: logging.LogRecord) -> str:
        found = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id(),
            "exception": self.formatException(record.exc_info) if record.exc_info else record.exc_text or "",
            "stack": self.formatStack(record.stack_info) if record.stack_info else "",
        }
        return json.dumps({name: without_secrets(value) for name, value in found.items() if value}, ensure_ascii=False)
