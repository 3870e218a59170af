"""What a worker can do. Names are stable and hold no module, so that code can move while messages are queued."""

from collections.abc import Mapping

from celery import shared_task

from letters.base.accounts.tasks import TryLater, send_packed, tidy
from letters.base.outbox.built import Builder
from letters.base.outbox.tasks import deliver_owed
from letters.organizer.collectives.mail import MAILS as COLLECTIVES_MAILS
from letters.organizer.collectives.tasks import tend_invitations
from letters.organizer.dashboard.tasks import compare_tallies, forget_vias
from letters.organizer.exports.tasks import make_exports
from letters.organizer.exports.tasks import tidy_exports as tidy_files
from letters.organizer.first_signatories.mail import MAILS as INVITING_MAILS
from letters.organizer.first_signatories.tasks import tend_first_round
from letters.organizer.letter_editor.tasks import publish_due
from letters.organizer.pictures.tasks import tidy_pictures
from letters.organizer.updates.mail import MAILS as UPDATE_MAILS
from letters.organizer.updates.tasks import carry_on
from letters.public.public_pages.tasks import build_list as build_public_list
from letters.public.public_pages.tasks import recount_letters, sequence, sweep, tidy_lists
from letters.shared import wakeups
from letters.shared.clock import database_now
from letters.signer.carry_over.mail import MAILS as REVISING_MAILS
from letters.signer.carry_over.tasks import owe_questions
from letters.signer.signing.mail import MAILS as SIGNING_MAILS
from letters.signer.signing.tasks import tend_unconfirmed

# What builds each kind of email.
MAILS: Mapping[str, Builder] = {
    **SIGNING_MAILS,
    **COLLECTIVES_MAILS,
    **INVITING_MAILS,
    **REVISING_MAILS,
    **UPDATE_MAILS,
}


@shared_task(name="letters.deliver")
def deliver() -> None:
    """Send the mails that are due and cannot wait."""
    wakeups.awake("letters.deliver")
    deliver_owed(MAILS)


@shared_task(name="letters.deliver_bulk")
def deliver_bulk() -> None:
    """Send the mails that are due and could wait."""
    wakeups.awake("letters.deliver_bulk")
    deliver_owed(MAILS, bulk=True)


@shared_task(name="letters.spread_update")
def spread_update() -> None:
    """Owe every update that is being sent to those who are to get it, and count how its mails stand."""
    wakeups.awake("letters.spread_update")
    carry_on(now=database_now())


@shared_task(name="letters.sequence")
def sequence_letter(letter_id: int) -> None:
    """Number what is confirmed in one letter, and take its count."""
    wakeups.awake("letters.sequence", letter_id)
    sequence(letter_id, now=database_now())


@shared_task(name="letters.sweep_letters")
def sweep_letters() -> None:
    """Do the same for every letter whose count is behind."""
    sweep(now=database_now())


@shared_task(name="letters.owe_carry_overs")
def owe_carry_overs() -> None:
    """Owe a mail to everybody who signed an earlier text and is to be asked about a change."""
    wakeups.awake("letters.owe_carry_overs")
    owe_questions(now=database_now())


@shared_task(name="letters.publish_due")
def publish_letters_due() -> None:
    """Publish the letters whose collectives have said that it is to happen now."""
    publish_due(now=database_now())


@shared_task(name="letters.tend_unconfirmed")
def tend() -> None:
    """Remind those who have not confirmed, and forget those who never did."""
    tend_unconfirmed(now=database_now())


@shared_task(name="letters.tend_invitations")
def tend_invited() -> None:
    """Forget invitations to collectives that are over."""
    tend_invitations(now=database_now())


@shared_task(name="letters.tend_first_signers")
def tend_first_signers() -> None:
    """Forget the invited who have not answered, and lists that nobody confirmed."""
    tend_first_round(now=database_now())


@shared_task(name="letters.recount")
def recount() -> None:
    """Compare every count with the rows it stands for, and report differences."""
    recount_letters()
    compare_tallies()
    forget_vias()


@shared_task(name="letters.export")
def export() -> None:
    """Make the files that organizers have asked for."""
    wakeups.awake("letters.export")
    make_exports()


@shared_task(name="letters.tidy_exports")
def tidy_exports() -> None:
    """Delete the files whose time is over."""
    tidy_files(now=database_now())
    tidy_lists(now=database_now())


@shared_task(name="letters.build_list")
def build_list(letter_id: int) -> None:
    """Write the whole public list of a letter to a file."""
    wakeups.awake("letters.build_list", letter_id)
    build_public_list(letter_id, now=database_now())


# As long as the codes in these mails are good: five tries within ten minutes, then nobody waits for it any more.
@shared_task(
    name="letters.account_mail", autoretry_for=(TryLater,), retry_backoff=20, retry_jitter=False, max_retries=5
)
def account_mail(packed: str) -> None:
    """Send one mail about an account."""
    send_packed(packed)


@shared_task(name="letters.tidy_accounts")
def tidy_accounts() -> None:
    """Forget sessions that are over, and accounts that were never confirmed."""
    tidy(now=database_now())


@shared_task(name="letters.tidy_pictures")
def tidy_unused_pictures() -> None:
    """Delete pictures that no text shows."""
    tidy_pictures(now=database_now())
