from django.urls import path

from letters.organizer.letter_delivery import views

urlpatterns = [
    path("organize/letters/<slug:slug>/handover/", views.letter_delivery, name="letter_delivery"),
    path(
        "organize/letters/<slug:slug>/handover/<int:letter_delivery_id>/remove/",
        views.remove,
        name="remove_letter_delivery",
    ),
]
