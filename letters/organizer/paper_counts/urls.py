from django.urls import path

from letters.organizer.paper_counts import views

urlpatterns = [
    path("organize/letters/<slug:slug>/paper/", views.paper_counts, name="paper_counts"),
    path("organize/letters/<slug:slug>/paper/<int:paper_id>/", views.correct, name="correct_paper_count"),
    path("organize/letters/<slug:slug>/paper/<int:paper_id>/remove/", views.withdraw, name="withdraw_paper_count"),
    path("site/letters/<slug:slug>/paper/", views.of_site_moderators, name="site_paper_counts"),
]
