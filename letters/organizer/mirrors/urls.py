from django.urls import path

from letters.organizer.mirrors import views

urlpatterns = [
    path("organize/letters/<slug:slug>/copies/", views.mirrors, name="letter_mirrors"),
    path("organize/letters/<slug:slug>/copies/<int:mirror_id>/remove/", views.remove, name="remove_mirror"),
]
