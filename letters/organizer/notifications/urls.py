from django.urls import path

from letters.organizer.notifications import views

urlpatterns = [
    path("organize/emails/", views.choose, name="emails_you_get"),
    path("organize/emails/off/<slug:kind>/<str:token>/", views.off, name="switch_emails_off"),
]
