from django.urls import path

from letters.organizer.dashboard import views

urlpatterns = [
    path("organize/letters/<slug:slug>/dashboard/", views.dashboard, name="dashboard"),
    path("organize/letters/<slug:slug>/remind/", views.remind, name="remind_unconfirmed"),
    path("organize/letters/<slug:slug>/signatures/", views.signatures, name="organize_signatures"),
]
