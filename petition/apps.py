from django.apps import AppConfig

from petition import checks  # noqa: F401 -- importing it registers the checks


class PetitionConfig(AppConfig):
    name = "petition"
