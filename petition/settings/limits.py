"""Rules and limits of signing and of accounts, and the size of requests."""

from petition import environment

# How long a confirmation link is valid. Then an unconfirmed signature is deleted.
CONFIRMATION_DAYS = environment.whole("CONFIRMATION_DAYS", 14, least=1, most=365)

# Hours after signing at which unconfirmed signers get a reminder.
REMINDER_HOURS = environment.wholes("REMINDER_HOURS", "24,72", least=1, most=8760)

# How many signatures that the public sees without a name are numbered and counted together (a batch), and the hour of
# the letter's day at which those that wait are, however few. Privacy: with 1, nobody waits, and a person with a mail
# log can see whose entry appears. That is for tests.
BATCH_SIZE = environment.whole("BATCH_SIZE", 10, least=1, most=100)
BATCH_HOUR = environment.whole("BATCH_HOUR", 18, most=23)

# How many months after a letter ended the addresses of its signers, and everything else that readers do not see, are
# deleted; and the longest that organizers can choose.
KEEP_ADDRESSES_MONTHS_MOST = environment.whole("KEEP_ADDRESSES_MONTHS_MOST", 24, least=1, most=120)
KEEP_ADDRESSES_MONTHS = environment.whole(
    "KEEP_ADDRESSES_MONTHS", min(6, KEEP_ADDRESSES_MONTHS_MOST), least=1, most=KEEP_ADDRESSES_MONTHS_MOST
)
KEEP_DATA_MONTHS_MOST = environment.whole("KEEP_DATA_MONTHS_MOST", 120, least=KEEP_ADDRESSES_MONTHS_MOST, most=240)
KEEP_DATA_MONTHS = environment.whole(
    "KEEP_DATA_MONTHS", min(36, KEEP_DATA_MONTHS_MOST), least=KEEP_ADDRESSES_MONTHS, most=KEEP_DATA_MONTHS_MOST
)

# Limits of signing. Only accepted signatures count, and counts are deleted within a day.

# Soft: above this limit each signing needs a proof of work, which takes a browser a second or two. A household or an
# office never reaches it. A lecture hall does, and people there can still sign.
LIMIT_NETWORK_SOFT = environment.rate("LIMIT_NETWORK_SOFT", "60/hour")
# Hard: a network is an IPv4 /24 or an IPv6 /48, which may be a whole university or part of a mobile provider. A
# thousand people behind one address can sign within an hour, with room for two thousand more.
LIMIT_NETWORK_HARD = environment.rate("LIMIT_NETWORK_HARD", "3000/hour")
# One address from one network, over all letters. It gets at most three emails a day in any case; this protects the
# database. It is high, because neighbours who type someone's address can use it up.
LIMIT_ADDRESS = environment.rate("LIMIT_ADDRESS", "100/hour")
# Soft, for one letter from all networks: this does not noticeably slow down a popular letter, but does slow down a
# botnet.
LIMIT_LETTER_SOFT = environment.rate("LIMIT_LETTER_SOFT", "600/minute")
# Signatures of one letter from one domain, except private providers: the owner of a domain has as many addresses as
# they like. Signatures beyond the limit are held for a moderator.
LIMIT_DOMAIN = environment.rate("LIMIT_DOMAIN", "100/day")
# Beyond that number, over all letters, emails caused by a form are sent to such a domain no faster than this.
MAIL_DOMAIN_PACE = environment.rate("MAIL_DOMAIN_PACE", "20/minute")
# Signatures from one network without the required proof. Each costs a
# moderator time, and its email cost the sender nothing.
LIMIT_UNPROVEN = environment.rate("LIMIT_UNPROVEN", "60/hour")
# Confirmations of one address for one letter. Confirming and withdrawing
# repeatedly leaves a withdrawn signature each time.
LIMIT_CONFIRMATIONS = environment.rate("LIMIT_CONFIRMATIONS", "3/day")
# Repeated emails and lost links that one network requests.
LIMIT_REQUESTS = environment.rate("LIMIT_REQUESTS", "300/hour")
# Reports about letters and signatures from one network.
LIMIT_REPORTS = environment.rate("LIMIT_REPORTS", "30/hour")
# Tries of confirmation codes from one network. A network that may sign this often may also type a code each time.
LIMIT_CODES = environment.rate("LIMIT_CODES", "3000/hour")
# Whole public lists that one network downloads. A large one may be a hundred megabytes.
LIMIT_DOWNLOADS = environment.rate("LIMIT_DOWNLOADS", "300/hour")
# Requests of one personal token.
LIMIT_PERSONAL_TOKENS = environment.rate("LIMIT_PERSONAL_TOKENS", "1000/hour")
# Searches of public lists from one network. An office or a university may be one network.
LIMIT_SEARCHES = environment.rate("LIMIT_SEARCHES", "1000/hour")

# The number of signatures of a letter that one moderator decides about in bulk within a day. Above it, a second person
# must approve.
BULK_DECISION_ALONE = environment.whole("BULK_DECISION_ALONE", 500, least=0, most=20_000)

# Picture uploads of one account, and of one network over all accounts. Each costs seconds of processor time, even if it
# is refused. The limit is twice what an account may store in a day.
LIMIT_PICTURES = environment.rate("LIMIT_PICTURES", "120/hour")
LIMIT_PICTURES_NETWORK = environment.rate("LIMIT_PICTURES_NETWORK", "600/hour")

# Limits of accounts. A browser that has signed in before is counted separately, with LIMIT_GUESSES and
# LIMIT_ACCOUNT_MAIL, so that strangers cannot use up its attempts.

# Wrong passwords for one address from one network, for all addresses from one network, and for one address from all
# networks.
LIMIT_GUESSES = environment.rate("LIMIT_GUESSES", "5/5 minutes")
LIMIT_GUESSES_NETWORK = environment.rate("LIMIT_GUESSES_NETWORK", "30/minute")
LIMIT_GUESSES_ANYWHERE = environment.rate("LIMIT_GUESSES_ANYWHERE", "100/hour")
# Wrong app codes, recovery codes and passkeys for one account from all networks. From one network, and in a browser
# that signed in before, LIMIT_GUESSES applies.
LIMIT_SECOND_FACTORS_ANYWHERE = environment.rate("LIMIT_SECOND_FACTORS_ANYWHERE", "30/hour")
# Emails with codes to one address that one network requests, and that all networks request together.
LIMIT_ACCOUNT_MAIL = environment.rate("LIMIT_ACCOUNT_MAIL", "5/hour")
LIMIT_ACCOUNT_MAIL_ANYWHERE = environment.rate("LIMIT_ACCOUNT_MAIL_ANYWHERE", "20/hour")
# Notices to an account about its own changes, such as a new password. Beyond this, it cannot be changed for a while.
LIMIT_ACCOUNT_NOTICES = environment.rate("LIMIT_ACCOUNT_NOTICES", "30/hour")
# Emails to any address. Above the soft limit each needs a proof of work; the hard limit refuses.
LIMIT_ACCOUNT_NETWORK_SOFT = environment.rate("LIMIT_ACCOUNT_NETWORK_SOFT", "10/hour")
LIMIT_ACCOUNT_NETWORK_HARD = environment.rate("LIMIT_ACCOUNT_NETWORK_HARD", "60/hour")
# Emails of the whole site. Organizers in a browser that signed in before still get theirs. Above the soft limit each
# email needs a proof of work, and no network gets more than its share, so that some are left for networks that use few.
LIMIT_ACCOUNT_SITE_SOFT = environment.rate("LIMIT_ACCOUNT_SITE_SOFT", "300/hour")
LIMIT_ACCOUNT_NETWORK_SHARE = environment.rate("LIMIT_ACCOUNT_NETWORK_SHARE", "3/hour")
LIMIT_ACCOUNT_SITE = environment.rate("LIMIT_ACCOUNT_SITE", "600/hour")
# The maximum number of attempts for a proof, each a PBKDF2 with 1,000 rounds. The average is half of it.
PROOF_TRIES = environment.whole("PROOF_TRIES", 2000, least=1, most=100_000)

# Requests. No form is larger than this (in bytes). Larger bodies are refused before they are read.

LARGEST_BODY = 256 * 1024
# Larger for addresses under /organize/ with these endings, where lists and files are uploaded: a picture of 10 MB and
# its form.
LARGER_BODIES = {"/first-signers/": 3 * 1024 * 1024, "/pictures/": 10 * 1024 * 1024 + 64 * 1024}
# Django's own limit applies to all addresses, and does not count files.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(LARGEST_BODY, LARGER_BODIES["/first-signers/"])
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
