from django.urls import path, re_path

from letters.public.witnesses import views

DAY = r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"

urlpatterns = [
    path("log/site/timestamps/", views.stamped_days, name="stamped_days"),
    re_path(rf"^log/site/timestamps/{DAY}\.tsr$", views.time_stamp, name="time_stamp"),
    re_path(rf"^log/site/timestamps/{DAY}\.checkpoint$", views.stamped_checkpoint, name="stamped_checkpoint"),
]
