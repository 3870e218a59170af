from django.urls import path

from letters.shared.localized_paths import localized_paths
from letters.signer.signing import views

urlpatterns = [
    # /letters/<slug>/sign/
    *localized_paths("letters/<slug:slug>/sign/", views.sign, name="sign"),
    # /letters/<slug>/link/
    *localized_paths("letters/<slug:slug>/link/", views.link, name="link"),
    # /letters/<slug>/thanks/
    *localized_paths("letters/<slug:slug>/thanks/", views.thanks, name="thanks"),
    path("signatures/thanks/", views.thanked, name="thanked"),
    # /signatures/…/<token>/
    *localized_paths("signatures/check/<str:token>/", views.check, name="check"),
    path("signatures/confirm/<str:token>/", views.confirm, name="confirm"),
    path("signatures/confirm-by-code/<str:token>/", views.confirm_by_code, name="confirm-by-code"),
    path("signatures/not-me/<str:token>/", views.not_me, name="not-me"),
    path("signatures/manage/<str:token>/", views.manage, name="manage"),
    path("signatures/invitation/<str:token>/", views.invitation, name="invitation"),
    path("signatures/decline/<str:token>/", views.decline, name="decline"),
    # Email programs often leave the last slash out of a link.
    path("signatures/<slug:page>/<str:token>", views.with_slash),
    path("signatures/manage/<str:token>/data.json", views.my_data, name="my-data"),
    path("signatures/manage/<str:token>/link.txt", views.my_link, name="my-link"),
    path("signatures/manage/<str:token>/receipt.tlog-proof", views.receipt, name="my-receipt"),
]
