"""Django's check, and everything around the site.

Django finds this command before its own. With an option of Django's, for example --deploy, it does what Django's does.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.check import Command as Check

from petition.checkup import home_page, machine, public, sending, servers, signed_logs, witnesses
from petition.checkup.findings import Finding, Look, Verdict, all_findings, fine, look, wrong


class Command(Check):
    help = "Say what is wrong with the settings and everything around the site, and what to do."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--email", metavar="ADDRESS", help="Send an email there.")
        parser.add_argument(
            "--url",
            nargs="?",
            const=settings.SITE_URL,
            help="Ask the site as readers do, at SITE_URL or another address.",
        )
        parser.add_argument("--dkim-selector", default="", help="The name of the key with which emails are signed.")

    def handle(self, *app_labels: Any, **options: Any) -> None:
        if app_labels or options["tags"] or options["list_tags"] or options["deploy"] or options["databases"]:
            return super().handle(*app_labels, **options)
        problems = 0
        for finding in all_findings(_looks(options)):
            self.stdout.write(str(finding))
            problems += finding.verdict is Verdict.WRONG
        if problems:
            raise CommandError("1 problem." if problems == 1 else f"{problems} problems.")
        return None


def _looks(options: dict[str, Any]) -> Iterator[Look]:
    yield settings_of_the_site
    yield machine.settings_file
    yield machine.folders
    yield machine.static_files
    yield machine.fonts
    yield servers.database
    yield signed_logs.signed_logs
    yield servers.valkey
    yield servers.broker
    yield servers.mail_server
    yield _named(partial(sending.sending_domain, selector=options.get("dkim_selector") or ""), "sending domain")
    yield public.host_names
    yield home_page.home_page
    yield witnesses.witnesses_of_the_site
    if options.get("url"):
        yield _named(partial(public.public_site, options["url"]), "public site")
    if options.get("email"):
        yield _named(partial(sending.test_email, options["email"]), "test email")


def settings_of_the_site() -> Iterator[Finding]:
    """Do what Django's command does with --deploy."""
    messages = checks.run_checks(include_deployment_checks=not settings.LAPTOP)
    told = [message for message in messages if not message.is_silenced()]
    for message in told:
        text, hint = f"{message.msg}", f"{message.hint or ''} ({message.id})".strip()
        yield wrong(text, hint) if message.is_serious() else look(text, hint)
    if not told:
        yield fine("The settings are safe.")


def _named(act: "partial[Iterator[Finding]]", name: str) -> Look:
    act.__name__ = name  # type: ignore[attr-defined] # for the sentence that says which check failed
    return act
