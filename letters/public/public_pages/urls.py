from django.urls import path

from letters.public.public_pages import views

urlpatterns = [
    path("", views.home, name="home"),
    path("<language:language>/", views.home, name="translated_home"),
    # /letters/<slug>/
    path("letters/<slug:slug>/", views.letter, name="letter"),
    path("letters/<slug:slug>/signatures/", views.signatures, name="signatures"),
    path("letters/<slug:slug>/signatures.csv", views.signatures_csv, name="signatures_csv"),
    path("letters/<slug:slug>/history/", views.history, name="history"),
    path("letters/<slug:slug>/history/<int:number>/", views.past_text, name="past_text"),
    path("letters/<slug:slug>/count/", views.count, name="count"),
    path("letters/<slug:slug>/updates/", views.updates, name="updates"),
    path("letters/<slug:slug>/updates/<int:update_id>/", views.update, name="update"),
    path("letters/<slug:slug>/feed/", views.feed, name="feed"),
    # /<language>/letters/<slug>/   in another language than its own
    path("<language:language>/letters/<slug:slug>/", views.letter, name="translated_letter"),
    path("<language:language>/letters/<slug:slug>/signatures/", views.signatures, name="translated_signatures"),
    path("<language:language>/letters/<slug:slug>/history/", views.history, name="translated_history"),
    path("<language:language>/letters/<slug:slug>/history/<int:number>/", views.past_text, name="translated_past_text"),
    path("<language:language>/letters/<slug:slug>/updates/", views.updates, name="translated_updates"),
    path("<language:language>/letters/<slug:slug>/updates/<int:update_id>/", views.update, name="translated_update"),
    path("<language:language>/letters/<slug:slug>/feed/", views.feed, name="translated_feed"),
]
