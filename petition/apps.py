from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from petition import checks  # noqa: F401 -- importing it registers the checks


class PetitionConfig(AppConfig):
    name = "petition"


class StaffConfig(AdminConfig):
    """Django's admin, behind the same door as everything else that needs an account."""

    default_site = "letters.base.accounts.views.StaffSite"
