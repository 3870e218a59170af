from letters.moderator.reports import views
from letters.shared.localized_paths import localized_paths

urlpatterns = [
    *localized_paths("letters/<slug:slug>/report/", views.report_letter_page, name="report_letter"),
    *localized_paths("letters/<slug:slug>/signatures/report/", views.report_signature_page, name="report_signature"),
]
