"""Forms with which a site moderator finds and removes a domain, or lets a collective prove it again."""

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from letters.models import CollectiveDomain


class RemoveDomainForm(forms.Form):
    domain = forms.ModelChoiceField(CollectiveDomain.objects.select_related("collective"), widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why the collective must not show this domain"),
        max_length=1000,
        help_text=_(
            "The owners of the collective read this in an email and in its activity. Do not include names of people."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Enter why the collective must not show this domain.")},
    )

    def __init__(self, data: QueryDict | None = None, *, about: int = 0) -> None:
        super().__init__(data, auto_id=f"remove_{about}_%s", label_suffix="", initial={"domain": about})
        # Only a removal needs a reason.
        self.allows = data is not None and data.get("action") == "allow"
        self.fields["reason"].required = not self.allows


class FindDomainForm(forms.Form):
    """The search for a domain, or for a collective."""

    q = forms.CharField(
        label=_("Domain, or name of a collective in web addresses"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id="find_%s", label_suffix="")
