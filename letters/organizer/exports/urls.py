from django.urls import path

from letters.organizer.exports import views

urlpatterns = [
    path("organize/letters/<slug:slug>/exports/", views.exports, name="exports"),
    path("organize/letters/<slug:slug>/exports/letter/", views.letter_with_signatories, name="export_letter"),
    path("organize/letters/<slug:slug>/exports/<int:export_id>/file/", views.download, name="download_export"),
]
