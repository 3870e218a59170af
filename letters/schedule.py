"""The periodic tasks, for Celery Beat. tasks.py keeps their names stable.

Sweeps find work that no wake-up announced: after a broker outage, a killed worker, or the end of a pause. A sweep
expires if it has not started before the next one is due, so that sweeps do not pile up behind a busy worker.
"""

from celery.schedules import crontab

SWEEP_SECONDS = 5.0
# The log of the site grows at most once a minute.
WITNESS_SECONDS = 30.0

SCHEDULE = {
    "send outgoing emails": {
        "task": "letters.deliver",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "confirmations", "expires": SWEEP_SECONDS},
    },
    "send bulk emails": {
        "task": "letters.deliver_bulk",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "bulk", "expires": SWEEP_SECONDS},
    },
    "carry out bulk decisions": {
        "task": "letters.decide_in_bulk",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "bulk", "expires": SWEEP_SECONDS},
    },
    "create the emails of updates": {
        "task": "letters.spread_update",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "bulk", "expires": SWEEP_SECONDS},
    },
    "number confirmed signatures": {
        "task": "letters.sweep_letters",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "publishing", "expires": SWEEP_SECONDS},
    },
    "sign the logs": {
        "task": "letters.sign_logs",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "publishing", "expires": SWEEP_SECONDS},
    },
    "make requested exports": {
        "task": "letters.export",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "exports", "expires": SWEEP_SECONDS},
    },
    "send the messages of webhooks": {
        "task": "letters.send_webhooks",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "webhooks", "expires": SWEEP_SECONDS},
    },
    "delete old messages of webhooks": {
        "task": "letters.tidy_webhooks",
        "schedule": crontab(minute=37),
        "options": {"queue": "webhooks", "expires": 3600},
    },
    "offer the log of the site to witnesses": {
        "task": "letters.offer_to_witnesses",
        "schedule": WITNESS_SECONDS,
        "options": {"queue": "webhooks", "expires": WITNESS_SECONDS},
    },
    "have the log of yesterday stamped": {
        "task": "letters.stamp_yesterday",
        "schedule": crontab(minute=9),
        "options": {"queue": "webhooks", "expires": 3600},
    },
    "delete expired exports": {
        "task": "letters.tidy_exports",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": "exports", "expires": 300},
    },
    "create carry-over questions": {
        "task": "letters.owe_carry_overs",
        "schedule": SWEEP_SECONDS,
        "options": {"queue": "bulk", "expires": SWEEP_SECONDS},
    },
    "publish scheduled letters": {
        "task": "letters.publish_due",
        "schedule": crontab(),
        "options": {"queue": "publishing", "expires": 60},
    },
    "show or delete the names of letters that name nobody yet": {
        "task": "letters.tend_releases",
        "schedule": crontab(),
        "options": {"queue": "publishing", "expires": 60},
    },
    "create emails to organizers and staff": {
        "task": "letters.notify",
        "schedule": crontab(),
        "options": {"queue": "bulk", "expires": 60},
    },
    "end the days of collectives": {
        "task": "letters.end_days",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "bulk", "expires": 600},
    },
    "remind or delete unconfirmed signatures": {
        "task": "letters.tend_unconfirmed",
        "schedule": crontab(minute="*/10"),
        "options": {"queue": "bulk"},
    },
    "encrypt words that only organizers may read": {
        "task": "letters.encrypt_words",
        "schedule": crontab(minute="7-59/10"),
        "options": {"queue": "bulk", "expires": 600},
    },
    "delete unanswered invitations to sign first": {
        "task": "letters.tend_first_signatories",
        "schedule": crontab(minute="4-59/10"),
        "options": {"queue": "bulk"},
    },
    "delete old accounts and sessions": {
        "task": "letters.tidy_accounts",
        "schedule": crontab(minute=41),
        "options": {"queue": "bulk"},
    },
    "delete expired invitations of members": {
        "task": "letters.tend_invitations",
        "schedule": crontab(minute=23),
        "options": {"queue": "bulk"},
    },
    "tell people of suspensions": {
        "task": "letters.tell_suspended",
        "schedule": crontab(),
        "options": {"queue": "bulk", "expires": 60},
    },
    "delete claims of the review queue that have ended": {
        "task": "letters.tidy_claims",
        "schedule": crontab(minute=11),
        "options": {"queue": "bulk"},
    },
    "pass on appeals and answers of signers": {
        "task": "letters.pass_on_appeals",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": "bulk", "expires": 300},
    },
    "forget what readers reported": {
        "task": "letters.forget_reports",
        "schedule": crontab(minute=41),
        "options": {"queue": "bulk"},
    },
    "tell people named what was decided": {
        "task": "letters.settle_name_reports",
        "schedule": crontab(minute="7-59/10"),
        "options": {"queue": "bulk", "expires": 600},
    },
    "delete organisations that nobody confirmed": {
        "task": "letters.tidy_organisations",
        "schedule": crontab(minute=51),
        "options": {"queue": "bulk"},
    },
    "delete traces of signings after a week": {
        "task": "letters.forget_traces",
        "schedule": crontab(minute="13-59/30"),
        "options": {"queue": "bulk"},
    },
    "end proofs of domains that are a year old": {
        "task": "letters.tend_domains",
        "schedule": crontab(minute=53),
        "options": {"queue": "bulk"},
    },
    "delete personal tokens that ended long ago": {
        "task": "letters.tidy_tokens",
        "schedule": crontab(hour=4, minute=57),
        "options": {"queue": "bulk"},
    },
    "delete unused pictures": {
        "task": "letters.tidy_pictures",
        "schedule": crontab(hour=4, minute=7),
        "options": {"queue": "bulk"},
    },
    "delete data about signers": {
        "task": "letters.tend_retention",
        "schedule": crontab(hour=3, minute=47),
        "options": {"queue": "bulk"},
    },
    "empty the bin of drafts": {
        "task": "letters.empty_bin",
        "schedule": crontab(hour=4, minute=27),
        "options": {"queue": "bulk"},
    },
    "watch letters for waves of signatures": {
        "task": "letters.watch_letters",
        "schedule": crontab(),
        "options": {"queue": "publishing", "expires": 60},
    },
    "draw decisions for second opinions": {
        "task": "letters.check_decisions",
        "schedule": crontab(hour=3, minute=37),
        "options": {"queue": "bulk"},
    },
    "renew the public accounts of moderation": {
        "task": "letters.renew_accounts",
        "schedule": crontab(hour=3, minute=47),
        "options": {"queue": "bulk"},
    },
    "renew the public numbers by country and domain": {
        "task": "letters.renew_breakdowns",
        "schedule": crontab(hour=3, minute=57),
        "options": {"queue": "bulk"},
    },
    "make copies of letters": {
        "task": "letters.make_bundles",
        "schedule": crontab(),
        "options": {"queue": "exports", "expires": 60},
    },
    "sign copies of letters": {
        "task": "letters.sign_bundles",
        "schedule": crontab(),
        "options": {"queue": "publishing", "expires": 60},
    },
    "send copies of letters": {
        "task": "letters.push_bundles",
        "schedule": crontab(),
        "options": {"queue": "exports", "expires": 60},
    },
    "look at copies of letters elsewhere": {
        "task": "letters.check_mirrors",
        "schedule": crontab(minute="*/5"),
        "options": {"queue": "webhooks", "expires": 300},
    },
    "recount every letter": {
        "task": "letters.recount",
        "schedule": crontab(hour=3, minute=17),
        "options": {"queue": "bulk"},
    },
}

# Each queue needs a worker. No periodic task sends emails about accounts, so their queue is added here.
QUEUES = sorted({"accounts", *(str(entry["options"]["queue"]) for entry in SCHEDULE.values())})  # type: ignore[index]
