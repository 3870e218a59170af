from django.urls import path

from letters.moderator.organisations import deciding, views
from letters.shared.localized_paths import localized_paths

urlpatterns = [
    *localized_paths("letters/<slug:slug>/organisations/sign/", views.sign, name="sign_for_organisation"),
    path("signatures/organisation/<str:token>/", views.confirm, name="organisation"),
    path("signatures/organisation-link/<str:token>/", views.manage, name="organisation-link"),
    path("organize/letters/<slug:slug>/organisations/", deciding.of_letter, name="organize_organisations"),
    path("moderate/organisations/", deciding.waiting, name="moderate_organisations"),
]
