from django.urls import path

from letters.signer.carry_over import views

urlpatterns = [
    # /organize/letters/<slug>/history/
    path("organize/letters/<slug:slug>/history/", views.history, name="letter_history"),
    path("organize/letters/<slug:slug>/history/ask/", views.ask, name="ask_to_carry_over"),
    path("organize/letters/<slug:slug>/history/email/", views.as_email, name="carry_over_as_email"),
    # /signatures/carry-over/<token>/
    path("signatures/carry-over/<str:token>/", views.carry_over, name="carry-over"),
]
