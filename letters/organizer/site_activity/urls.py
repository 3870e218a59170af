from django.urls import path

from letters.organizer.site_activity import views

urlpatterns = [
    path("site/activity/", views.activity, name="site_activity"),
    path("site/activity/activity.csv", views.activity_csv, name="site_activity_csv"),
]
