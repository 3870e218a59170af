from django.urls import path

from letters.signer.lost_mailboxes import views

urlpatterns = [path("moderate/lost/mailbox/", views.lost_mailbox, name="lost_mailbox")]
