from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from letters.models import Letter, TakeDown
from letters.moderator.takedowns.operations import Statement

ANSWER_WANTED = _("Enter the reasons for your decision. The collective gets them by email.")


class FindForm(forms.Form):
    """A letter by its web address, or by the last part of it."""

    address = forms.CharField(
        label=_("Web address of the letter"),
        max_length=500,
        error_messages={"required": _("Enter the web address of the letter.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_address(self) -> Letter:
        """Return the letter, also by a former address. Drafts do not exist here."""
        parts = self.cleaned_data["address"].strip().strip("/").split("/")
        slug = parts[parts.index("letters") + 1] if "letters" in parts[:-1] else parts[-1]
        public = Letter.objects.public()
        found = public.filter(slug=slug).first() or public.filter(former_slugs__slug=slug).first()
        if found is None:
            raise ValidationError(_("There is no public letter at this address. Check it."), "no_letter")
        return found


class TakeDownForm(forms.Form):
    """The statement of reasons."""

    ground = forms.ChoiceField(
        label=_("Why you take the letter down"),
        choices=[
            (TakeDown.Ground.LAW, _("It is illegal content")),
            (TakeDown.Ground.RULES, _("It is against the rules of this site")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select why you take the letter down.")},
    )
    named = forms.CharField(
        label=_("The law with its article, or the rule"),
        max_length=300,
        error_messages={"required": _("Name the law with its article, or the rule that the letter breaks.")},
    )
    facts = forms.CharField(
        label=_("What in the letter breaks it, and why"),
        max_length=2000,
        help_text=_("Everyone can read this. Do not repeat what is illegal, and name no person."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Explain what in the letter breaks the law or the rule, and why.")},
    )
    found_by = forms.ChoiceField(
        label=_("How you learned of it"),
        choices=[
            (TakeDown.FoundBy.REPORT, _("Someone reported it")),
            (TakeDown.FoundBy.MODERATOR, _("A moderator found it")),
            (TakeDown.FoundBy.AUTOMATED, _("An automated check pointed to it")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select how you learned of it.")},
    )

    def statement(self) -> Statement:
        """Return the input for `take_down_letter`. The form must be valid."""
        return Statement(**{name: self.cleaned_data[name] for name in ("ground", "named", "facts", "found_by")})


class AnswerForm(forms.Form):
    """The reasons that the collective gets with a decision."""

    reason = forms.CharField(
        label=_("Reasons for your decision"),
        max_length=2000,
        help_text=_("The collective gets this by email. Everyone else sees only the decision."),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": ANSWER_WANTED},
    )


class AppealForm(forms.Form):
    reason = forms.CharField(
        label=_("Why the decision is wrong"),
        max_length=3000,
        help_text=_("Only moderators of the site read this. You can appeal once."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Explain why the decision is wrong.")},
    )
