"""Process input from strangers in a child process with little memory and time, and without privileges and secrets.

Denial of service: a letter of ten kilobytes can make a typesetter take gigabytes, and so can a picture for a decoder.
The kernel would then kill any process on the machine. Here only the child dies, and the caller learns why.

The child is a module that calls `serve`. It answers one question after the other, each a line of JSON. Files are passed
in a shared folder.
"""

import contextlib
import ctypes
import json
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Any, cast

ROOT = Path(__file__).resolve().parents[2]
# The whole environment of the child: no key, no password, no database address. One thread, so at most one processor.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "RAYON_NUM_THREADS": "1"}
LARGEST_FILE = 1024**3
# Wall-clock time per second of processor time, for a busy machine.
PATIENCE = 5
# The key of the child's answer if the question failed.
FAILED = "failed"
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PR_SET_NO_NEW_PRIVS = 38

Question = dict[str, Any]
Reply = dict[str, Any]


class Failed(Exception):
    """`code` is "too_much" (memory or processor time), "too_slow" (a busy machine, worth another try), or "broken"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Limits:
    """The resources of a child."""

    # Bytes, in total.
    memory: int
    # Processor time for each answer.
    seconds: int


class Child:
    """A running child, which answers questions one at a time."""

    def __init__(self, process: "subprocess.Popen[str]", limits: Limits) -> None:
        self.process, self.limits = process, limits
        self.questions, self.answers = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

    def ask(self, question: Question) -> Reply:
        """Ask a question. Raises Failed."""
        clock = Timer(self.limits.seconds * PATIENCE, self.process.kill)
        clock.start()
        try:
            # A child that has died reads nothing.
            with contextlib.suppress(BrokenPipeError):
                self.questions.write(json.dumps(question) + "\n")
                self.questions.flush()
            line = self.answers.readline()
        finally:
            clock.cancel()
        answer: Reply = json.loads(line) if line.endswith("\n") else {FAILED: self._why_it_ended()}
        if FAILED in answer:
            raise Failed(answer[FAILED])
        return answer

    def _why_it_ended(self) -> str:
        code = self.process.wait()
        if code == -signal.SIGKILL:
            return "too_slow"
        return "too_much" if code < 0 else "broken"


@contextmanager
def child(module: str, limits: Limits) -> Iterator[Child]:
    """Run a module of ours as a child until the block ends."""
    command = [sys.executable, "-m", module, str(limits.memory), str(limits.seconds)]
    process = subprocess.Popen(  # noqa: S603 -- the module's name is written in our code
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # Privacy: an error may quote the input.
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    made = Child(process, limits)
    try:
        yield made
    finally:
        process.kill()
        process.wait()
        for pipe in (made.questions, made.answers):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


# In the child


def serve(answer: Callable[[Question], Reply]) -> None:
    """Answer questions until there are no more."""
    memory, seconds = map(int, sys.argv[1:])
    # Keep the output of libraries out of the answers.
    questions, answers, sys.stdout = sys.stdin, sys.stdout, sys.stderr
    _limit_memory(memory)
    _leave_the_network()
    _gain_no_privileges()
    for line in questions:
        _limit_time(seconds)
        _reply(answers, _answered(answer, json.loads(line)))


def _answered(answer: Callable[[Question], Reply], question: Question) -> Reply:
    try:
        return answer(question)
    except MemoryError:
        return {FAILED: "too_much"}
    # A panic in Rust is a BaseException.
    except BaseException:  # noqa: BLE001
        return {FAILED: "broken"}


def _reply(answers: IO[str], answer: Reply) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _limit_memory(memory: int) -> None:
    _lower(resource.RLIMIT_DATA, memory)
    # In addition: memory-mapped files such as fonts.
    _lower(resource.RLIMIT_AS, memory + 4 * 1024**3)
    _lower(resource.RLIMIT_FSIZE, LARGEST_FILE)
    _lower(resource.RLIMIT_CORE, 0)


def _limit_time(seconds: int) -> None:
    """Limit processor time from now on. The kernel kills a process that exceeds it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, resource.RLIM_INFINITY))


def _lower(limit: int, most: int) -> None:
    # Not every system has every limit.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(limit, (most, most))


def _leave_the_network() -> None:
    """Move into an empty network namespace, if the kernel allows it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET)


def _gain_no_privileges() -> None:
    """Forbid gaining privileges, for example by a setuid program. Only Linux supports this."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0)))
