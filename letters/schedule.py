"""What the clock starts, and how often. Beat reads it; names of tasks are the stable ones of tasks.py.

The sweeps find what nobody was woken for: after a broker that was away, a worker that was killed, a pause that is over.
A sweep that was not taken up before the next one is due is dropped, so none pile up behind a busy worker.
"""

from celery.schedules import crontab

SWEEP_SECONDS = 5.0

SCHEDULE = {
    "deliver what is owed": {
        "task": "letters.deliver",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "confirmations", "expires": SWEEP_SECONDS},
    },
    "deliver what could wait": {
        "task": "letters.deliver_bulk",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "bulk", "expires": SWEEP_SECONDS},
    },
    "owe updates and count them": {
        "task": "letters.spread_update",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "bulk", "expires": SWEEP_SECONDS},
    },
    "number what is confirmed": {
        "task": "letters.sweep_letters",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "publishing", "expires": SWEEP_SECONDS},
    },
    "remind and forget the unconfirmed": {
        "task": "letters.tend_unconfirmed",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "bulk"},
    },
    "tidy accounts and sessions": {
        "task": "letters.tidy_accounts",
        "schedule": crontab(minute=41),
        "options": {"queue": "bulk"},
    },
    "recount every letter": {
        "task": "letters.recount",
        "schedule": crontab(hour=3, minute=17),
        "options": {"queue": "bulk"},
    },
}
