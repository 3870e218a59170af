from django.urls import path, re_path

from letters.organizer.pictures import views

# The picture's own size, or the small one.
SIZE = "[0-9]{1,4}x[0-9]{1,4}|800"

urlpatterns = [
    path("organize/letters/<slug:slug>/pictures/", views.pictures, name="letter_pictures"),
    path("organize/letters/<slug:slug>/cover/", views.cover, name="letter_cover"),
    re_path(rf"^media/(?P<digest>[0-9a-f]{{32}})-(?P<size>{SIZE})\.webp$", views.picture, name="picture"),
]
