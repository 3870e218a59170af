"""Nothing that can be used or that names a person reaches a log: tokens in paths and addresses are taken out."""

import logging
import re
import socket

HOSTNAME = socket.gethostname()

# An address may stand in a query: whoever must sign in first is led on to it from there.
TOKEN_IN_PATH = re.compile(
    r"((?:/|%2F)(?:signatures(?:/|%2F)[a-z-]+|organize(?:/|%2F)invitations)(?:/|%2F))[^/\s\"'?#]+", re.IGNORECASE
)
# No longer than a path may be (RFC 5321): without a bound, a line of 8 kB costs a second.
ADDRESS = re.compile(r"([^\s<>\"(),;:]{1,256})(?:@|%40)([^\s<>\"'(),;:]+)")
# amqp://user:password@host:5672//: which host does not answer is what somebody looks for in a log.
CREDENTIALS = re.compile(r"(?<=://)[^\s/@\"'<>]{0,256}@(?=[\w.\[-])")
# What Celery calls our workers, as docs/running.md starts them; one in a host's name without a dot is nobody's mailbox.
NODES = {"celery", "confirmations", "publishing", "accounts", "bulk", "exports", "beat"}
OF_A_NODE = re.compile(r"[\w-]+(?:\.celery\.pidbox)?")


# PostgreSQL quotes the row that broke a rule, names and all.
ROW = re.compile(r"DETAIL: .*")


def without_secrets(line: str) -> str:
    line = ROW.sub("DETAIL: (row)", line)
    line = CREDENTIALS.sub("", TOKEN_IN_PATH.sub(r"\1(token)", line))
    return ADDRESS.sub(_hidden, line)


def _hidden(found: re.Match[str]) -> str:
    """The name of a node of ours stays: it says which machine and which queue a line is about."""
    name, host = found[1].lstrip("'"), found[2].rstrip(".")
    is_node = name.rstrip("0123456789") in NODES and (host == HOSTNAME or OF_A_NODE.fullmatch(host))
    return found[0] if is_node else "(address)"


class HideSecrets(logging.Filter):
    """Rewrites a record's message, so that no handler after it sees what the line held."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), None
        return True


class SafeFormatter(logging.Formatter):
    """Tracebacks hold values too (a database error quotes the row), so the finished text is cleaned once more."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))
