from django.urls import path

from letters.moderator.site_notes import views

urlpatterns = [
    path("site/letters/<slug:slug>/notes/", views.notes, name="site_notes"),
    path("site/notes/<slug:handle>/", views.notes_of_one, name="site_notes_about"),
]
