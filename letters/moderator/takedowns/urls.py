from django.urls import path

from letters.moderator.takedowns import views

urlpatterns = [
    path("site/numbers/<int:year>.csv", views.numbers, name="moderation_numbers"),
    path("site/letters/", views.letters, name="site_letters"),
    path("site/letters/<slug:slug>/", views.letter, name="site_letter"),
    path("organize/letters/<slug:slug>/taken-down/", views.statement, name="letter_takedown"),
]
