from django.urls import path, re_path

from letters.public.ledger import views

# A letter's number, or "site"; a log that follows a closed one has a number more: 12, 12.2, site.2.
NAME = r"(?P<name>(?:site|[1-9][0-9]{0,17})(?:\.[1-9][0-9]{0,3})?)"
# Deep numbers are found to be too large by the view. Longer paths are no tiles.
NUMBER = r"(?P<number>[x0-9/]{3,34})"
PARTIAL = r"\.p/(?P<width>[1-9][0-9]{0,2})"
LEVEL = r"(?P<level>[0-9]|[1-5][0-9]|6[0-3])"

urlpatterns = [
    path("log/vkeys.txt", views.vkeys, name="log_keys"),
    re_path(rf"^log/{NAME}/vkeys\.txt$", views.vkeys, name="log_keys_of"),
    re_path(rf"^log/{NAME}/checkpoint$", views.checkpoint, name="log_checkpoint"),
    re_path(rf"^log/{NAME}/tile/entries/{NUMBER}$", views.entries, name="log_entries"),
    re_path(rf"^log/{NAME}/tile/entries/{NUMBER}{PARTIAL}$", views.entries, name="log_some_entries"),
    re_path(rf"^log/{NAME}/tile/{LEVEL}/{NUMBER}$", views.tile, name="log_tile"),
    re_path(rf"^log/{NAME}/tile/{LEVEL}/{NUMBER}{PARTIAL}$", views.tile, name="log_partial_tile"),
]
