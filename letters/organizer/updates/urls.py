from django.urls import path

from letters.organizer.updates import views

urlpatterns = [
    path("organize/letters/<slug:slug>/updates/", views.updates, name="write_to_signers"),
    path("organize/letters/<slug:slug>/updates/new/", views.write, name="new_update"),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/", views.write, name="edit_update"),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/preview/", views.preview, name="preview_update"),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/email/", views.as_email, name="update_as_email"),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/page/", views.as_page, name="update_as_page"),
    path(
        "organize/letters/<slug:slug>/updates/<int:update_id>/translations/<language:language>/",
        views.translate,
        name="translate_update",
    ),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/corrections/", views.correct, name="correct_update"),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/test/", views.try_out, name="test_update"),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/send/", views.send, name="send_update"),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/state/", views.move, name="move_update"),
    path("organize/letters/<slug:slug>/updates/<int:update_id>/progress/", views.progress, name="update_progress"),
    path("organize/letters/<slug:slug>/answers/", views.answers, name="letter_answers"),
    path("organize/letters/<slug:slug>/answers/new/", views.enter_answer, name="new_answer"),
    path("organize/letters/<slug:slug>/answers/<int:answer_id>/", views.enter_answer, name="edit_answer"),
    path("organize/letters/<slug:slug>/answers/<int:answer_id>/state/", views.move_answer, name="move_answer"),
    path("signatures/unsubscribe/<str:token>/", views.leave, name="unsubscribe"),
]
