from django.urls import path

from letters.moderator.collective_domains import views

urlpatterns = [path("site/domains/", views.domains, name="site_domains")]
