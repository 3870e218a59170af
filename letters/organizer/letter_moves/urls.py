from django.urls import path

from letters.organizer.letter_moves import views

urlpatterns = [
    path("organize/letters/<slug:slug>/collective/", views.offer, name="offer_letter"),
    path("organize/letters/<slug:slug>/collective/cancel/", views.cancel, name="cancel_offer"),
    path("organize/offers/<int:move_id>/", views.offered, name="letter_offer"),
]
