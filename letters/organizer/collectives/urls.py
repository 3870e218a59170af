from django.urls import path

from letters.organizer.collectives import views

urlpatterns = [
    path("organize/collectives/", views.collectives, name="collectives"),
    path("organize/collectives/new/", views.new, name="new_collective"),
    path("organize/collectives/<slug:slug>/", views.members, name="collective"),
    path("organize/collectives/<slug:slug>/settings/", views.describe, name="describe_collective"),
    path("organize/collectives/<slug:slug>/record/", views.record, name="record_of_collective"),
    path("organize/collectives/<slug:slug>/record/activity.csv", views.record_csv, name="record_csv"),
    path("organize/collectives/<slug:slug>/invite/", views.invite, name="invite_member"),
    path("organize/collectives/<slug:slug>/invitations/<int:pk>/", views.revoke, name="revoke_invitation"),
    path("organize/collectives/<slug:slug>/members/<int:pk>/", views.change_member, name="change_member"),
    path("organize/collectives/<slug:slug>/leave/", views.leave, name="leave_collective"),
    path("organize/invitations/<str:token>/", views.join, name="join"),
]
