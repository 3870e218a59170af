"""The tasks of a worker. Their names are stable and contain no module, so code can move while messages are queued."""

from collections.abc import Mapping
from functools import partial

from celery import shared_task

from letters.base.accounts.tasks import TryLater, send_packed, tidy
from letters.base.collective_domains.operations import tend_domains
from letters.base.outbox.built import Builder
from letters.base.outbox.tasks import deliver_owed
from letters.moderator.attacks.tasks import watch_letters
from letters.moderator.block_rules.tasks import tidy_rules
from letters.moderator.live_signals.operations import score_signatures
from letters.moderator.moderation.tasks import check_decisions, decide_in_bulk, pass_on_appeals, tidy_queue
from letters.moderator.organisations.mail import EMAIL_BUILDERS as ORGANISATION_EMAILS
from letters.moderator.organisations.tasks import tidy_organisations
from letters.moderator.public_account.tasks import renew_accounts
from letters.moderator.reports.mail import EMAIL_BUILDERS as REPORT_EMAILS
from letters.moderator.reports.tasks import forget_old_reports, tell_people_named
from letters.organizer.collectives.mail import EMAIL_BUILDERS as COLLECTIVE_EMAILS
from letters.organizer.collectives.tasks import tell_suspended, tend_invitations
from letters.organizer.dashboard.tasks import compare_tallies, forget_vias
from letters.organizer.exports.public_pdf import write_public_pdf
from letters.organizer.exports.tasks import make_exports
from letters.organizer.exports.tasks import tidy_exports as tidy_files
from letters.organizer.featured.tasks import feature_who_agreed
from letters.organizer.first_signatories.mail import EMAIL_BUILDERS as FIRST_SIGNATORY_EMAILS
from letters.organizer.first_signatories.tasks import tend_first_signatories
from letters.organizer.letter_editor.tasks import publish_due, tidy_drafts
from letters.organizer.notifications.mail import EMAIL_BUILDERS as NOTIFICATION_EMAILS
from letters.organizer.notifications.tasks import end_days, notify
from letters.organizer.personal_tokens.tasks import tidy_tokens
from letters.organizer.pictures.tasks import tidy_pictures
from letters.organizer.retention.tasks import tend_retention
from letters.organizer.updates.mail import EMAIL_BUILDERS as UPDATE_EMAILS
from letters.organizer.updates.tasks import carry_on, tidy_updates
from letters.organizer.webhooks.targets import find_target
from letters.organizer.webhooks.tasks import send_owed, tidy_webhooks
from letters.public.ledger.tasks import sign_if_possible
from letters.public.mirrors import tasks as mirrors
from letters.public.public_pages.operations import sequence_letter as number_batch
from letters.public.public_pages.tasks import build_list as build_public_list
from letters.public.public_pages.tasks import recount_letters, renew_breakdowns, sequence, sweep, tidy_lists
from letters.public.witnesses.stamping import stamp_yesterday
from letters.public.witnesses.tasks import offer_to_witnesses
from letters.shared import wakeups
from letters.shared.clock import database_now
from letters.signer.carry_over.mail import EMAIL_BUILDERS as CARRY_OVER_EMAILS
from letters.signer.carry_over.tasks import owe_questions
from letters.signer.release.mail import EMAIL_BUILDERS as RELEASE_EMAILS
from letters.signer.release.tasks import tend_releases
from letters.signer.signing.mail import EMAIL_BUILDERS as SIGNING_EMAILS
from letters.signer.signing.operations import forget_traces
from letters.signer.signing.tasks import encrypt_some_words, tend_unconfirmed

# The function that builds each kind of email.
EMAIL_BUILDERS: Mapping[str, Builder] = {
    **SIGNING_EMAILS,
    **COLLECTIVE_EMAILS,
    **FIRST_SIGNATORY_EMAILS,
    **CARRY_OVER_EMAILS,
    **UPDATE_EMAILS,
    **NOTIFICATION_EMAILS,
    **REPORT_EMAILS,
    **RELEASE_EMAILS,
    **ORGANISATION_EMAILS,
}


@shared_task(name="letters.deliver")
def deliver() -> None:
    """Send emails that are due and that someone waits for."""
    wakeups.awake("letters.deliver")
    deliver_owed(EMAIL_BUILDERS)


@shared_task(name="letters.deliver_bulk")
def deliver_bulk() -> None:
    """Send bulk emails that are due."""
    wakeups.awake("letters.deliver_bulk")
    deliver_owed(EMAIL_BUILDERS, bulk=True)


@shared_task(name="letters.spread_update")
def spread_update() -> None:
    """Create the emails of updates that are being sent, and count them."""
    wakeups.awake("letters.spread_update")
    carry_on(now=database_now())


@shared_task(name="letters.sequence")
def sequence_letter(letter_id: int) -> None:
    """Number the confirmed signatures of one letter, and update its counts."""
    wakeups.awake("letters.sequence", letter_id)
    sequence(letter_id, now=database_now(), score=score_signatures)


@shared_task(name="letters.sweep_letters")
def sweep_letters() -> None:
    """Do the same for every letter whose counts are outdated."""
    sweep(now=database_now(), score=score_signatures)


@shared_task(name="letters.sign_logs")
def sign_the_logs() -> None:
    """Sign the logs that have new entries, in the worker that has the key."""
    wakeups.awake("letters.sign_logs")
    sign_if_possible(now=database_now())


@shared_task(name="letters.owe_carry_overs")
def owe_carry_overs() -> None:
    """Create the emails that ask signers of an earlier text about a change of substance."""
    wakeups.awake("letters.owe_carry_overs")
    owe_questions(now=database_now())


@shared_task(name="letters.publish_due")
def publish_letters_due() -> None:
    """Publish the letters that are scheduled for now."""
    publish_due(now=database_now())


@shared_task(name="letters.notify")
def notify_people() -> None:
    """Create the emails to organizers and staff about what happened."""
    notify(now=database_now())


@shared_task(name="letters.end_days")
def end_days_of_collectives() -> None:
    """Announce what happened on the days that are over, and the collectives that wait for staff."""
    end_days(now=database_now())


@shared_task(name="letters.tend_unconfirmed")
def tend() -> None:
    """Remind people who have not confirmed, and delete signatures that were never confirmed."""
    tend_unconfirmed(now=database_now())


@shared_task(name="letters.encrypt_words")
def encrypt_readable_words() -> None:
    """Encrypt words that only organizers may read, and that an older version of the program stored readable."""
    encrypt_some_words()


@shared_task(name="letters.tend_releases")
def tend_names() -> None:
    """Count, announce, show or delete the names of letters that name nobody yet."""
    tend_releases(now=database_now(), sequence=partial(number_batch, score=score_signatures))


@shared_task(name="letters.tend_invitations")
def tend_invited() -> None:
    """Delete invitations to collectives that have ended."""
    tend_invitations(now=database_now())


@shared_task(name="letters.tell_suspended")
def tell_people_suspended() -> None:
    """Tell people that they, or their collective, were suspended or restored."""
    tell_suspended(now=database_now())


@shared_task(name="letters.tend_first_signatories")
def tend_invitations_to_sign() -> None:
    """Delete unanswered invitations of first signatories, and lists that nobody confirmed."""
    tend_first_signatories(now=database_now())


@shared_task(name="letters.recount")
def recount() -> None:
    """Compare every count with its rows, and report differences."""
    recount_letters()
    compare_tallies()
    forget_vias()


@shared_task(name="letters.export")
def export() -> None:
    """Make the files that organizers have requested."""
    wakeups.awake("letters.export")
    make_exports()


@shared_task(name="letters.tidy_exports")
def tidy_exports() -> None:
    """Delete expired files."""
    tidy_files(now=database_now())
    tidy_lists(now=database_now())


@shared_task(name="letters.send_webhooks")
def send_webhooks() -> None:
    """Send the messages that webhooks are owed."""
    send_owed()


@shared_task(name="letters.offer_to_witnesses")
def offer_log_to_witnesses() -> None:
    """Offer the newest checkpoint of the site's log to the witnesses."""
    offer_to_witnesses()


@shared_task(name="letters.stamp_yesterday")
def have_yesterday_stamped() -> None:
    """Get a time stamp of the last checkpoint of yesterday."""
    stamp_yesterday()


@shared_task(name="letters.tidy_webhooks")
def tidy_messages_of_webhooks() -> None:
    """Delete old messages from the logs of webhooks."""
    tidy_webhooks(now=database_now())


@shared_task(name="letters.tidy_tokens")
def tidy_personal_tokens() -> None:
    """Delete personal tokens that ended long ago."""
    tidy_tokens(now=database_now())


@shared_task(name="letters.build_list")
def build_list(letter_id: int) -> None:
    """Write the whole public list of a letter to a file."""
    wakeups.awake("letters.build_list", letter_id)
    build_public_list(letter_id, now=database_now())


@shared_task(name="letters.build_json_list")
def build_json_list(letter_id: int) -> None:
    """Do the same as JSON."""
    wakeups.awake("letters.build_json_list", letter_id)
    build_public_list(letter_id, now=database_now(), ending="json")


@shared_task(name="letters.make_bundles")
def make_bundles() -> None:
    """Make new copies of the letters that have changed, and have them signed."""
    mirrors.make_bundles(write_pdf=write_public_pdf)
    wakeups.wake("letters.sign_bundles", queue="publishing")


@shared_task(name="letters.make_bundle")
def make_bundle(letter_id: int) -> None:
    """Make the copy of one letter for which a reader waits."""
    wakeups.awake("letters.make_bundle", letter_id)
    mirrors.make_bundle(letter_id, write_pdf=write_public_pdf)
    wakeups.wake("letters.sign_bundles", queue="publishing")


@shared_task(name="letters.sign_bundles")
def sign_bundles() -> None:
    """Sign copies of letters, and have them sent."""
    wakeups.awake("letters.sign_bundles")
    mirrors.sign_bundles()
    wakeups.wake("letters.push_bundles", queue="exports")


@shared_task(name="letters.push_bundles")
def push_bundles() -> None:
    """Send copies of letters to the places in MIRRORS."""
    wakeups.awake("letters.push_bundles")
    mirrors.push_bundles()


@shared_task(name="letters.check_mirrors")
def check_mirrors() -> None:
    """Compare the records of copies elsewhere with ours."""
    mirrors.check_mirrors(find=find_target)


# Five attempts within ten minutes: after that the code in the email has expired.
@shared_task(
    name="letters.account_mail", autoretry_for=(TryLater,), retry_backoff=20, retry_jitter=False, max_retries=5
)
def account_mail(packed: str) -> None:
    """Send one email about an account."""
    send_packed(packed)


@shared_task(name="letters.tidy_accounts")
def tidy_accounts() -> None:
    """Delete expired sessions, and accounts that were never confirmed."""
    tidy(now=database_now())


@shared_task(name="letters.empty_bin")
def empty_bin_of_drafts() -> None:
    """Delete drafts of letters and updates that have been in the bin for 30 days."""
    now = database_now()
    tidy_drafts(now=now)
    tidy_updates(now=now)


@shared_task(name="letters.decide_in_bulk")
def decide_about_many() -> None:
    """Carry out the bulk decisions of moderators."""
    wakeups.awake("letters.decide_in_bulk")
    decide_in_bulk()


@shared_task(name="letters.tidy_claims")
def tidy_claims() -> None:
    """Delete claims of the review queue that have ended, and words that accepted changes replaced."""
    tidy_queue(now=database_now())
    tidy_rules(now=database_now())


@shared_task(name="letters.watch_letters")
def watch_for_waves() -> None:
    """Notice waves of signatures, and end those that are over."""
    watch_letters(now=database_now())


@shared_task(name="letters.check_decisions")
def check_decisions_of_moderators() -> None:
    """Draw decisions for second opinions, and count how many were wrong."""
    check_decisions(now=database_now())


@shared_task(name="letters.renew_accounts")
def renew_accounts_of_moderation() -> None:
    """Renew what letters say about the work of their moderators."""
    renew_accounts(now=database_now())


@shared_task(name="letters.renew_breakdowns")
def renew_numbers_by_country_and_domain() -> None:
    """Renew what letters show by country and by email domain."""
    renew_breakdowns(now=database_now())


@shared_task(name="letters.pass_on_appeals")
def pass_on_appeals_of_signers() -> None:
    """Put the appeals and answers of earlier days into the review queue, and feature names whose signers agreed."""
    pass_on_appeals(now=database_now())
    feature_who_agreed(now=database_now())


@shared_task(name="letters.forget_reports")
def forget_reports() -> None:
    """Delete what readers wrote in reports that were decided long ago."""
    forget_old_reports(now=database_now())


@shared_task(name="letters.settle_name_reports")
def settle_reports_by_people_named() -> None:
    """Tell people who reported their own name what was decided, and delete their addresses."""
    tell_people_named(now=database_now())


@shared_task(name="letters.tidy_organisations")
def tidy_unconfirmed_organisations() -> None:
    """Delete what was typed for organisations and never confirmed."""
    tidy_organisations(now=database_now())


@shared_task(name="letters.forget_traces")
def forget_old_traces() -> None:
    """Delete what the signals compare, a week after the signing."""
    forget_traces(now=database_now())


@shared_task(name="letters.tend_domains")
def tend_domains_of_collectives() -> None:
    """End proofs of domains that are a year old, and remind owners before."""
    tend_domains(now=database_now())


@shared_task(name="letters.tend_retention")
def tend_data_about_signers() -> None:
    """Tell organizers what will be deleted, and delete what letters need no longer."""
    tend_retention(now=database_now())


@shared_task(name="letters.tidy_pictures")
def tidy_unused_pictures() -> None:
    """Delete pictures that no text shows."""
    tidy_pictures(now=database_now())
