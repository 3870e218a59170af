from django.urls import path, re_path

from letters.organizer.pictures import views

# Its own, or the small one.
SIZE = "[0-9]{1,4}x[0-9]{1,4}|800"

urlpatterns = [
    # /organize/letters/<slug>/pictures/
    path("organize/letters/<slug:slug>/pictures/", views.pictures, name="letter_pictures"),
    path("organize/letters/<slug:slug>/cover/", views.cover, name="letter_cover"),
    # /media/<digest>-<size>.webp
    re_path(rf"^media/(?P<digest>[0-9a-f]{{32}})-(?P<size>{SIZE})\.webp$", views.picture, name="picture"),
]
