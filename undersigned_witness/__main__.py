"""The command `undersigned-witness`: make a witness, trust a log, serve."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from undersigned_witness.notes import Key, Malformed, is_name
from undersigned_witness.server import Server
from undersigned_witness.storage import NotSetUp, Storage

FOLDER = "WITNESS_FOLDER"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command. A mistake is one sentence and the status 1."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (NotSetUp, Malformed) as wrong:
        sys.exit(f"undersigned-witness: {wrong}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="undersigned-witness", description="Watches that logs only grow.")
    parser.add_argument(
        "--folder",
        type=Path,
        default=os.environ.get(FOLDER, "witness"),
        help=f"where the witness keeps its keys and what it has seen (also: {FOLDER})",
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    init = commands.add_parser("init", help="make a witness with new keys, and print its public ones")
    init.add_argument("name", help="its name, such as witness.example.org")
    init.set_defaults(run=_init)
    for name, run, does in (("trust", _trust, "watch a log"), ("distrust", _distrust, "stop watching a log")):
        command = commands.add_parser(name, help=does)
        command.add_argument("vkey", help="the log's verifier key")
        command.add_argument("--origin", help="the log's origin, if it is not the name in its key")
        command.set_defaults(run=run)
    show = commands.add_parser("show", help="print public keys, logs, and what was refused")
    show.set_defaults(run=_show)
    serve = commands.add_parser("serve", help="answer over HTTP")
    serve.add_argument("--listen", default="127.0.0.1:7380", help="host:port (default: %(default)s)")
    serve.set_defaults(run=_serve)
    return parser


def _init(options: argparse.Namespace) -> None:
    if not is_name(options.name):
        raise Malformed("a name has no spaces and no plus sign, and at most 255 characters")
    _print_keys(Storage.create(options.folder, options.name))


def _trust(options: argparse.Namespace) -> None:
    key = Key.parse(options.vkey)
    origin = options.origin or key.name
    Storage(options.folder).trust(origin, key)
    _say(f"Watching {origin} from now on.")


def _distrust(options: argparse.Namespace) -> None:
    key = Key.parse(options.vkey)
    origin = options.origin or key.name
    was = Storage(options.folder).distrust(origin, key)
    _say(f"Trusting this key of {origin} no longer." if was else f"This key was not trusted for {origin}.")


def _show(options: argparse.Namespace) -> None:
    storage = Storage(options.folder)
    _print_keys(storage)
    for origin, seen in storage.logs():
        _say(f"{origin}: " + (f"{seen.size} entries on {_time(seen.at)}" if seen else "nothing seen yet"))
    for origin, note, at in storage.evidence():
        _say(
            f"\nREFUSED: {origin} signed this, without a proof that it continues what was seen ({_time(at)}):\n\n{note}"
        )


def _serve(options: argparse.Namespace) -> None:
    host, _, port = options.listen.rpartition(":")
    if not port.isdecimal():
        raise Malformed("--listen has the form host:port")
    storage = Storage(options.folder)
    name = storage.cosigner().name
    storage.close()
    server = Server((host, int(port)), options.folder)
    # systemd ends it so. What was promised is on the disk already.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _say(f"{name} listens on http://{host}:{server.server_port}/")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def _print_keys(storage: Storage) -> None:
    for key in storage.cosigner().keys:
        _say(str(key))


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
