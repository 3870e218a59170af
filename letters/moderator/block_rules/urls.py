from django.urls import path

from letters.moderator.block_rules import views

urlpatterns = [
    path("moderate/rules/", views.rules, name="block_rules"),
    path("moderate/rules/new/", views.new_rule, name="new_block_rule"),
    path("moderate/rules/<int:pk>/", views.rule, name="block_rule"),
]
