from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "letters"
    # The label stands in table names, migrations and permissions: it stays for ever.
    label = "letters"
    verbose_name = "Letters"
