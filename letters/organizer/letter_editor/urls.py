from django.urls import path

from letters.organizer.letter_editor.views import (
    binning,
    draft_links,
    editing,
    life,
    previewing,
    revising,
    saving,
    settings,
    starting,
    translating,
)

urlpatterns = [
    path("organize/", starting.letters, name="organize"),
    path("organize/bin/", binning.binned, name="bin"),
    path("organize/bin/<slug:slug>/restore/", binning.restore, name="restore_draft"),
    path("organize/bin/<slug:slug>/delete/", binning.delete_for_good, name="delete_for_good"),
    path("organize/new/", starting.start, name="start_letter"),
    path("organize/preview/", saving.live_preview, name="live_preview"),
    path("organize/letters/<slug:slug>/", editing.edit, name="edit_letter"),
    path("organize/letters/<slug:slug>/live/", life.live, name="letter_is_live"),
    path("organize/letters/<slug:slug>/preview/", previewing.preview, name="preview_letter"),
    path("organize/letters/<slug:slug>/text/<language:language>/", saving.save_text, name="save_text"),
    path(
        "organize/letters/<slug:slug>/text/<language:language>/preview/",
        previewing.framed_preview,
        name="framed_preview",
    ),
    path("organize/letters/<slug:slug>/revise/", revising.revise, name="revise_letter"),
    path("organize/letters/<slug:slug>/translations/", translating.translations, name="letter_translations"),
    path(
        "organize/letters/<slug:slug>/translations/<language:language>/", translating.translate, name="translate_letter"
    ),
    path(
        "organize/letters/<slug:slug>/translations/<language:language>/remove/",
        translating.drop_translation,
        name="drop_translation",
    ),
    path("organize/letters/<slug:slug>/draft-links/", draft_links.draft_links, name="draft_links"),
    path(
        "organize/letters/<slug:slug>/draft-links/<int:link_id>/revoke/", draft_links.revoke, name="revoke_draft_link"
    ),
    path("drafts/<str:token>/", draft_links.draft, name="draft"),
    path("organize/letters/<slug:slug>/address/", settings.readdress, name="readdress_letter"),
    path("organize/letters/<slug:slug>/settings/", settings.set_up, name="set_up_letter"),
    path("organize/letters/<slug:slug>/state/", life.move, name="move_letter"),
    path("organize/letters/<slug:slug>/withdraw/", life.withdraw, name="withdraw_letter"),
    path("organize/letters/<slug:slug>/delete/", binning.delete, name="delete_letter"),
    path("organize/letters/<slug:slug>/restore/", life.restore, name="restore_letter"),
]
