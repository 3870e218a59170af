from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "letters"
    # The label stands in table names, migrations and permissions: it stays for ever.
    label = "letters"
    verbose_name = "Letters"

    def ready(self) -> None:
        from letters.base.accounts import signals  # noqa: F401, PLC0415 -- importing it connects them, once models are there
