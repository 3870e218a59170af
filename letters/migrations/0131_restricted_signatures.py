"""Purging signatures takes half as long: see letters/shared/restricting.py. It can run while the site is up."""

from django.db import migrations

from letters.shared.restricting import restricted

TABLES = [
    *["letters_signercontact", "letters_submission", "letters_outgoingemail", "letters_carryoveranswer"],
    *["letters_reviewclaim", "letters_reviewdecision", "letters_doubt", "letters_signingtrace", "letters_bulktarget"],
    *["letters_report", "letters_rejectionappeal", "letters_secondopinion", "letters_namereport"],
    *["letters_signerquestion", "letters_commenthiding", "letters_addressproof", "letters_featuring"],
    *["letters_ledgeropening", "letters_owedentry"],
]


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("letters", "0125_maintenance")]

    operations = [*restricted(*TABLES)]
