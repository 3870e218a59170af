from django.urls import path

from letters.organizer.webhooks import views

urlpatterns = [
    path("organize/collectives/<slug:slug>/webhooks/", views.webhooks, name="webhooks"),
    path("organize/collectives/<slug:slug>/webhooks/<int:webhook_id>/", views.webhook, name="webhook"),
    path(
        "organize/collectives/<slug:slug>/webhooks/<int:webhook_id>/messages/<int:delivery_id>/",
        views.send_again,
        name="send_webhook_again",
    ),
]
