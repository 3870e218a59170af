from django.urls import path

from letters.base.outbox import views

urlpatterns = [
    # /anymail/<provider>/tracking/   with EMAIL_WEBHOOK_SECRET only
    path("anymail/<slug:provider>/tracking/", views.tracking, name="tracking"),
]
