"""All URLs of the app, one file for each package."""

from django.urls import include, path, register_converter


class LanguageCode:
    """A language as the first part of a path: it, pt-BR, zh-Hant."""

    regex = "[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


# Before the URL files below are imported, because their paths use it.
register_converter(LanguageCode, "language")

urlpatterns = [
    # First, because programs that check a letter ask for many tiles.
    path("", include("letters.public.ledger.urls")),
    path("", include("letters.signer.signing.urls")),
    path("", include("letters.organizer.letter_editor.urls")),
    path("", include("letters.organizer.letter_moves.urls")),
    path("", include("letters.organizer.pictures.urls")),
    path("", include("letters.organizer.collectives.urls")),
    path("", include("letters.organizer.collective_domains.urls")),
    path("", include("letters.organizer.site_activity.urls")),
    path("", include("letters.signer.carry_over.urls")),
    path("", include("letters.organizer.first_signatories.urls")),
    path("", include("letters.organizer.dashboard.urls")),
    path("", include("letters.organizer.featured.urls")),
    path("", include("letters.organizer.exports.urls")),
    path("", include("letters.organizer.personal_tokens.urls")),
    path("", include("letters.organizer.webhooks.urls")),
    path("", include("letters.organizer.updates.urls")),
    path("", include("letters.organizer.letter_delivery.urls")),
    path("", include("letters.organizer.paper_counts.urls")),
    path("", include("letters.organizer.mirrors.urls")),
    path("", include("letters.organizer.notifications.urls")),
    # Before the pages of letters under moderate/.
    path("", include("letters.moderator.block_rules.urls")),
    path("", include("letters.moderator.organisations.urls")),
    path("", include("letters.signer.lost_mailboxes.urls")),
    path("", include("letters.moderator.moderation.urls")),
    path("", include("letters.moderator.attacks.urls")),
    path("", include("letters.moderator.takedowns.urls")),
    path("", include("letters.moderator.site_notes.urls")),
    path("", include("letters.moderator.reports.urls")),
    path("", include("letters.moderator.collective_names.urls")),
    path("", include("letters.moderator.site_roles.urls")),
    path("", include("letters.moderator.collective_domains.urls")),
    path("", include("letters.moderator.letter_reviews.urls")),
    path("", include("letters.api.urls")),
    path("", include("letters.public.witnesses.urls")),
    path("", include("letters.public.mirrors.urls")),
    path("", include("letters.public.public_pages.urls")),
    path("accounts/", include("letters.base.accounts.urls")),
    path("", include("letters.base.outbox.urls")),
]
