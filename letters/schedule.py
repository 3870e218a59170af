"""The periodic tasks, for Celery Beat. tasks.py keeps their names stable.

Sweeps find work that no wake-up announced: after a broker outage, a killed worker, or the end of a pause. A sweep
expires if it has not started before the next one is due, so that sweeps do not pile up behind a busy worker.
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
    "make the files that are owed": {
        "task": "letters.export",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "exports", "expires": SWEEP_SECONDS},
    },
    "delete files whose time is over": {
        "task": "letters.tidy_exports",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": "exports", "expires": 300},
    },
    "ask signers about changes": {
        "task": "letters.owe_carry_overs",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "bulk", "expires": SWEEP_SECONDS},
    },
    "publish what is due": {
        "task": "letters.publish_due",
        "schedule": crontab(),
        "options": {"queue": "publishing", "expires": 60},
    },
    "remind and forget the unconfirmed": {
        "task": "letters.tend_unconfirmed",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "bulk"},
    },
    "forget invitations without an answer": {
        "task": "letters.tend_first_signers",
        "schedule": crontab(minute="4-59/10"),
        "options": {"queue": "bulk"},
    },
    "tidy accounts and sessions": {
        "task": "letters.tidy_accounts",
        "schedule": crontab(minute=41),
        "options": {"queue": "bulk"},
    },
    "forget invitations that are over": {
        "task": "letters.tend_invitations",
        "schedule": crontab(minute=23),
        "options": {"queue": "bulk"},
    },
    "delete pictures that nobody sees": {
        "task": "letters.tidy_pictures",
        "schedule": crontab(hour=4, minute=7),
        "options": {"queue": "bulk"},
    },
    "recount every letter": {
        "task": "letters.recount",
        "schedule": crontab(hour=3, minute=17),
        "options": {"queue": "bulk"},
    },
}

# Each queue needs a worker. No periodic task sends emails about accounts, so their queue is added here.
QUEUES = sorted({"accounts", *(str(entry["options"]["queue"]) for entry in SCHEDULE.values())})  # type: ignore[index]
