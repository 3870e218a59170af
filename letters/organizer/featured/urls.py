from django.urls import path

from letters.organizer.featured import views

urlpatterns = [
    path("organize/letters/<slug:slug>/featured/", views.featured, name="featured_signers"),
    path("organize/letters/<slug:slug>/featured/<int:number>/", views.feature, name="feature_signer"),
    path("organize/letters/<slug:slug>/featured/<int:number>/stop/", views.stop, name="stop_featuring"),
]
