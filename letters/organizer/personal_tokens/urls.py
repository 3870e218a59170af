from django.urls import path

from letters.organizer.personal_tokens import views

urlpatterns = [
    path("organize/collectives/<slug:slug>/tokens/", views.tokens, name="personal_tokens"),
    path("organize/collectives/<slug:slug>/tokens/new/", views.new_token, name="new_personal_token"),
    path("organize/collectives/<slug:slug>/tokens/<int:token_id>/revoke/", views.revoke, name="revoke_personal_token"),
]
