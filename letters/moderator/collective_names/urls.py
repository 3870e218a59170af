from django.urls import path

from letters.moderator.collective_names import views

urlpatterns = [path("site/names/", views.names, name="site_names")]
