from django.urls import path

from letters.public.mirrors import views
from letters.shared.localized_paths import localized_paths

urlpatterns = [
    *localized_paths("letters/<slug:slug>/mirrors/", views.mirrors, name="mirrors"),
    path("letters/<slug:slug>/mirror.zip", views.newest, name="mirror_zip"),
    path("letters/<slug:slug>/mirror/<int:version>-<slug:digest>.zip", views.as_zip, name="mirror_file"),
    path("letters/<slug:slug>/mirror/<int:version>-<slug:digest>.zip.note", views.note, name="mirror_note"),
]
