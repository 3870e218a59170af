from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

LISTS = [
    ("published", _("Published signatures")),
    ("held", _("Waiting for a moderator")),
    ("withdrawn", _("Withdrawn by their signers")),
    ("rejected", _("Removed by moderators")),
]


class SearchForm(forms.Form):
    """The signatures to show. Invalid input shows an error and the first page."""

    marks_optional = False

    q = forms.CharField(label=_("Name or affiliation"), max_length=200, required=False)
    shown = forms.ChoiceField(
        label=_("Show"),
        choices=LISTS,
        required=False,
        error_messages={"invalid_choice": _("Select a list of signatures.")},
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id="find_%s", label_suffix="")

    @property
    def shown_list(self) -> str:
        return self.cleaned_data.get("shown") or "published"
