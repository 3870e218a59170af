from django.urls import path, re_path

from letters.moderator.moderation.views import bulk, lists, opinions, queue, search

urlpatterns = [
    path("moderate/", queue.queue, name="moderate"),
    path("moderate/next/", queue.more, name="review_next"),
    path("moderate/decide/", queue.decide, name="review_decide"),
    path("moderate/search/", search.search, name="review_search"),
    path("moderate/search/address/", search.by_address, name="search_address"),
    path("moderate/about/signals/", queue.signals, name="review_signals"),
    path("moderate/about/opinion/", opinions.opinion, name="second_opinion"),
    path("moderate/about/opinions/", opinions.disagreements, name="second_opinions"),
    path("moderate/<slug:slug>/bulk/", bulk.bulk, name="bulk_decisions"),
    path("moderate/<slug:slug>/bulk/<int:pk>/", bulk.bulk_decision, name="bulk_decision"),
    path("moderate/<slug:slug>/", lists.signatures, name="moderate_letter"),
    re_path(
        "^moderate/(?P<slug>[-a-zA-Z0-9_]+)/(?P<shown>waiting|published|rejected)/$",
        lists.signatures,
        name="moderate_list",
    ),
]
