"""Each sentence of the privacy notice is a promise, and PROMISES names the test that checks it. A sentence that is not
there fails, and so does one whose constant or test has changed.

Values are either names of tests elsewhere, or a check of the constant that the sentence repeats.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import models
from pytest_django import Settings

from letters.base.accounts import devices, tasks
from letters.base.changes.bin import KEPT_IN_BIN
from letters.base.site_pages.placeholders import MEANINGS, fill_in
from letters.base.site_pages.queries import draft_of
from letters.models import (
    INVITATION_LIFETIME,
    MAX_NETWORK_RULE_LIFETIME,
    MAX_RULE_LIFETIME,
    VERIFIED_FOR,
    Letter,
    OutgoingEmail,
    User,
)
from letters.moderator.moderation.queries import COUNTED_FOR
from letters.moderator.reports.operations import ADDRESS_KEPT
from letters.organizer.collectives.operations import forgetting, inviting
from letters.organizer.exports import operations as exports
from letters.organizer.first_signatories.operations.listing import LIST_KEPT_FOR
from letters.organizer.letter_editor.views import starting
from letters.organizer.personal_tokens.operations import KEPT_AFTER_END
from letters.organizer.pictures import operations as pictures
from letters.shared import limits
from tests.people import Reader

TESTS = Path(__file__).parents[1]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Promise = str | Callable[[], bool]


def _counts_expire_within_a_day() -> bool:
    rates = [getattr(settings, name) for name in dir(settings) if name.startswith("LIMIT_")]
    return len(rates) > 20 and limits.SALT_SECONDS <= 86400 and all(rate.get_expiry() <= 86400 for rate in rates)


def _no_text_of_an_email_is_stored() -> bool:
    """The only text columns hold a mail server's error code and the key."""
    fields = OutgoingEmail._meta.concrete_fields
    long = [field for field in fields if isinstance(field, models.TextField | models.JSONField | models.BinaryField)]
    return (
        not any(field.max_length is None for field in long) and OutgoingEmail._meta.get_field("error").max_length == 100
    )


# The beginning of each sentence, and what keeps its promise.
PROMISES: dict[str, list[Promise]] = {
    "Each letter has a public ledger": ["test_each_step_of_a_number_is_an_entry"],
    "It has no names, only codes": [
        "test_every_opening_makes_another_commitment_of_the_same_words",
        "test_every_commitment_opens_to_what_was_signed",
    ],
    "When you withdraw, we delete what could prove": ["test_after_a_withdrawal_nothing_can_open_the_commitment"],
    "Without a public name, you are counted together": [
        "test_ten_are_numbered_together_at_the_next_quarter_of_the_clock",
        "test_at_the_set_hour_however_few_wait",
    ],
    "Until then, no public page shows that you have signed": [
        "test_nine_without_a_public_name_wait_and_nothing_public_moves",
        "test_a_withdrawal_deletes_the_words_at_once_and_changes_the_list_with_the_batch",
    ],
    "6 months after a letter has ended": [
        "test_addresses_of_people_without_updates_are_deleted",
        "test_nothing_is_deleted_before_the_months_are_over",
        lambda: settings.KEEP_ADDRESSES_MONTHS == 6,
    ],
    "The form says so if its organizers chose another time": [
        "test_the_form_says_how_long_data_is_kept",
        "test_organizers_shorten_the_months_but_do_not_lengthen_them",
    ],
    "We keep the keyed hash, so that nobody signs twice": [
        "test_whoever_signed_is_recognised_after_their_address_is_deleted",
        "test_a_new_link_is_sent_after_the_address_is_deleted",
    ],
    "If a letter has no end, the time begins": ["test_a_letter_without_an_end_counts_from_what_readers_saw_last"],
    "36 months after a letter has ended": [
        "test_everything_that_readers_do_not_see_is_deleted",
        "test_only_the_day_of_a_signature_is_left",
        "test_every_table_that_belongs_to_a_signature_is_on_one_of_the_lists",
        lambda: settings.KEEP_DATA_MONTHS == 36,
    ],
    "If your name is not public, we delete the keyed hash": [
        "test_nobody_can_tell_afterwards_who_showed_the_name_to_organizers"
    ],
    "A public name stays, unless": ["test_public_names_are_withheld_too_if_organizers_choose_so"],
    "If organizers ask whether the letter": ["test_organizers_read_the_answer_only_the_next_morning"],
    "Unless you agree, the page does not feature it": ["test_nobody_is_featured_without_an_answer"],
    "We delete question and answer when you withdraw": ["test_withdrawing_ends_it_and_deletes_the_answer"],
    "If only the organizers see your name, we store": [
        "test_a_dump_of_an_unconfirmed_a_confirmed_and_a_published_signature_holds_no_word"
    ],
    "The key is not in the database": ["test_after_new_keys_no_word_is_left_under_the_old_one"],
    "Some letters show how many people sign from each": ["test_readers_see_groups_of_at_least_ten_in_tens"],
    "The form says so": ["test_everyone_who_signs_reads_it_on_the_form_first"],
    "Only signatures with a name that everyone can see": [
        "test_whoever_withholds_the_name_is_in_no_number",
        "test_readers_see_groups_of_at_least_ten_in_tens",
    ],
    "Anyone can download a copy of a letter": [
        "test_a_bundle_holds_the_letter_in_all_languages_with_every_name",
        "test_the_address_of_the_newest_copy_leads_to_a_name_that_means_these_bytes",
    ],
    "After you hide your name or withdraw, the next copy": [
        "test_a_withdrawn_name_leaves_with_the_next_bundle",
        "test_a_hidden_name_leaves_with_the_next_bundle",
    ],
    "We cannot recall copies": ["test_the_form_says_that_copies_cannot_be_recalled"],
    "Signatures on paper are only a number": ["test_readers_see_them_apart_with_who_counted_and_when"],
    "We store no name from a sheet": ["test_nothing_about_the_people_on_the_sheets_is_stored"],
    "Everyone can read the name and the website": ["test_the_public_learns_nothing_about_the_person"],
    "Only the organizers of the letter read your name": [
        "test_site_moderators_remove_but_do_not_vouch_and_read_no_person"
    ],
    "They, and the people who moderate this site, read the domain": ["test_members_see_who_waits_and_why"],
    "We store the address itself encrypted": [
        "test_the_address_is_encrypted_and_known_by_its_hash",
        "test_members_see_who_waits_and_why",
    ],
    "If you do not confirm, we delete everything": ["test_what_nobody_confirms_is_deleted_with_the_address"],
    "With the link in our email you can withdraw": ["test_the_person_withdraws_with_the_emailed_link"],
    "We then delete everything about you": ["test_the_person_withdraws_with_the_emailed_link"],
    "We keep the domain of the organisation only if": [
        "test_a_rejected_domain_does_not_publish_itself_by_signing_again"
    ],
    "If the letter moves": ["test_a_new_collective_reads_no_person"],
    "If you report a letter": ["test_what_a_reader_wrote_is_forgotten_half_a_year_after_the_decision"],
    "The organizers see none of it": ["test_only_moderators_of_the_site_read_it_and_decide"],
    "If you report that a signature bears your name": [
        "test_the_address_is_stored_encrypted_and_no_page_or_file_has_it",
        "test_nothing_about_the_report_is_stored_before_it_is_confirmed",
    ],
    "Moderators do not see it: they read": [
        "test_moderators_read_a_domain_only_if_the_signature_names_its_organization"
    ],
    "After the decision, and after 30 days": [
        "test_the_reporter_learns_the_decision_and_the_address_is_deleted",
        "test_without_a_decision_address_and_domain_are_deleted_after_30_days",
        lambda: ADDRESS_KEPT == 30 * DAY,
    ],
    "We do not store who reports a signature": ["test_a_report_about_a_signature_holds_no_word_about_its_signer"],
    "Some letters can also be signed on another website": ["test_a_letter_takes_signatures_only_here_at_first"],
    "That website sees what you type there": ["test_organizers_are_told_what_a_website_sees"],
    "We treat your signature like one from our own form": [
        "test_a_signature_from_another_website_counts_when_confirmed"
    ],
    "Public pages use no cookies": ["test_no_page_loads_anything_from_another_site_or_stores_anything"],
    "So that nobody can overload the site": [_counts_expire_within_a_day],
    "We count them under a keyed hash": [_counts_expire_within_a_day, "test_valkey_knows_no_address_and_no_network"],
    "We store what you enter in the form": ["test_everything_that_is_stored_can_be_downloaded"],
    "Your email address is stored encrypted": [
        "test_no_address_and_no_name_of_a_nameless_signer_is_anywhere",
        "test_no_address_of_an_account_is_in_the_database",
    ],
    "No page, list or file shows it": [
        "test_no_page_for_organizers_contains_an_address_or_a_time",
        "test_no_file_for_organizers_contains_an_address_or_a_time",
    ],
    "A keyed hash of the address": ["test_a_second_signing_brings_the_same_emails_as_a_first_one"],
    "You choose who sees your name": ["test_a_name_can_be_hidden"],
    "If you choose nobody": ["test_becoming_nameless_deletes_name_and_address"],
    "If someone types it in again": [
        "test_the_address_of_a_nameless_signer_is_kept_until_the_last_reminder_and_no_longer"
    ],
    "So that moderators can find waves": [
        "test_traces_are_deleted_after_a_week_and_reasons_when_nobody_needs_them",
        "test_only_keyed_hashes_are_stored",
        "test_a_network_has_no_influence_on_other_letters",
    ],
    "Organizers can have us tell other programs": ["test_a_message_tells_no_more_than_the_public_list_as_data"],
    "We tell these programs nothing about": ["test_nothing_tells_of_a_withheld_name"],
    "When you hide your name or withdraw": [
        "test_receivers_are_told_that_a_name_was_hidden_changed_or_withdrawn",
        "test_nobody_hears_a_name_after_its_signer_has_hidden_it",
    ],
    "We cannot make them delete it": ["test_receivers_are_told_that_a_name_was_hidden_changed_or_withdrawn"],
    "If the form asks why you sign": [
        "test_switching_it_on_publishes_nothing_that_was_written_before",
        "test_a_comment_that_was_sent_while_it_was_off_is_never_public",
    ],
    "Your answer is public only": ["test_a_withheld_name_has_no_public_comment"],
    "We email you about a decision of a moderator only if": [
        "test_a_named_signer_at_a_provider_gets_an_email_in_the_morning",
        "test_nobody_else_gets_one_and_the_reason_waits_behind_the_link",
    ],
    "Otherwise the email could show your employer": [
        "test_a_moderator_gets_the_same_bytes_whether_an_email_leaves_or_not"
    ],
    "If a moderator asks you for a link": [
        "test_the_answer_comes_into_the_queue_at_the_daily_hour_of_the_next_day",
    ],
    "You do not have to answer": ["test_without_an_answer_it_comes_back_after_14_days"],
    "We never open the link ourselves": ["test_the_answer_goes_with_the_signature"],
    "You can also answer by proving an address": [
        "test_the_code_proves_the_address_and_moderators_read_its_domain_the_next_day",
    ],
    "Moderators read only the part after the @": [
        "test_the_code_proves_the_address_and_moderators_read_its_domain_the_next_day",
    ],
    "Our email to that address does not name the letter": [
        "test_the_email_names_neither_the_letter_nor_the_signer_and_has_no_link_but_to_the_site",
    ],
    "We delete the address once the email is sent": ["test_the_address_is_deleted_once_the_email_has_left"],
    "For a week we keep a keyed hash of it": [
        "test_after_the_proof_nothing_leads_to_the_address",
        "test_the_email_counts_in_the_daily_limit_of_its_address",
    ],
    "If an owner verifies an internet domain": [
        "test_a_verified_domain_is_shown_on_the_letter_with_its_day",
        "test_a_removed_domain_is_shown_no_more",
    ],
    "For this we email a code to a fixed mailbox": ["test_the_code_goes_to_a_fixed_mailbox_and_names_the_collective"],
    "The email names the collective": ["test_the_code_goes_to_a_fixed_mailbox_and_names_the_collective"],
    "The code works for a day, and the domain is shown": [
        "test_a_code_works_for_a_day_once_and_only_the_newest",
        "test_owners_are_reminded_a_month_before_once_and_then_it_ends",
        lambda: timedelta(days=365) == VERIFIED_FOR,
    ],
    "If you appeal against that": [
        "test_moderators_get_an_appeal_only_at_the_daily_hour_of_the_next_day",
        "test_another_moderator_reads_the_appeal_and_the_reason",
    ],
    "We keep it with your signature, and delete it": [
        "test_the_words_are_in_the_file_and_go_with_the_signature",
        "test_disowning_deletes_the_words_too",
    ],
    "Moderators can make a rule": [
        "test_only_people_who_moderate_the_site_make_a_rule_about_an_address",
        "test_a_network_is_that_of_a_burst_and_nothing_that_anyone_types",
    ],
    "Then we keep a keyed hash of the address, or": [
        "test_hashes_go_when_a_rule_ends_and_the_rule_a_month_later",
        lambda: (MAX_RULE_LIFETIME, MAX_NETWORK_RULE_LIFETIME) == (366 * DAY, 30 * DAY),
    ],
    "Some letters name nobody": ["test_with_enough_names_all_appear_at_once_after_the_announcement"],
    "Until then, we store what you typed encrypted": [
        "test_before_the_names_appear_the_database_holds_none_of_them",
        "test_organizers_and_moderators_see_nobody_before_the_names_appear",
    ],
    "The key is on our server": ["test_a_new_key_encrypts_the_words_again"],
    "Before names appear": ["test_names_never_appear_before_the_announcement_has_been_out_for_its_time"],
    "If too few people sign": ["test_below_the_number_at_the_end_everything_is_deleted_after_an_email"],
    "If you do not confirm": [
        "test_nothing_is_left_after_two_weeks",
        lambda: MEANINGS["confirmation_time"]() == f"{settings.CONFIRMATION_DAYS} days",
    ],
    "A published letter is never deleted": ["test_a_public_letter_is_not_deleted"],
    "So we keep a confirmed signature": ["test_a_confirmed_signature_is_never_purged"],
    "With your private link": ["test_everything_that_is_stored_can_be_downloaded", "test_a_name_can_be_hidden"],
    "With your private link you can also save a receipt": [
        "test_the_receipt_proves_the_signature_to_the_script_of_the_docs"
    ],
    "Whoever has it can prove that you signed": ["test_the_page_says_that_a_receipt_proves_it_to_anyone"],
    "If you withdraw, we delete what is needed": ["test_after_a_withdrawal_there_is_no_receipt_any_more"],
    "A receipt that you saved": ["test_an_old_receipt_still_verifies_and_says_what_has_become_of_the_signature"],
    "When you check a receipt": ["test_nothing_of_a_receipt_leaves_the_browser"],
    "If you withdraw it": ["test_a_withdrawal_leaves_a_number_and_nothing_else"],
    "Its number stays": ["test_a_withdrawal_leaves_a_number_and_nothing_else"],
    "We keep the keyed hash of the address for one day": ["test_the_hash_of_a_withdrawn_address_is_gone_after_a_day"],
    "If you change your name or your words": ["test_pending_words_are_among_the_stored_data"],
    "Three days after that": ["test_old_words_are_deleted_after_three_days_and_then_the_new_ones_are_reviewed"],
    "We keep them that long": ["test_after_accepted_words_are_undone_the_old_ones_are_public_and_the_new_ones_wait"],
    "If you answer our email with": ["test_its_button_leaves_nothing_of_a_person"],
    "We keep the keyed hash, so that": ["test_the_address_gets_no_more_email_about_this_letter"],
    "If a moderator removes your signature": ["test_the_count_says_removed_and_so_does_the_list"],
    "We keep what you entered": ["test_the_signer_reads_what_is_kept_and_why"],
    "You can still withdraw the signature": ["test_a_withdrawn_rejected_signature_leaves_only_the_hash"],
    "Then we delete what you entered": ["test_a_withdrawn_rejected_signature_leaves_only_the_hash"],
    "We draw some decisions": ["test_all_decisions_of_a_quiet_day_are_drawn_once"],
    "They see no name that you do not show": ["test_a_name_that_is_not_public_stays_withheld"],
    "We delete this second opinion": [
        "test_what_nobody_answers_is_dropped_and_old_answers_are_forgotten",
        lambda: COUNTED_FOR == 365 * DAY,
    ],
    "If you change your signature after a decision": ["test_words_that_no_moderator_has_seen_are_not_drawn"],
    "If organizers invite you to sign first": [
        "test_the_list_is_deleted_after_thirty_days_whatever_people_did",
        lambda: LIST_KEPT_FOR == 30 * DAY,
    ],
    "It does not show whether or how": ["test_a_row_shows_nothing_about_what_its_person_did"],
    "If you do not answer such an invitation": [
        "test_after_two_weeks_the_address_is_forgotten",
        lambda: INVITATION_LIFETIME == 14 * DAY,
    ],
    "We keep a keyed hash until the letter": [
        "test_nothing_is_left_of_people_who_did_not_sign_two_weeks_after_the_opening"
    ],
    "If you have lost your mailbox": ["test_all_signatures_of_the_address_are_withdrawn_over_all_letters"],
    "They can withdraw everything that it signed": [
        "test_the_page_says_the_same_whatever_the_address_has_signed",
        "test_stopping_ends_every_email_about_letters_and_can_be_undone",
    ],
    "For a stop, we keep a keyed hash": ["test_other_addresses_still_get_their_emails"],
    "We record permanently what you showed": [
        "test_the_record_has_the_person_the_proof_and_a_hash_that_finds_no_signature"
    ],
    "People who moderate the whole site can keep private notes": [
        "test_a_site_moderator_writes_notes_about_a_letter_and_its_collective"
    ],
    "Only they read them, and no export": ["test_members_of_the_collective_read_no_note_and_no_record_of_it"],
    "We email you about your signature": ["test_only_people_who_agreed_get_an_update"],
    "We store that we sent an email": [_no_text_of_an_email_is_stored],
    "Pages give days": ["test_no_public_page_shows_the_time_of_a_signature"],
    "The database and our logs": [
        "test_no_address_and_no_name_of_a_nameless_signer_is_anywhere",
        "test_public_pages_are_logged_without_an_ip_address",
    ],
    "Cookies keep you signed in": ["test_only_the_cookie_holds_the_key_of_a_session"],
    "We store when you signed in": ["test_only_the_kind_and_the_network_of_a_browser_are_kept"],
    "Letters show the name of your collective": ["test_no_public_page_names_a_member"],
    "A session that you do not use": [
        "test_a_session_ends_after_two_weeks",
        lambda: MEANINGS["session_time"]() == "14 days" and settings.SESSION_COOKIE_AGE == 14 * 86400,
    ],
    "Another cookie only recognises": [
        "test_a_stranger_who_guesses_passwords_does_not_keep_the_owner_out",
        "test_the_cookie_of_a_known_browser_says_nothing_and_goes_to_the_account_pages_only",
    ],
    "It lasts for 180 days": [lambda: devices.LIFETIME_SECONDS == 180 * 86400],
    "If you never confirm the address": [
        "test_unconfirmed_accounts_are_deleted_after_a_day",
        lambda: tasks.UNVERIFIED_HOURS == 24,
    ],
    "What you write before you have": [
        "test_nothing_is_a_draft_before_the_code_and_the_text_goes_after_two_hours",
        lambda: starting.BEGUN_FOR == 2 * 60 * 60,
    ],
    "You can restore a deleted draft for 30 days": [
        "test_after_30_days_nothing_is_left_but_the_audit_log",
        lambda: KEPT_IN_BIN == 30 * DAY,
    ],
    "We delete pictures after a week if no text shows them": [
        "test_a_file_is_deleted_when_it_expires",
        "test_a_picture_that_no_text_shows_is_deleted_after_a_week",
        lambda: (pictures.UNUSED_FOR, exports.EXPORT_LIFETIME) == (7 * DAY, 24 * HOUR),
    ],
    "An invitation to a collective": ["test_an_invitation_ends_after_two_weeks", lambda: inviting.LIFETIME == 14 * DAY],
    "A day later we delete the address": [
        lambda: forgetting.RETENTION == DAY,
        "test_the_address_of_an_ended_invitation_is_deleted",
    ],
    "If you create a personal token for a program": [
        "test_a_stolen_database_contains_no_token",
        "test_the_last_use_is_a_day_and_never_a_moment",
    ],
    "It is deleted when you revoke it": [
        "test_a_revoked_token_ends_at_once",
        "test_tokens_that_ended_a_month_ago_are_deleted",
        "test_a_token_ends_with_the_membership_and_does_not_come_back",
        lambda: KEPT_AFTER_END == 30 * DAY,
    ],
    "If you close your account": ["test_a_closed_account_leaves_nothing_but_the_record"],
    "People who moderate this site read a draft": [
        "test_nobody_reads_what_is_written_after_a_text_was_put_before_the_site",
        "test_a_draft_that_waits_for_nothing_is_read_by_nobody",
    ],
    "We record what organizers": ["test_an_event_says_who_did_what_to_which_and_why"],
    "This record is permanent": ["test_an_audit_event_can_only_be_added"],
    "We write no email address into it": [
        "test_the_record_contains_no_address",
        "test_every_step_is_recorded_without_an_address",
    ],
    "If we suspend an account or a collective": ["test_it_is_suspended_once_and_recorded"],
    "The people who run email at your address": ["test_every_email_is_padded_to_the_byte_and_to_the_line"],
    "If a letter concerns your employer": ["test_the_sentence_about_addresses_is_on_every_form_that_asks_for_one"],
}

# Where a sentence ends: a full stop before the next one, or the end of a line.
SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n+")


def sentences() -> list[str]:
    lines = fill_in(draft_of("privacy", "en", for_operator=False)).splitlines()
    texts = [re.sub(r"^[-*] ", "", line) for line in lines if not line.startswith("#")]
    return [sentence for text in texts for sentence in SENTENCES.split(text) if sentence]


def _key_of(sentence: str) -> str:
    return max((key for key in PROMISES if sentence.startswith(key)), key=len, default="")


def _tests() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in TESTS.rglob("test_*.py"))


def test_every_sentence_has_something_that_keeps_it(settings: Settings) -> None:
    settings.OPERATOR = ""
    found = sentences()
    assert len(found) > 40
    assert [sentence for sentence in found if not _key_of(sentence)] == []
    assert set(PROMISES) - {_key_of(sentence) for sentence in found} == set()


@pytest.mark.parametrize("key", PROMISES)
def test_a_promise_is_kept(key: str) -> None:
    tests = _tests()
    assert PROMISES[key]
    for promise in PROMISES[key]:
        if isinstance(promise, str):
            assert f"def {promise}(" in tests
        else:
            assert promise()


def test_the_numbers_of_settings_follow_them(settings: Settings) -> None:
    settings.CONFIRMATION_DAYS, settings.SESSION_COOKIE_AGE = 1, 3 * 86400
    text = "\n".join(sentences())
    assert "we delete the signature after 1 day." in text
    assert "A session that you do not use for 3 days ends" in text


@pytest.mark.django_db
def test_no_public_page_names_a_member(letter: Letter, organizer: User, reader: Reader) -> None:
    Letter.objects.update(goal=10)
    for page in ("letter", "signatures", "history", "updates"):
        shown = reader.read(letter, page)
        assert organizer.name not in shown
        assert organizer.email not in shown


@pytest.mark.django_db
def test_the_notice_says_who_runs_the_site_if_the_settings_do(settings: Settings, reader: Reader) -> None:
    assert "Who runs this site" not in reader.get("/privacy/").content.decode()
    settings.OPERATOR = "Letters e. V., Street 1, 10115 Berlin"
    settings.OPERATOR_CONTACT = {"url": "mailto:us@example.org", "shown": "us@example.org"}
    page = reader.get("/privacy/").content.decode()
    assert "Letters e. V., Street 1, 10115 Berlin" in page
    assert 'href="mailto:us@example.org"' in page
    assert "TODO" not in page
