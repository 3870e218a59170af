from itertools import chain

from django.urls import path

from letters.base.site_pages.queries import PAGES
from letters.public.public_pages import breakdown, count_history, home, organisations, verify, views, whole_list
from letters.public.public_pages.about import page_about, page_by_operator
from letters.shared.localized_paths import localized_paths

urlpatterns = [
    *localized_paths("about/", page_about("about"), name="about"),
    *localized_paths("how-we-count/", page_about("how-we-count"), name="how-we-count"),
    *chain.from_iterable(localized_paths(f"{name}/", page_by_operator(name), name=name.value) for name in PAGES),
    # The home page comes after these: otherwise its language prefix would match "how-we-count".
    *localized_paths("", home.home, name="home"),
    # /letters/<slug>/ in the letter's own language, /<language>/letters/<slug>/ in another one
    *localized_paths("letters/<slug:slug>/", views.letter, name="letter"),
    *localized_paths("letters/<slug:slug>/signatures/", views.signatures, name="signatures"),
    *localized_paths("letters/<slug:slug>/history/", views.history, name="history"),
    *localized_paths("letters/<slug:slug>/history/<int:number>/", views.past_text, name="past_text"),
    *localized_paths("letters/<slug:slug>/updates/", views.updates, name="updates"),
    *localized_paths("letters/<slug:slug>/updates/<int:update_id>/", views.update, name="update"),
    *localized_paths("letters/<slug:slug>/feed/", views.feed, name="feed"),
    *localized_paths("letters/<slug:slug>/qr.svg", views.qr, name="qr"),
    *localized_paths("letters/<slug:slug>/count/history/", count_history.page, name="count_history"),
    *localized_paths("letters/<slug:slug>/verify/", verify.page, name="verify"),
    *localized_paths("letters/<slug:slug>/breakdown/", breakdown.page, name="breakdown"),
    *localized_paths("letters/<slug:slug>/organisations/", organisations.page, name="organisations"),
    # The same for all languages
    path("letters/<slug:slug>/organisations.csv", organisations.as_csv, name="organisations_csv"),
    path("letters/<slug:slug>/organisations.json", organisations.as_json, name="organisations_json"),
    path("letters/<slug:slug>/breakdown.json", breakdown.as_json, name="breakdown_json"),
    path("letters/<slug:slug>/count/history.csv", count_history.as_csv, name="count_history_csv"),
    path("letters/<slug:slug>/count/history.json", count_history.as_json, name="count_history_json"),
    path("letters/<slug:slug>/signatures.csv", whole_list.as_csv, name="signatures_csv"),
    path("letters/<slug:slug>/all-signatures.json", whole_list.as_json, name="all_signatures_json"),
    path("letters/<slug:slug>/signatures.json", views.signatures_json, name="signatures_json"),
    path("letters/<slug:slug>/count/", views.count, name="count"),
]
