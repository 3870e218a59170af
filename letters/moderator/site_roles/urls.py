from django.urls import path

from letters.moderator.site_roles import views

urlpatterns = [path("site/moderators/", views.moderators, name="site_moderators")]
