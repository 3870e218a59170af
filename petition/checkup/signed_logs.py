"""The signed logs: who has the key, and whether a log is in doubt."""

from collections.abc import Iterator

from dotenv import dotenv_values

from letters.base.ledger_logs.queries import logs_in_doubt, public_keys
from petition import environment
from petition.checkup.findings import Finding, fine, look, wrong


def signed_logs() -> Iterator[Finding]:
    file = environment.HOME_DIR / ".env"
    if given := [name for name in ("LEDGER_KEY", "LEDGER_KEY_FILE") if dotenv_values(file).get(name)]:
        yield wrong(
            f"{given[0]} is in {file}, which the web server reads.",
            "Give it to the worker of the queue “publishing” alone: docs/running.md, “The signed logs”.",
        )
    if not public_keys():
        yield look(
            "No worker has signed a log yet, so nobody can check the counts.",
            "Give LEDGER_KEY_FILE to the worker of the queue “publishing”: docs/running.md, “The signed logs”.",
        )
    elif doubted := [log.name for log in logs_in_doubt()]:
        yield wrong(f"These logs are in doubt: {', '.join(doubted)}.", "Run: undersigned close_log")
    else:
        yield fine("A worker has the key of the logs, and none is in doubt.")
