from letters.moderator.reports import views
from letters.shared.localized_paths import localized_paths

urlpatterns = [
    *localized_paths("letters/<slug:slug>/report/", views.report_letter_page, name="report_letter"),
    *localized_paths("letters/<slug:slug>/signatures/report/", views.report_signature_page, name="report_signature"),
    *localized_paths("letters/<slug:slug>/signatures/my-name/", views.report_name_page, name="report_name"),
    *localized_paths("signatures/name-report/<str:token>/", views.name_report, name="name-report"),
]
