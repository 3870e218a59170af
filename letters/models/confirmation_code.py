from __future__ import annotations

from datetime import datetime

from django.db import models

from letters.models.submission import Submission
from letters.shared.codes import LIFETIME, MAX_TRIES, hash_code, same_code
from letters.shared.sql import execute, fetch_one

# A hash that no code has.
NO_CODE = bytes(32)

# Performance: this commit does not wait for the disk, which can take longer than everything else about an email. The
# later commit that stores the result of sending waits for both. If the database crashes before that, the email is sent
# again, with the same code.
EXPECT_CODE = """
WITH at_ease AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO letters_confirmationcode AS before (submission_id, code_hash, expires_at, tries)
SELECT id, %(code)s, %(until)s, 0 FROM letters_submission, at_ease WHERE id = %(submission)s AND answered_at IS NULL
ON CONFLICT (submission_id) DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at,
    -- Another attempt to send the same email gives no more tries.
    tries = CASE WHEN before.code_hash = excluded.code_hash THEN before.tries ELSE 0 END
"""
# Race: a try is counted before it is compared, so that fifty simultaneous tries do not get past the limit. Timing
# defence: each try writes the row, and so waits for the disk, whatever the submission, the age of the code or the
# number of tries, and whether or not an email with a code has been sent.
TRY_CODE = """
INSERT INTO letters_confirmationcode AS expected (submission_id, code_hash, expires_at, tries)
VALUES (%(submission)s, %(none)s, %(now)s, 1)
ON CONFLICT (submission_id) DO UPDATE SET tries = least(expected.tries, %(most)s) + 1
RETURNING CASE WHEN tries <= %(most)s AND expires_at > %(now)s THEN code_hash ELSE %(none)s END
"""


class ConfirmationCode(models.Model):
    """The hash of the code in the newest email about a submission, and the number of tries.

    Timing defence: a try must take equally long before and after the owner of the address has confirmed. So codes have
    a table of their own without a foreign key constraint, and outlive the submission.
    """

    submission = models.OneToOneField(
        Submission, on_delete=models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    # HMAC of the code (letters/shared/codes.py).
    code_hash = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField()
    # At most one more than MAX_TRIES. Later tries are not counted.
    tries = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [models.Index("expires_at", name="code_to_forget")]

    def __str__(self) -> str:
        return f"Code of submission {self.pk}"


def expect_code(code: str, *, submission_id: int, now: datetime) -> bool:
    """Store the code of the email that is about to be sent. It replaces the previous code.

    Returns whether the submission still waits for an answer.
    """
    code_hash = hash_code(code, submission_id=submission_id)
    return execute(EXPECT_CODE, {"code": code_hash, "until": now + LIFETIME, "submission": submission_id}) > 0


def accepts_code(code: str, *, submission_id: int, now: datetime) -> bool:
    """Return whether this is the newest code and still valid. Each try counts, even a correct one."""
    values = {"submission": submission_id, "none": NO_CODE, "most": MAX_TRIES, "now": now}
    (expected,) = fetch_one(TRY_CODE, values)
    return same_code(code, expected, submission_id=submission_id)
