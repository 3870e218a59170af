from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

from petition import checks  # noqa: F401 -- importing it registers the checks


class PetitionConfig(AppConfig):
    name = "petition"


class StaffConfig(AdminConfig):
    """Django's admin with our own sign-in."""

    default_site = "letters.base.accounts.views.StaffSite"
