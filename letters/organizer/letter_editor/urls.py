from django.urls import path

from letters.organizer.letter_editor import views

urlpatterns = [
    path("organize/", views.letters, name="organize"),
    path("organize/new/", views.start, name="start_letter"),
    path("organize/preview/", views.live_preview, name="live_preview"),
    # /organize/letters/<slug>/
    path("organize/letters/<slug:slug>/", views.edit, name="edit_letter"),
    path("organize/letters/<slug:slug>/preview/", views.preview, name="preview_letter"),
    path("organize/letters/<slug:slug>/text/<language:language>/", views.save_text, name="save_text"),
    path("organize/letters/<slug:slug>/revise/", views.revise, name="revise_letter"),
    path("organize/letters/<slug:slug>/translations/", views.translations, name="letter_translations"),
    path("organize/letters/<slug:slug>/translations/<language:language>/", views.translate, name="translate_letter"),
    path(
        "organize/letters/<slug:slug>/translations/<language:language>/remove/",
        views.drop_translation,
        name="drop_translation",
    ),
    path("organize/letters/<slug:slug>/address/", views.readdress, name="readdress_letter"),
    path("organize/letters/<slug:slug>/settings/", views.set_up, name="set_up_letter"),
    path("organize/letters/<slug:slug>/state/", views.move, name="move_letter"),
    path("organize/letters/<slug:slug>/withdraw/", views.withdraw, name="withdraw_letter"),
    path("organize/letters/<slug:slug>/restore/", views.restore, name="restore_letter"),
]
