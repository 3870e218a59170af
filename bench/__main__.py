"""Measure the site and its limits in turns, and print the results: `python -m bench`. See README.md."""

import argparse
import gc
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import chain, repeat
from pathlib import Path

from bench import bulk, emails
from bench import site as browsers
from bench.exports import measure_exports
from bench.load import Volley
from bench.memory import measure_memory
from bench.paper import set_on_paper
from bench.report import NAMES, SLOW_EMAIL, Report, Shoot, in_turns, percent, whole
from bench.scoring import measure_scoring
from bench.site import SAMPLE, Site, running_site
from bench.tiles import compare_files
from petition.embedded import CannotStart, interruption

SIZES = [1, 1_000, 100_000]
ROWS = [100_000]
LARGE = 1_000_000
# The largest petition that we know.
LARGEST = 6_100_000
FILES = {"limit": "limit: reading", "public": "public CSV", "csv": "organizers' CSV", "xlsx": "organizers' XLSX"}
NAMES_ON_PAPER = [10_000, 100_000]
# Targets in seconds, by number of names in the PDF.
PAPER_AIMS = {10_000: 60}
# Sizes of letters, and targets for the largest: milliseconds and statements of one page.
QUEUES = [1_000, 1_000_000]
QUEUE_AIMS = (150, 12)
# Target in milliseconds of processor time.
SCORING_AIM = 0.3
# Target in signatures a second, with the ledger.
SEQUENCING_AIM = 5_000


# The kinds of load


def page_limit(site: Site) -> Shoot:
    return lambda seconds: site.fire_at_limit(browsers.get("/page"), seconds=seconds)


def insert_limit(site: Site) -> Shoot:
    """Insert as many bytes as a signing does, so that both cost the generator and the server the same."""
    request = browsers.post("/insert", browsers.FORM)
    return lambda seconds: site.fire_at_limit(request, seconds=seconds)


def page(site: Site, path: str) -> Shoot:
    return lambda seconds: site.fire(repeat(browsers.get(path)), expect=200, seconds=seconds)


def signing(site: Site, slug: str) -> Shoot:
    def shoot(seconds: float) -> Volley:
        before = site.signatures(slug, "pending")
        volley = site.fire(browsers.signings(slug), expect=303, seconds=seconds)
        return _compared(volley, site.signatures(slug, "pending") - before)

    return shoot


def confirming(site: Site, slug: str) -> Shoot:
    """Confirm the signatures that were just created, until time is up or none is left."""

    def shoot(seconds: float) -> Volley:
        before = site.signatures(slug, "confirmed")
        requests = browsers.confirmations(browsers.waiting(site, slug))
        if not requests:
            return Volley(failures=Counter(["nobody has signed who could confirm"]))
        volley = site.fire(iter(requests), expect=303, seconds=seconds)
        return _compared(volley, site.signatures(slug, "confirmed") - before)

    return shoot


def signing_while_mail_is_sent(site: Site, *, delay: float) -> Shoot:
    """Sign while the worker always has something to send, to a server with this delay for each email."""
    sign = signing(site, SAMPLE)

    def shoot(seconds: float) -> Volley:
        emails.ask_sink(site, delay=delay)
        return sign(seconds)

    return shoot


def _compared(volley: Volley, written: int) -> Volley:
    """Count answers only if what they confirm has been written."""
    if written != volley.taken:
        volley.failures[f"{volley.taken} answered, {written} in the database"] += 1
    return volley


def measure(site: Site, options: argparse.Namespace) -> Report:
    report = Report()
    machine = (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL {site.value('SHOW server_version')}"
    )
    fsync = site.value("SHOW fsync")
    report.figures["machine"] = {"described": machine, "fsync": fsync}
    report.lines += [
        "Undersigned beside its limits, on this machine",
        f"{machine}, fsync {fsync}; medians of {options.rounds} rounds of {options.seconds:g} s, in turns",
    ]
    if COMPARED & {*options.only}:
        heading = f"{'per second':>11}{'limit':>9}{'share':>8}{'CPU ms':>11}{'limit':>9}{'share':>8}"
        report.lines += ["", " " * NAMES + heading]
    for name, section in SECTIONS.items():
        if name in options.only:
            section(site, report, options)
    return report


def reading(site: Site, report: Report, options: argparse.Namespace) -> None:
    say("Reading …")
    shoots = {"limit": page_limit(site), "letter page": page(site, f"/letters/{SAMPLE}/")}
    series = in_turns(shoots, rounds=options.rounds, seconds=options.seconds)
    report.compare("letter page", series["letter page"], series["limit"])
    report.note("limit: a page of 10 kB", series["limit"])


def signing_and_confirming(site: Site, report: Report, options: argparse.Namespace) -> None:
    say("Signing and confirming …")
    shoots = {"limit": insert_limit(site), "signing": signing(site, SAMPLE), "confirming": confirming(site, SAMPLE)}
    series = in_turns(shoots, rounds=options.rounds, seconds=options.seconds)
    report.compare("signing", series["signing"], series["limit"])
    report.compare("confirming", series["confirming"], series["limit"])
    report.note("limit: one INSERT", series["limit"])


def mailing(site: Site, report: Report, options: argparse.Namespace) -> None:
    with emails.running_worker(site):
        for name, delay in [("emails", 0.0), ("emails, server takes 10 ms", 0.01)]:
            say(f"{name[:1].upper()}{name[1:]} …")
            shoots: dict[str, Shoot] = {
                "limit": emails.Smtplib(site, delay=delay),
                "worker": emails.MailWorker(site, delay=delay),
            }
            series = in_turns(shoots, rounds=options.rounds, seconds=options.seconds)
            report.compare(name, series["worker"], series["limit"])
            report.note(f"limit: {name}", series["limit"])
        say("Signing while emails are sent …")
        shoots = {
            "fast": signing_while_mail_is_sent(site, delay=0.0),
            "slow": signing_while_mail_is_sent(site, delay=2.0),
        }
        series = in_turns(shoots, rounds=options.rounds, seconds=options.seconds)
        report.compare(SLOW_EMAIL, series["slow"], series["fast"])
        report.note("limit: signing, fast mail server", series["fast"])


def mailing_in_bulk(site: Site, report: Report, options: argparse.Namespace) -> None:
    """Send updates to all signers who agreed."""
    say("Bulk mail …")
    with bulk.running_bulk_worker(site):
        shoots: dict[str, Shoot] = {
            "limit": emails.Smtplib(site, bulk.BULK, delay=0.0),
            "worker": emails.MailWorker(site, bulk.BULK, delay=0.0),
        }
        series = in_turns(shoots, rounds=options.rounds, seconds=options.seconds)
    report.compare("bulk email", series["worker"], series["limit"])
    report.note("limit: bulk email", series["limit"])


def growing(site: Site, report: Report, options: argparse.Namespace) -> None:
    """Repeat this for letters with more and more signatures."""
    sizes = [*SIZES, LARGE] if options.large else SIZES
    columns = []
    for size in sizes:
        say(f"A letter with {size:,} signatures …")
        columns.append(dict(of_size(site, report, size, options.seconds)))
    report.lines.append("")
    report.lines.append(f"{'With so many signatures':<{NAMES}}" + "".join(f"{size:>11,}" for size in sizes))
    report.lines += [f"{name:<{NAMES}}" + "".join(f"{column[name]:>11}" for column in columns) for name in columns[0]]


def of_size(site: Site, report: Report, size: int, seconds: float) -> Iterator[tuple[str, str]]:
    slug = browsers.letter_with(site, size)
    letter, newest = f"/letters/{slug}/", f"/letters/{slug}/signatures/"
    paths = {"letter page": letter, "list, newest page": newest, "list, oldest page": f"{newest}?before=101"}
    series = in_turns({name: page(site, path) for name, path in paths.items()}, rounds=1, seconds=seconds / 2)
    for name in paths:
        report.note(f"{name} with {size} signatures", series[name])
        yield f"{name}, per second", whole(series[name].rate)
    for name, path in paths.items():
        made = browsers.milliseconds_to_make(path)
        report.figures[f"{name} rendered with {size} signatures, ms"] = made
        yield f"{name}, rendered, ms", f"{made:.1f}"
    series = in_turns({"signing": signing(site, slug)}, rounds=1, seconds=seconds)
    report.note(f"signing with {size} signatures", series["signing"])
    yield "signing, CPU ms", f"{series['signing'].cpu_milliseconds:.2f}"


def statements(site: Site, report: Report, options: argparse.Namespace) -> None:
    say("Statements …")
    sent = browsers.statements_sent(site)
    report.figures["statements"] = sent
    report.lines += ["", "Statements sent to the database (BEGIN and COMMIT count)"]
    report.lines += [f"{name:<{NAMES}}{many:>11}" for name, many in sent.items()]


def exporting(site: Site, report: Report, options: argparse.Namespace) -> None:
    """Write all signatures of a letter to files, each in its own process, beside reading the rows alone."""
    heads = f"{'rows/s':>11}{'share':>8}{'seconds':>9}{'peak MB':>9}{'growth':>8}{'file MB':>9}"
    report.lines += ["", f"{'Signatures as files':<{NAMES}}{heads}"]
    for many in [*ROWS, LARGE] if options.large else ROWS:
        say(f"Files of {many:,} signatures …")
        limit = 0.0
        for file_format, made in measure_exports(browsers.letter_with(site, many)):
            limit = limit or made.rate
            name = f"{FILES[file_format]} of {many:,}"
            report.figures[name] = asdict(made) | {"percent_of_limit": 100 * made.rate / limit}
            report.lines.append(
                f"{name:<{NAMES}}{made.rate:>11,.0f}{percent(100 * made.rate / limit):>8}{made.seconds:>9.1f}"
                f"{made.peak_megabytes:>9.0f}{made.growth_megabytes:>8.0f}{made.file_megabytes:>9.1f}"
            )
            if made.rows != many:
                report.failures.append(f"{name}: {made.rows:,} rows")


def on_paper(site: Site, report: Report, options: argparse.Namespace) -> None:
    """Write the PDF of a letter with its signatories, each in its own process."""
    report.lines += ["", f"{'Letter and names on paper':<{NAMES}}{'seconds':>11}{'peak MB':>9}{'pages':>8}"]
    for many in NAMES_ON_PAPER:
        say(f"A PDF with {many:,} names …")
        name, made = f"PDF with {many:,} names", set_on_paper(many)
        report.figures[name] = asdict(made)
        aim = f"   aim {PAPER_AIMS[many]} s" if many in PAPER_AIMS else ""
        report.lines.append(f"{name:<{NAMES}}{made.seconds:>11.1f}{made.megabytes:>9}{made.pages:>8,}{aim}")


def scoring(site: Site, report: Report, options: argparse.Namespace) -> None:
    say("Scoring …")
    made = measure_scoring()
    report.figures["scoring"] = asdict(made)
    report.lines += ["", f"{'Scoring a signature, CPU ms':<{NAMES}}{made.milliseconds:>11.3f}   aim {SCORING_AIM}"]
    report.lines += [f"{'cleaning its words, CPU ms':<{NAMES}}{made.cleaning:>11.3f}"]


def moderating(site: Site, report: Report, options: argparse.Namespace) -> None:
    """Open the review queue while few and while many signatures wait, and score signatures as they are numbered."""
    # Models can be imported only after Django is set up.
    from bench.live_scoring import measure_live  # noqa: PLC0415
    from bench.moderating import fill_queue, measure_queue  # noqa: PLC0415

    report.lines += ["", f"{'The review queue':<{NAMES}}{'ms':>11}{'statements':>13}"]
    for many in QUEUES:
        say(f"A review queue with {many // 10:,} of {many:,} signatures …")
        fill_queue(many)
        page = measure_queue()
        name = f"{many // 10:,} of {many:,} wait"
        report.figures[f"review queue, {name}"] = asdict(page)
        aim = f"   aim {QUEUE_AIMS[0]} ms, {QUEUE_AIMS[1]} statements" if many == max(QUEUES) else ""
        report.lines.append(f"{name:<{NAMES}}{page.milliseconds:>11.1f}{page.statements:>13}{aim}")
    say("Scoring while numbering …")
    live = measure_live(SAMPLE)
    report.figures["scoring while numbering"] = asdict(live)
    report.lines += ["", f"{'Numbering a signature, CPU ms':<{NAMES}}{live.without:>11.3f}"]
    report.lines += [f"{'scoring adds':<{NAMES}}{live.scored - live.without:>11.3f}   aim {SCORING_AIM}"]


def sequencing(site: Site, report: Report, options: argparse.Namespace) -> None:
    """Number signatures with and without the ledger."""
    # Models can be imported only after Django is set up.
    from bench.sequencing import measure_sequencing  # noqa: PLC0415

    say("Numbering with and without the ledger …")
    made = measure_sequencing()
    report.figures["sequencing"] = asdict(made)
    report.lines += [
        "",
        f"{'Numbering, signatures a second':<{NAMES}}{made.with_ledger:>11,.0f}   aim {SEQUENCING_AIM:,}",
    ]
    report.lines += [f"{'without the ledger':<{NAMES}}{made.without:>11,.0f}"]


def sizes(site: Site, report: Report, options: argparse.Namespace) -> None:
    """Fill letters with millions of signatures, and compare them with the limits and with an empty letter."""
    # Models can be imported only after Django is set up.
    from bench.sizes import costs, costs_of_processes, filled_letter  # noqa: PLC0415

    empty = browsers.letter_with(site, 0)
    for many in [LARGE, LARGEST] if options.large else [LARGE]:
        say(f"Filling a letter with {many:,} signatures …")
        slug = filled_letter(site, many)
        shoots = {
            "limit": page_limit(site),
            "empty": page(site, f"/letters/{empty}/"),
            "letter": page(site, f"/letters/{slug}/"),
            "count": page(site, f"/letters/{slug}/count/"),
        }
        series = in_turns(shoots, rounds=options.rounds, seconds=options.seconds)
        report.lines += ["", f"{f'With {many:,} signatures':<{NAMES}}{'share':>11}{'CPU share':>11}"]
        for what, own, limit, aim in [
            ("letter page, of the limit", "letter", "limit", 80),
            ("letter page, of an empty letter's", "letter", "empty", 95),
            ("count as JSON, of the limit", "count", "limit", 90),
        ]:
            share, cpu_share = series[own].share_of(series[limit]), series[own].cpu_share_of(series[limit])
            report.note(f"{what}, {many} signatures", series[own], share)
            report.lines.append(f"{what:<{NAMES}}{percent(share):>11}{percent(cpu_share):>11}   aim {aim} %")
        report.lines += ["", " " * NAMES + f"{'':>11}{'CPU ms':>11}"]
        for cost in chain(costs(site, slug), costs_of_processes(site, slug)):
            say(f"{cost.name} …")
            report.figures[f"{cost.name}, {many} signatures"] = asdict(cost)
            cpu = "" if cost.cpu is None else f"{cost.cpu:,.1f}"
            report.lines.append(f"{cost.name:<{NAMES}}{cost.value:>11,.1f}{cpu:>11}   aim {cost.aim:,g} {cost.unit}")


Section = Callable[[Site, Report, argparse.Namespace], None]


# The names for --only, in the order of the report.
def memory(site: Site, report: Report, options: argparse.Namespace) -> None:
    say("Memory, at rest …")
    found = measure_memory(site)
    names = [*found["at rest"]]
    report.figures["memory"] = found
    report.lines += ["", f"{'Memory of a small site, MB':<{NAMES}}" + "".join(f"{moment:>13}" for moment in found)]
    report.lines += [f"{name:<{NAMES}}" + "".join(f"{by[name]:>13.0f}" for by in found.values()) for name in names]
    both = [by["web server"] + by["worker"] for by in found.values()]
    report.lines.append(
        f"{'web server and worker':<{NAMES}}" + "".join(f"{each:>13.0f}" for each in both) + "   aim 400"
    )


SECTIONS: dict[str, Section] = {
    "reading": reading,
    "signing": signing_and_confirming,
    "logs": compare_files,
    "emails": mailing,
    "bulk": mailing_in_bulk,
    "growing": growing,
    "statements": statements,
    "exports": exporting,
    "paper": on_paper,
    "scoring": scoring,
    "moderating": moderating,
    "sequencing": sequencing,
    "sizes": sizes,
    "memory": memory,
}
# Sections with lines in the table of limits at the top.
COMPARED = {"reading", "signing", "logs", "emails", "bulk"}


def sections(text: str) -> list[str]:
    """Parse the argument of --only."""
    names = text.split(",")
    if unknown := [name for name in names if name not in SECTIONS]:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    return names


def say(text: str) -> None:
    """Print progress, separately from the table."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="How fast it is, beside its limits here.")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison (5)")
    parser.add_argument("--seconds", type=float, default=2.5, help="seconds of each volley (2.5)")
    parser.add_argument("--large", action="store_true", help="also a letter with 1,000,000 signatures (minutes more)")
    parser.add_argument(
        "--only", type=sections, default=[*SECTIONS], metavar="NAME[,NAME]", help=f"of {', '.join(SECTIONS)}"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure there too")
    options = parser.parse_args()
    interruption.listen()
    # Avoid garbage collection during measurements.
    gc.disable()
    try:
        say("Starting the site …")
        with running_site() as site:
            report = measure(site, options)
    except (CannotStart, RuntimeError) as error:
        say(f"The bench cannot go on: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    print("\n".join(report.lines))
    if report.failures:
        print("\nWent wrong:\n" + "\n".join(f"  {failure}" for failure in report.failures))
    if options.json:
        options.json.write_text(json.dumps({**report.figures, "failures": report.failures}, indent=2) + "\n")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
