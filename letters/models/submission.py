from __future__ import annotations

from datetime import datetime

from django.db import connection, models
from django.db.models import Q

from letters.models.display import Display
from letters.models.revision import Revision
from letters.models.said import Consented, Said
from letters.models.signature import Signature
from letters.shared.addresses import SPELLING_HASH_BYTES
from letters.shared.codes import LIFETIME, MAX_TRIES, hash_code, same_code

# What no code has as its hash.
NO_CODE = bytes(32)
CONTENT_HASH_BYTES = 16

# Without waiting for the disk, which may take longer than all the rest of an email. What is noted once the email has
# left does wait, and for this too; if the database dies before that, the email is sent again, with the same code.
EXPECT_CODE = """
WITH at_ease AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
UPDATE letters_submission SET code_hash = %(code)s, code_expires_at = %(until)s,
    -- Another attempt to send the same email gives no more tries.
    code_tries = CASE WHEN code_hash = %(code)s THEN code_tries ELSE 0 END
FROM at_ease WHERE id = %(submission)s
"""
# Race: counted before it is compared, so that fifty tries at once are five tries.
# Timing defence: the message, which nobody reads, makes the database wait for the disk also where there is no code to
# try. Otherwise a refusal that comes sooner would tell so.
TRY_CODE = """
WITH always AS MATERIALIZED (SELECT pg_logical_emit_message(true, 'undersigned', '')),
tried AS (
    UPDATE letters_submission SET code_tries = code_tries + 1
    WHERE id = %(submission)s AND code_tries < %(most)s AND code_expires_at > %(now)s
    RETURNING code_hash
)
SELECT code_hash FROM always LEFT JOIN tried ON true
"""


class Submission(Said, Consented):
    """What somebody typed into the signing form with the address of a signature, until one of these is confirmed.

    Each has its own email, link and code, so that what its owner confirms is what that person typed and saw.
    """

    # No index of its own: the unique one below begins with it.
    signature = models.ForeignKey(Signature, on_delete=models.CASCADE, related_name="submissions", db_index=False)
    # The text that was before the signer's eyes. No constraint in the database: it would be checked at each signing,
    # and a published text is never deleted.
    revision = models.ForeignKey(
        Revision, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    language = models.CharField(max_length=12)
    domain = models.CharField(max_length=253, blank=True)
    concern = models.CharField(max_length=10, blank=True)
    via = models.CharField(max_length=100, blank=True)
    submitted_at = models.DateTimeField()
    # Of all that was typed: sending the same form twice makes one submission.
    content_hash = models.BinaryField(max_length=CONTENT_HASH_BYTES)
    # As it was typed, encrypted: the emails about this submission go to no other spelling. Once the signature is
    # confirmed it is deleted with the last of them.
    address = models.BinaryField(null=True, blank=True)
    # As in a signature.
    spelling_hash = models.BinaryField(max_length=SPELLING_HASH_BYTES, null=True, blank=True)

    # HMAC of the code in the newest email (letters/shared/codes.py), how long it is good, and tries so far.
    code_hash = models.BinaryField(max_length=32, null=True, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["signature", "content_hash"], name="submission_once"),
            models.CheckConstraint(condition=Q(display__in=Display.values), name="submission_display_known"),
            models.CheckConstraint(
                condition=~Q(display="nobody") | Q(name="", affiliation="", role="", comment="", consent=""),
                name="submission_of_nobody_holds_no_name",
            ),
            models.CheckConstraint(
                condition=Q(consent="", consented_at__isnull=True) | (~Q(consent="") & Q(consented_at__isnull=False)),
                name="submission_consent_says_when",
            ),
        ]
        indexes = [
            # What has waited for so long that a reminder is due.
            models.Index("submitted_at", name="submission_to_remind"),
        ]

    def __str__(self) -> str:
        return f"Submission {self.pk}"

    def expect_code(self, code: str, *, now: datetime) -> bool:
        """The code of the email that is about to leave. The one before it is worth nothing from now on.

        Whether the submission was still there.
        """
        with connection.cursor() as cursor:
            code_hash = hash_code(code, submission_id=self.pk)
            cursor.execute(EXPECT_CODE, {"code": code_hash, "until": now + LIFETIME, "submission": self.pk})
            return bool(cursor.rowcount > 0)

    def accepts_code(self, code: str, *, now: datetime) -> bool:
        """Whether it is the newest code, in time. Each try counts, the right one too.

        Timing defence: to be asked also where there is no submission any more. It takes as long.
        """
        with connection.cursor() as cursor:
            cursor.execute(TRY_CODE, {"submission": self.pk, "most": MAX_TRIES, "now": now})
            (expected,) = cursor.fetchone()
        is_same = same_code(code, expected or NO_CODE, submission_id=self.pk or 0)
        return expected is not None and is_same
