"""The command `undersigned`. `python -m petition` and `manage.py` are the same.

Commands that need no settings, and processes that others replace, do not load Django.
"""

import os
import sys
import textwrap

# What people who run a site need, in that order, with one line each. All other commands are Django's and the app's.
COMMANDS = {
    "init": "Write the environment file of a new site, with its keys.",
    "check": "Say what is wrong with the settings and everything around the site, and what to do.",
    "migrate": "Create or change the tables, also while the site runs.",
    "web": "Run the web server.",
    "worker": "Run the worker for all queues, with the clock; or for some, with --queues.",
    "beat": "Run the clock by itself, beside workers of some queues.",
    "status": "Show whether each part of the site works.",
    "backup": "Back up the database while the site runs, and the keys elsewhere.",
    "verify-backup": "Check that a backup is as it was written.",
    "restore": "Restore a backup into an empty database.",
    "sample": "Publish a sample letter, marked as a sample, on a site without letters.",
}

OTHER_NAMES = {"sample": "load_sample", "verify-backup": "verify_backup"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
    name, words = (sys.argv[1] if len(sys.argv) > 1 else "help"), sys.argv[2:]
    if name == "init":
        from petition.first_steps import init  # noqa: PLC0415 -- each process loads what it needs

        init(words)
    elif name in {"web", "worker", "beat"}:
        from petition import serving  # noqa: PLC0415 -- each process loads what it needs

        getattr(serving, name)(words)
    elif name in {"help", "--help", "-h"} and not words:
        show_help()
    else:
        from django.core.management import execute_from_command_line  # noqa: PLC0415 -- init needs no Django

        execute_from_command_line([sys.argv[0], OTHER_NAMES.get(name, name), *words])


def show_help() -> None:
    """List our commands with one line each, then the names of all others."""
    import django  # noqa: PLC0415 -- init needs no Django
    from django.core.management import get_commands  # noqa: PLC0415 -- init needs no Django

    width = max(map(len, COMMANDS))
    print("undersigned <command> [options]. `undersigned <command> --help` shows the options.\n")
    for name, does in COMMANDS.items():
        print(f"  {name:<{width}}  {does}")
    # A wrong setting ends this here, with its sentence.
    django.setup()
    others = sorted(get_commands().keys() - COMMANDS.keys())
    print("\nOther commands:\n")
    print(textwrap.fill("  ".join(others), 100, initial_indent="  ", subsequent_indent="  "))


if __name__ == "__main__":
    main()
