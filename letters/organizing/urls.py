from django.urls import path

from letters.organizing import views

urlpatterns = [
    path("organize/", views.letters, name="organize"),
    path("organize/new/", views.start, name="start_letter"),
    path("organize/preview/", views.live_preview, name="live_preview"),
    # /organize/letters/<slug>/
    path("organize/letters/<slug:slug>/", views.edit, name="edit_letter"),
    path("organize/letters/<slug:slug>/preview/", views.preview, name="preview_letter"),
    path("organize/letters/<slug:slug>/settings/", views.set_up, name="set_up_letter"),
    path("organize/letters/<slug:slug>/state/", views.move, name="move_letter"),
    path("organize/letters/<slug:slug>/withdraw/", views.withdraw, name="withdraw_letter"),
]
