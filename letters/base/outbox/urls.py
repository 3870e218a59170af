from django.urls import path

from letters.base.outbox import views

urlpatterns = [
    # Exists only with EMAIL_WEBHOOK_SECRET.
    path("anymail/<slug:provider>/tracking/", views.tracking, name="tracking"),
]
