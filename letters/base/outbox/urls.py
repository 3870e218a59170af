from django.urls import path

from letters.base.outbox import views

urlpatterns = [
    # The view answers only if EMAIL_WEBHOOK_SECRET is set.
    path("anymail/<slug:provider>/tracking/", views.tracking, name="tracking"),
]
