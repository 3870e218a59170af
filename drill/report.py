"""The table of a drill."""

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

HEAD = """# When a part fails

`make drill` starts the site as on several machines: two web servers behind nginx with its cache, two workers for each
queue, two clocks, PgBouncer, a PostgreSQL primary with a synchronous standby, three RabbitMQ nodes with quorum queues,
and Valkey with a copy and three Sentinels. {rate:g} people a second sign, and each confirms as soon as their email has
come. Then one part after the other fails.

* **Lost**: signatures that the site acknowledged and for which no email came, and confirmations that it acknowledged
  and that are not public in the end. Must be 0.
* **Twice**: people who got the email to confirm twice: a worker or the mail server ended between "accepted" and our
  note of it.
* **Count fell**: how often a reader, who looks five times a second, saw a smaller number than before. Must be 0.
* **Refused**: requests without the right answer. People tried again, and nothing of what they sent was kept.
* **Longest pause**: the longest time in which nobody could sign.
* **Settled**: the time after the last signature until everything acknowledged was public.

Last run: {at:%-d %B %Y}, {parts}, {cores} processor cores for everything.

| what fails | signed | lost | twice | count fell | refused | longest pause | settled |
|---|---|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Row:
    """What one fault did. Times are in seconds; `settled` is None if it took too long."""

    name: str
    signed: int
    refused: Counter[str]
    without_email: int
    twice: int
    unpublished: int
    falls: int
    pause: float
    settled: float | None

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, and somebody could sign."""
        return (
            not (self.without_email or self.unpublished or self.falls) and self.settled is not None and self.signed > 0
        )

    def __str__(self) -> str:
        lost = self.without_email + self.unpublished
        settled = "no" if self.settled is None else f"{self.settled:.0f} s"
        refused = sum(self.refused.values())
        return (
            f"| {self.name} | {self.signed:,} | {lost} | {self.twice} | {self.falls} | {refused} | "
            f"{self.pause:.1f} s | {settled} |"
        )


def as_markdown(rows: list[Row], *, rate: float, at: datetime, parts: str) -> str:
    head = HEAD.format(rate=rate, at=at, parts=parts, cores=os.cpu_count())
    return head + "\n".join(map(str, rows)) + "\n"
