"""The processes that `make run` starts, and what an earlier run has left behind."""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import psutil

from petition.embedded import STOP_SECONDS, CannotStart, interruption
from petition.environment import BASE_DIR


class Ledger:
    """The list of processes that a run has started, so that after a crash the next run can end them."""

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def note(self, pid: int) -> None:
        self.file.write(f"{pid} {psutil.Process(pid).create_time()}\n")
        self.file.flush()

    def end_leftovers(self) -> None:
        self.file.seek(0)
        lines = [line.split() for line in self.file if line.endswith("\n")]
        end([int(pid) for pid, created in lines if not _is_another(int(pid), float(created))])
        self.file.seek(0)
        self.file.truncate()


@contextmanager
def locked_ledger(var: Path) -> Iterator[Ledger]:
    """Open and lock the list for this process alone. The lock always ends with the process."""
    with (var / "laptop.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotStart(
                f"it already runs on the data in {var}. Stop that one, or give this one another folder with VAR_DIR."
            ) from None
        ledger = Ledger(file)
        ledger.end_leftovers()
        yield ledger


def end(pids: list[int]) -> None:
    """Ask processes to end, then kill what is left of them and of their sessions."""
    asked = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    for process in asked:
        with suppress(psutil.Error):
            process.terminate()
    wait_for_the_end(asked)
    left = [process for process in psutil.process_iter() if process in asked or _session(process) in pids]
    for process in left:
        with suppress(psutil.Error):
            process.kill()
    wait_for_the_end(left)


def wait_for_the_end(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while any(map(_is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(0.05)


def _is_alive(process: psutil.Process) -> bool:
    # A zombie counts as ended. In a container without init nobody reaps it, so waiting would never end.
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _is_another(pid: int, created: float) -> bool:
    """Return whether another process has this number now. (A number is not reused while its session has members.)"""
    with suppress(psutil.NoSuchProcess):
        return bool(abs(psutil.Process(pid).create_time() - created) > 1)
    return False


def _session(process: psutil.Process) -> int:
    with suppress(OSError):
        return os.getsid(process.pid)
    return 0


class Processes:
    """Child processes by name. Each leads a session, so that Ctrl-C reaches only us and we can end them in order."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str]) -> None:
        with interruption.held_back():
            child = subprocess.Popen(command, cwd=BASE_DIR, stdin=subprocess.DEVNULL, start_new_session=True)
            self.running[name] = child
            self.ledger.note(child.pid)

    def finish(self, name: str, command: list[str]) -> None:
        """Start a process and wait until it has ended. If it fails, it has said why."""
        self.start(name, command)
        while (code := self.running[name].poll()) is None:
            interruption.insist()
            time.sleep(0.05)
        del self.running[name]
        if code:
            raise SystemExit(1)

    def refuse_ended(self) -> None:
        interruption.insist()
        for name, child in self.running.items():
            if child.poll() is not None:
                raise CannotStart(
                    f"its {name} has ended by itself (exit code {child.returncode}); see the lines above."
                )

    def end(self) -> None:
        with interruption.held_back():
            end([child.pid for child in self.running.values()])
