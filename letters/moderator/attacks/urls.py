from django.urls import path

from letters.moderator.attacks import views

urlpatterns = [
    path("moderate/<slug:slug>/wave/", views.wave, name="wave"),
]
