"""Every reason for which an operation refuses. The sentences that people read are in refusals.py."""

from enum import StrEnum


class Refusal(StrEnum):
    """The reason why an operation refuses. Never rename a value: rows store it."""

    # The person who asks
    NOT_YOURS = "not_yours"
    OWNS_LETTERS_ALONE = "owns_letters_alone"

    # Suspensions
    CLOSED_ACCOUNT = "closed_account"
    RUNS_THE_SITE = "runs_the_site"
    SUSPENDED = "suspended"
    SUSPENDED_ALREADY = "suspended_already"

    # Collectives
    FEW_TODAY = "few_today"
    GONE = "gone"
    INVITED_OTHERWISE = "invited_otherwise"
    IS_MEMBER = "is_member"
    LAST_OWNER = "last_owner"
    NAME_IN_USE = "name_in_use"
    NAME_IS_FREE = "name_is_free"
    NAMES_A_LINK = "names_a_link"
    NO_NAME = "no_name"
    NOT_CLEARED = "not_cleared"
    OVER = "over"
    INVITATIONS_STOPPED = "invitations_stopped"
    SLUG_TAKEN = "slug_taken"
    TOO_MANY_OPEN = "too_many_open"
    TOO_MANY_TODAY = "too_many_today"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_TIMEZONE = "unknown_timezone"
    YOURSELF = "yourself"

    # Data about signers
    DATA_DELETED = "data_deleted"
    KEPT_LONGER = "kept_longer"

    # The status of a letter
    LETTER_CLOSED = "letter_closed"
    LETTER_DRAFT = "letter_draft"
    LETTER_NOT_OPEN_YET = "letter_not_open_yet"
    LETTER_OPEN = "letter_open"
    LETTER_TAKEN_DOWN = "letter_taken_down"
    LETTER_WITHDRAWN = "letter_withdrawn"
    NOT_A_DRAFT = "not_a_draft"
    ONLY_DRAFTS = "only_drafts"

    # Looking at letters
    OWN_LETTER = "own_letter"
    REVIEW_OVER = "review_over"
    TEXT_CHANGED_SINCE = "text_changed_since"
    WAITS_FOR_SITE = "waits_for_site"

    # Taking a letter down
    APPEAL_OVER = "appeal_over"
    APPEAL_SETTLED = "appeal_settled"
    NEEDS_ANOTHER_MODERATOR = "needs_another_moderator"
    ANOTHER_DECIDES = "another_decides"
    NOTHING_ASKED = "nothing_asked"
    MANY_PROOF_EMAILS = "many_proof_emails"
    WRONG_PROOF_CODE = "wrong_proof_code"
    NOT_TAKEN_DOWN = "not_taken_down"
    REPORT_LINK_OVER = "report_link_over"
    NAMES_AN_ADDRESS = "names_an_address"
    MANY_LOST_MAILBOXES = "many_lost_mailboxes"

    # Moving a letter to another collective
    CANNOT_MOVE_NOW = "cannot_move_now"
    EMAILS_UNDER_WAY = "emails_under_way"
    INVITED_LATELY = "invited_lately"
    JUST_DECLINED = "just_declined"
    MOVED_LATELY = "moved_lately"
    NAMES_ENTRUSTED = "names_entrusted"
    OFFER_OVER = "offer_over"
    OFFERED_ALREADY = "offered_already"
    OFFERED_TOO_OFTEN = "offered_too_often"
    OWN_COLLECTIVE = "own_collective"
    STILL_CANCELLABLE = "still_cancellable"

    # Writing and publishing a letter
    ADDRESS_RESERVED = "address_reserved"
    ADDRESS_TAKEN = "address_taken"
    CHANGED_MEANWHILE = "changed_meanwhile"
    END_IS_PAST = "end_is_past"
    FINAL = "final"
    IN_THE_PAST = "in_the_past"
    LANGUAGE_PUBLIC = "language_public"
    LANGUAGES_MISSING = "languages_missing"
    NO_KIND = "no_kind"
    NO_NOTE = "no_note"
    NO_REASON = "no_reason"
    REASON_RETIRED = "reason_retired"
    NO_TEXT = "no_text"
    NOBODY_LEFT = "nobody_left"
    NOT_A_CORRECTION = "not_a_correction"
    NOTHING_CHANGED = "nothing_changed"
    OPEN_ALREADY = "open_already"
    ORIGINAL = "original"
    PICTURE_NOT_DESCRIBED = "picture_not_described"
    PUBLISHED_ALREADY = "published_already"
    LETTER_SEALED = "letter_sealed"
    BATCH_TOO_SMALL = "batch_too_small"
    BREAKDOWN_TOO_LATE = "breakdown_too_late"
    SEALED_HAS_INVITED = "sealed_has_invited"
    SEALED_NEEDS_END = "sealed_needs_end"
    SEALED_NOT_REVIEWED = "sealed_not_reviewed"
    SEALED_NO_ORGANISATIONS = "sealed_no_organisations"
    SEALED_NO_WEBSITES = "sealed_no_websites"
    REVISION_PUBLISHED = "revision_published"
    TOO_COMPLICATED = "too_complicated"
    TOO_MANY_DRAFTS = "too_many_drafts"
    TOO_MANY_LANGUAGES = "too_many_languages"
    TOO_MANY_LETTERS = "too_many_letters"
    TOO_MANY_PUBLICATIONS = "too_many_publications"
    TOO_MANY_TEXTS = "too_many_texts"
    TOO_MUCH_TEXT = "too_much_text"

    # Pictures, lists and selections
    TOO_MANY = "too_many"

    # Featured signers
    DECLINED_FEATURING = "declined_featuring"
    NOT_FEATURABLE = "not_featurable"
    TOO_MANY_ASKED = "too_many_asked"

    # Moderation
    DECIDED_AGAIN = "decided_again"
    BULK_MOVED_ON = "bulk_moved_on"
    BULK_UNDER_WAY = "bulk_under_way"
    ENDS_WRONG = "ends_wrong"
    MANY_ADDRESSES = "many_addresses"
    NO_BURST = "no_burst"
    NO_WAVE = "no_wave"
    NOTHING_CHOSEN = "nothing_chosen"
    RULE_OVER = "rule_over"
    SECOND_PERSON = "second_person"
    TOO_MANY_CHOSEN = "too_many_chosen"
    TOO_MANY_RULES = "too_many_rules"
    TOO_MANY_RULES_TODAY = "too_many_rules_today"

    # Updates and the addressee's answers
    ANOTHER_UNDER_WAY = "another_under_way"
    BEGUN = "begun"
    IMPOSSIBLE_DAY = "impossible_day"
    NO_BODY = "no_body"
    NO_LINK = "no_link"
    NO_RESPONDENT = "no_respondent"
    NO_TITLE = "no_title"
    NOT_PUBLIC = "not_public"
    TOO_LONG = "too_long"
    TOO_MANY_ANSWERS = "too_many_answers"
    TOO_MANY_CORRECTIONS = "too_many_corrections"
    TOO_MANY_UNSENT = "too_many_unsent"
    TOO_SOON = "too_soon"

    # Organisations
    ORGANISATION_DECIDED = "organisation_decided"
    ORGANISATION_SIGNED = "organisation_signed"
    ORGANISATIONS_OFF = "organisations_off"

    # Signatures on paper
    PAPER_HIDDEN = "paper_hidden"
    PAPER_NOT_PUBLIC = "paper_not_public"
    PAPER_OVER = "paper_over"
    PAPER_WRONG = "paper_wrong"
    TOO_MANY_PAPER = "too_many_paper"

    # Copies of letters
    MIRROR_NOT_PUBLIC = "mirror_not_public"
    TOO_MANY_MIRRORS = "too_many_mirrors"

    # Limits
    OUT_OF_BOUNDS = "out_of_bounds"

    # The pages of the site
    UNFINISHED = "unfinished"
    UNKNOWN_PLACEHOLDER = "unknown_placeholder"

    # Domains of collectives
    DOMAIN_IS_ANYONES = "domain_is_anyones"
    DOMAIN_REMOVED = "domain_removed"
    MANY_DOMAIN_CODES = "many_domain_codes"
    TOO_MANY_DOMAINS = "too_many_domains"
    WRONG_DOMAIN_CODE = "wrong_domain_code"

    # Letter deliveries and exports
    GAVE_UP = "gave_up"
    NEVER_PUBLISHED = "never_published"
    NO_FILE = "no_file"
    NO_SUCH_FORMAT = "no_such_format"
    NO_SUCH_LANGUAGE = "no_such_language"
    NOT_SETTABLE = "not_settable"
    TOO_MANY_OF_YOURS = "too_many_of_yours"
    TOO_MANY_SIGNATURES = "too_many_signatures"

    # Webhooks and personal tokens
    TOO_MANY_TESTS = "too_many_tests"
    TOO_MANY_TOKENS = "too_many_tokens"
    TOO_MANY_WEBHOOKS = "too_many_webhooks"
    WEBHOOK_OFF = "webhook_off"

    # Signing
    ANSWERED = "answered"
    CHANGED = "changed"
    CHANGED_AGAIN = "changed_again"
    ELSEWHERE = "elsewhere"
    INVITATION_OVER = "invitation_over"
    NOT_ASKED = "not_asked"
    PAUSED = "paused"
    SIGNATURE_WITHDRAWN = "signature_withdrawn"
    TEXT_CHANGED = "text_changed"
    TRY_AGAIN = "try_again"
    WRONG_CODE = "wrong_code"

    # Limits, and services that do not answer
    MANY_CONFIRMATIONS = "many_confirmations"
    MANY_DOWNLOADS = "many_downloads"
    MANY_SEARCHES = "many_searches"
    MANY_FOR_ADDRESS = "many_for_address"
    MANY_FROM_NETWORK = "many_from_network"
    MANY_PICTURES = "many_pictures"
    MANY_REQUESTS = "many_requests"
    MANY_WITHOUT_PROOF = "many_without_proof"
    NO_WORKER = "no_worker"
    PROOF_WANTED = "proof_wanted"


class Refused(Exception):
    """An operation that may not be done now. `code` says why."""

    def __init__(self, code: Refusal) -> None:
        super().__init__(code)
        self.code = code
