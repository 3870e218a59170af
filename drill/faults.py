"""Each fault of the drill: what ends, and what an operator or a supervisor does about it."""

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psycopg
from psycopg.errors import LockNotAvailable

from drill.machines import Machines
from tests.stack import until

# The fault lasts this long before somebody repairs it.
SECONDS = 5.0
FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

Fault = Callable[[Machines], None]


def kill(*names: str) -> Fault:
    """Kill processes, which their supervisor starts again."""

    def act(machines: Machines) -> None:
        for name in names:
            machines.kill(name)

    return act


def lose_a_rabbit(machines: Machines) -> None:
    # Clients are connected to the first one.
    node = machines.rabbits.nodes[0]
    assert node.process
    os.killpg(node.process.pid, 9)
    node.process.wait()
    time.sleep(SECONDS)
    node.start()


def lose_the_valkey(machines: Machines) -> None:
    before = machines.valkeys.primary()
    assert before
    machines.valkeys.kill(before)
    until(lambda: machines.valkeys.primary() not in {before, None})
    time.sleep(SECONDS)
    machines.valkeys.start_server(before, copy_of=machines.valkeys.primary())
    until(machines.valkeys.is_ready, 120)


def lose_the_primary(machines: Machines) -> None:
    """Promote the standby, point PgBouncer at it, and make the former primary its standby."""
    machines.pair.fail_over()
    machines.pooler.point_at_primary(machines.processes["PgBouncer"].process)
    time.sleep(SECONDS)
    machines.pair.pair()


def fill_the_disk(machines: Machines) -> None:
    """Leave no room for the database, then give it back."""
    primary = machines.pair.primary
    primary.fill_disk()
    time.sleep(SECONDS)
    primary.empty_disk()
    with suppress(OSError):
        until(primary.is_running, 5)
    if not primary.is_running():
        primary.run()
    until(lambda: machines.pair.ask("SELECT 1"))


def jump_the_clocks(machines: Machines) -> None:
    """Set the clocks of one web server and of one worker of each of two queues an hour ahead, then right again."""
    jumping = [machines.processes[name] for name in ("web 1", "confirmations 1", "publishing 1")]
    for ahead in (True, False):
        for process in jumping:
            process.extra = {"LD_PRELOAD": FAKETIME, "FAKETIME": "+3600"} if ahead else {}
            process.kill()
        time.sleep(3 * SECONDS)


def change_tables(machines: Machines) -> None:
    """Add a column and an index while people sign, as a migration does, and restart every process in turn."""
    with psycopg.connect(machines.pair.primary.url, autocommit=True) as connection:
        connection.execute("SET lock_timeout = '3s'")
        for statement in (
            "ALTER TABLE letters_signature ADD COLUMN drill integer",
            "CREATE INDEX CONCURRENTLY drill ON letters_signature (drill) WHERE drill IS NOT NULL",
        ):
            until(partial(_tried, connection, statement))
        machines.restart_in_turn()
        until(lambda: _tried(connection, "ALTER TABLE letters_signature DROP COLUMN drill"))


def _tried(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> bool:
    with suppress(LockNotAvailable):
        connection.execute(statement.encode())
        return True
    return False


def faults() -> dict[str, Fault]:
    """Return the faults by what the table calls them. Leaves out those that this machine cannot have."""
    found: dict[str, Fault] = {
        "A web server is killed": kill("web 1"),
        "A worker for confirmations is killed": kill("confirmations 1"),
        "Both workers that number signatures are killed": kill("publishing 1", "publishing 2"),
        "Both clocks are killed": kill("clock 1", "clock 2"),
        "PgBouncer is killed": kill("PgBouncer"),
        "The proxy is killed": kill("nginx"),
        "A RabbitMQ node is killed for 5 s": lose_a_rabbit,
        "Valkey's primary is killed, and Sentinel promotes the copy": lose_the_valkey,
        "PostgreSQL's primary is killed, and the standby promoted": lose_the_primary,
        "Tables change, and all processes restart in turn": change_tables,
    }
    if os.getuid() == 0:
        found["The database's disk is full for 5 s"] = fill_the_disk
    if os.path.exists(FAKETIME):  # noqa: PTH110
        found["A web server and two workers are an hour ahead for 15 s"] = jump_the_clocks
    return found


def versions(machines: Machines) -> str:
    [(postgres,)] = machines.pair.ask("SHOW server_version")
    bouncer = subprocess.run(["pgbouncer", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return f"PostgreSQL {postgres}, PgBouncer {bouncer}"
