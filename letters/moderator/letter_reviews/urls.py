from django.urls import path

from letters.moderator.letter_reviews import views

urlpatterns = [
    path("site/letters-to-review/", views.queue, name="letters_to_review"),
    path("site/letters-to-review/<int:review_id>/", views.review, name="review_letter"),
]
