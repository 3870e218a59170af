from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "letters"
    # The label is part of table names, migrations and permissions, so it must never change.
    label = "letters"
    verbose_name = "Letters"

    def ready(self) -> None:
        from letters.base.accounts import signals  # noqa: F401, PLC0415 -- importing it connects them, once models are there
