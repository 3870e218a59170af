from django.urls import path

from letters.signer.signing import views

urlpatterns = [
    # /letters/<slug>/sign/
    path("letters/<slug:slug>/sign/", views.sign, name="sign"),
    path("<language:language>/letters/<slug:slug>/sign/", views.sign, name="translated_sign"),
    # /letters/<slug>/link/
    path("letters/<slug:slug>/link/", views.link, name="link"),
    path("<language:language>/letters/<slug:slug>/link/", views.link, name="translated_link"),
    # /letters/<slug>/thanks/
    path("letters/<slug:slug>/thanks/", views.thanks, name="thanks"),
    path("<language:language>/letters/<slug:slug>/thanks/", views.thanks, name="translated_thanks"),
    path("signatures/thanks/", views.thanked, name="thanked"),
    # /signatures/…/<token>/
    path("signatures/check/<str:token>/", views.check, name="check"),
    path("<language:language>/signatures/check/<str:token>/", views.check, name="translated_check"),
    path("signatures/confirm/<str:token>/", views.confirm, name="confirm"),
    path("signatures/confirm-by-code/<str:token>/", views.confirm_by_code, name="confirm-by-code"),
    path("signatures/not-me/<str:token>/", views.not_me, name="not-me"),
    path("signatures/manage/<str:token>/", views.manage, name="manage"),
    path("signatures/invitation/<str:token>/", views.invitation, name="invitation"),
    path("signatures/decline/<str:token>/", views.decline, name="decline"),
    # As above but for the slash, which mail programs like to leave out of a link.
    path("signatures/<slug:page>/<str:token>", views.with_slash),
    path("signatures/manage/<str:token>/data.json", views.my_data, name="my-data"),
    path("signatures/manage/<str:token>/link.txt", views.my_link, name="my-link"),
]
