from typing import Any

from django import forms
from django.conf import settings

from letters.base.site_pages.operations import require_savable
from letters.base.site_pages.placeholders import MEANINGS
from letters.base.site_pages.queries import draft_of, newest_version
from letters.models import SitePage
from letters.shared.explaining import add_refusal
from letters.shared.refused import Refused

PLACES = ", ".join(f"{{{name}}}" for name in MEANINGS)
HELP = (
    "Markdown: ## heading, - list, **bold**, [text](https://example.org/). These words follow your settings: "
    f"{PLACES}. Leave the text empty to take the page off the site. The notice on every page is plain text of at most "
    f"{SitePage.MAX_NOTICE_LENGTH} characters, in which web addresses become links, and without these words."
)


class SitePageForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A new version of a page of the site, in one language."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
    based_on = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput, label="")

    class Meta:
        model = SitePage
        fields = ["name", "language", "markdown"]
        widgets = {"markdown": forms.Textarea(attrs={"rows": 30, "cols": 100, "class": "vLargeTextField"})}
        labels = {"markdown": "Text"}
        help_texts = {"markdown": HELP}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if {"name", "language", "markdown"} <= cleaned.keys():
            self.instance.number = (cleaned.get("based_on") or 0) + 1
            try:
                require_savable(
                    cleaned["name"],
                    cleaned["language"],
                    markdown=cleaned["markdown"],
                    based_on=self.instance.number - 1,
                )
            except Refused as refused:
                add_refusal(self, refused, "save_page")
        return cleaned


def first_values(name: str, language: str) -> dict[str, Any]:
    """Return what the form shows first: the newest text of the page, or the program's draft of it."""
    newest = newest_version(name, language)
    text = newest.markdown if newest else ""
    return {
        "name": name,
        "language": language,
        "markdown": text or draft_of(name, language, for_operator=True),
        "based_on": newest.number if newest else 0,
    }
