from django.urls import path

from letters.organizer.collective_domains import views

urlpatterns = [
    path("organize/collectives/<slug:slug>/domains/", views.domains, name="collective_domains"),
    path("organize/collectives/<slug:slug>/domains/<int:pk>/", views.change_domain, name="change_domain"),
]
