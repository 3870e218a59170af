from django.urls import path, re_path

from letters.moderator.moderation import views

urlpatterns = [
    path("moderate/", views.letters, name="moderate"),
    path("moderate/<slug:slug>/", views.signatures, name="moderate_letter"),
    re_path(
        "^moderate/(?P<slug>[-a-zA-Z0-9_]+)/(?P<shown>waiting|published|rejected)/$",
        views.signatures,
        name="moderate_list",
    ),
]
