from django.urls import path

from letters.organizer.first_signatories import views

urlpatterns = [
    path("organize/letters/<slug:slug>/first-signers/", views.first_signatories, name="first_signatories"),
    path("organize/letters/<slug:slug>/first-signers/list/", views.invite_list, name="invite_list"),
    path("organize/letters/<slug:slug>/first-signers/email/", views.as_email, name="preview_invitation"),
    path("organize/letters/<slug:slug>/first-signers/round/", views.manage_invitations, name="manage_invitations"),
]
