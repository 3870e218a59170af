"""The site as on several machines: two of each process, started again when they end, behind nginx with its cache."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from drill.postgres_pair import Pair, Pooler
from drill.rabbits import Rabbits, running_rabbits
from drill.valkeys import Valkeys
from letters.models import HoldFrom
from letters.schedule import QUEUES
from petition.embedded import free_port
from petition.local import BASE_DIR
from tests.rabbit import need
from tests.smtp import SmtpSink
from tests.stack import OURS, Web, until

SAMPLE = "unpaid-cast"
SECONDS_TO_RESTART = 1
SECONDS_TO_END = 30
# Limits are counted as usual but never reached: the crowd comes from one network, and each person signs once.
LIMITS = ["LIMIT_NETWORK_SOFT", "LIMIT_NETWORK_HARD", "LIMIT_LETTER_SOFT", "LIMIT_DOMAIN", "LIMIT_UNPROVEN"]
NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
    proxy_cache_path {folder}/cache keys_zone=pages:4m max_size=64m;
    upstream site {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://site;
            proxy_cache pages;
            proxy_cache_lock on;
            proxy_cache_use_stale error timeout http_500 http_502 http_503 http_504;
            proxy_set_header Host localhost:{port};
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_connect_timeout 2s;
            proxy_next_upstream error timeout http_502;
        }}
    }}
}}
"""


class Supervised:
    """A process that starts again a second after it has ended, as systemd would start it."""

    def __init__(self, name: str, command: list[str], environ: dict[str, str], log: Path) -> None:
        self.name, self.command, self.environ, self.log = name, command, environ, log
        # Additional variables of the next start.
        self.extra: dict[str, str] = {}
        self._is_over = threading.Event()
        self._start()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _start(self) -> None:
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=BASE_DIR,
                env=os.environ | self.environ | self.extra,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _keep(self) -> None:
        while not self._is_over.is_set():
            self.process.wait()
            if not self._is_over.wait(SECONDS_TO_RESTART):
                self._start()

    def restart(self) -> None:
        """Ask the process to end. Kill it if it does not, as systemd does after TimeoutStopSec."""
        before = self.process.pid
        self.send(15)
        try:
            until(partial(self.has_restarted, before), SECONDS_TO_END)
        except AssertionError:
            self.kill()
            until(partial(self.has_restarted, before))

    def has_restarted(self, pid: int) -> bool:
        return self.process.pid != pid

    def times_logged(self, words: str) -> int:
        return self.log.read_text(encoding="utf-8", errors="replace").count(words)

    def has_logged(self, words: str, times: int) -> bool:
        return self.times_logged(words) >= times

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """Kill the process and its children at once."""
        os.killpg(self.process.pid, 9)

    def end(self) -> None:
        self._is_over.set()
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


class Machines:
    """Everything that runs. `processes` are by name: "web 1", "confirmations 2", "clock 1", "nginx", "PgBouncer"."""

    def __init__(self, folder: Path, pair: Pair, rabbits: Rabbits, valkeys: Valkeys, sink: SmtpSink) -> None:
        self.folder, self.pair, self.rabbits, self.valkeys, self.sink = folder, pair, rabbits, valkeys, sink
        self.port, self.web_ports = free_port(), [free_port(), free_port()]
        self.pooler = Pooler(folder / "pgbouncer", pair)
        self.processes: dict[str, Supervised] = {}
        self.environ = dict.fromkeys(OURS, "") | {
            "LAPTOP": "1",
            "VAR_DIR": str(folder / "var"),
            "SITE_URL": f"http://localhost:{self.port}",
            "SECRET_KEY": "a secret for the drill, as long as one for production would have to be",
            "ADDRESS_KEYS": "dGVzdHMgbmVlZCBhIGtleSBvZiAzMiBieXRlcyBoZXI=",
            "ADDRESS_HASH_KEY": "another secret for the drill, by which addresses are known again",
            "DATABASE_URL": pair.url,
            "VALKEY_URL": valkeys.url,
            "BROKER_URL": rabbits.url,
            "QUORUM_QUEUES": "yes",
            "EMAIL_URL": sink.url,
            "MAIL_LEASE_SECONDS": "5",
            "BEHIND_PROXY": "yes",
            "PYTHONWARNINGS": "ignore",
            "MAIL_DOMAIN_PACE": "100000/minute",
            **dict.fromkeys(LIMITS, "1000000000/hour"),
        }

    def prepare(self) -> None:
        (self.folder / "var").mkdir()
        self._manage("migrate", "--verbosity", "0")
        self._manage("collectstatic", "--noinput", "--verbosity", "0")
        self.environ["DJANGO_SUPERUSER_PASSWORD"] = "only for the drill"  # noqa: S105
        self._manage("createsuperuser", "--noinput", "--email", "organizer@example.org")
        self._manage("load_sample")
        # They sign within seconds of each other, as only programs do.
        self.pair.ask("UPDATE letters_letter SET hold_from = %s", HoldFrom.NEVER)

    def start(self) -> None:
        self.pooler.point_at_primary()
        self._keep("PgBouncer", self.pooler.command, account=True)
        pooled = {"DATABASE_URL": self.pooler.url, "DATABASE_BEHIND_POOLER": "yes"}
        for number, port in enumerate(self.web_ports, 1):
            command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
            command += ["--port", str(port), "--workers", "1", "--blocking-threads", "2", "--no-access-log"]
            command += ["--respawn-failed-workers"]
            self._keep(f"web {number}", [*command, "petition.wsgi:application"], pooled)
        for queue in QUEUES:
            for number in (1, 2):
                command = ["-n", f"{queue}{number}@drill", "--queues", queue, "--concurrency", "1"]
                self._keep(f"{queue} {number}", self._celery("worker", *command))
        for number in (1, 2):
            # Nobody should run two clocks; here somebody does.
            schedule = self.folder / f"beat-{number}"
            self._keep(f"clock {number}", self._celery("beat", "--schedule", str(schedule)))
        servers = " ".join(f"server 127.0.0.1:{port} max_fails=0;" for port in self.web_ports)
        nginx = self.folder / "nginx"
        nginx.mkdir()
        text = NGINX.format(folder=nginx, servers=servers, port=self.port)
        (nginx / "nginx.conf").write_text(text, encoding="utf-8")
        self._keep("nginx", [need("nginx"), "-c", str(nginx / "nginx.conf")])
        for port in [*self.web_ports, self.port]:
            until(Web(port).answers, 180)

    def _celery(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "celery", "--quiet", "-A", "petition", *arguments, "--loglevel", "WARNING"]

    def _keep(
        self, name: str, command: list[str], environ: dict[str, str] | None = None, *, account: bool = False
    ) -> None:
        if account and (found := self.pair.primary.account):
            # PgBouncer refuses to be root.
            command = ["setpriv", f"--reuid={found[0]}", f"--regid={found[1]}", "--clear-groups", *command]
        log = self.folder / f"{name.replace(' ', '-')}.log"
        log.touch(mode=0o666)
        self.processes[name] = Supervised(name, command, self.environ | (environ or {}), log)

    def _manage(self, *arguments: str) -> None:
        environ = os.environ | self.environ
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=BASE_DIR, env=environ, check=True, timeout=600)

    def kill(self, name: str) -> None:
        self.processes[name].kill()

    def published_names(self) -> set[str]:
        rows = self.pair.ask("SELECT name FROM letters_signature WHERE state = 'published'")
        return {str(name) for (name,) in rows}

    def restart_in_turn(self) -> None:
        """Restart every process of the site gently, one after the other, as for an upgrade."""
        for name, supervised in self.processes.items():
            if name.startswith("web "):
                before = supervised.times_logged("Started worker")
                supervised.send(1)
                until(partial(supervised.has_logged, "Started worker", before + 1), 120)
                until(Web(self.web_ports[int(name[-1]) - 1]).answers)
            elif name not in {"nginx", "PgBouncer"}:
                supervised.restart()
            time.sleep(0.5)

    def stop(self) -> None:
        for supervised in reversed([*self.processes.values()]):
            supervised.end()


@contextmanager
def running_machines(folder: Path) -> Iterator[Machines]:
    with ExitStack() as stack:
        pair = Pair(folder)
        stack.callback(pair.end)
        pair.start()
        valkeys = Valkeys(folder / "valkeys")
        stack.callback(valkeys.stop)
        valkeys.start()
        rabbits = stack.enter_context(running_rabbits(folder))
        sink = stack.enter_context(SmtpSink())
        until(valkeys.is_ready)
        machines = Machines(folder, pair, rabbits, valkeys, sink)
        stack.callback(machines.stop)
        machines.prepare()
        machines.start()
        yield machines
