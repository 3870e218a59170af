from urllib.parse import urlsplit

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.shared.public_addresses import clean_public_url


class MirrorForm(forms.Form):
    """The address of a copy on another website."""

    url = forms.CharField(
        label=_("Address of the copy"),
        max_length=480,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Of the folder with index.html, or of index.html itself. It begins with https://."),
        error_messages={
            "required": _("Enter the address of the copy, like https://copies.example.org/night-trains/."),
            "max_length": _("The address can have 480 characters at most. Use a shorter one."),
        },
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="mirror_%s", label_suffix="")

    def clean_url(self) -> str:
        """Return the address of the folder, with a slash at its end, so that each copy has one address."""
        url = clean_public_url(str(self.cleaned_data["url"])).removesuffix("index.html")
        if urlsplit(url).query:
            raise forms.ValidationError(_("Leave out the question mark and what follows it."))
        return url if url.endswith("/") else f"{url}/"
