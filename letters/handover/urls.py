from django.urls import path

from letters.handover import views

urlpatterns = [
    # /organize/letters/<slug>/handover/
    path("organize/letters/<slug:slug>/handover/", views.handover, name="handover"),
    path("organize/letters/<slug:slug>/handover/<int:handover_id>/remove/", views.remove, name="remove_handover"),
]
