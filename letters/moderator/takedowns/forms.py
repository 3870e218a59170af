from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from letters.models import Letter, TakeDown
from letters.moderator.takedowns.operations import Statement
from letters.moderator.takedowns.queries import find_letters

ANSWER_WANTED = _("Enter the reasons for your decision. The collective gets them by email.")


class FindForm(forms.Form):
    """Letters by web address, number, words of the title, or collective."""

    address = forms.CharField(
        label=_("Web address, number, words of the title, or collective"),
        max_length=500,
        help_text=_("This search finds only public letters. It never finds drafts."),
        error_messages={"required": _("Enter what you know about the letter.")},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_address(self) -> list[Letter]:
        """Return the letters. Drafts do not exist here."""
        found = find_letters(self.cleaned_data["address"].strip())
        if not found:
            raise ValidationError(_("No public letter matches this. Check it, or enter fewer words."), "no_letter")
        return found


class TakeDownForm(forms.Form):
    """The statement of reasons."""

    ground = forms.ChoiceField(
        label=_("Why you are taking the letter down"),
        choices=[
            (TakeDown.Ground.LAW, _("It is illegal content")),
            (TakeDown.Ground.RULES, _("It is against the rules of this site")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select why you are taking the letter down.")},
    )
    named = forms.CharField(
        label=_("The law and its article, or the rule"),
        max_length=300,
        error_messages={"required": _("Name the law with its article, or the rule that the letter breaks.")},
    )
    facts = forms.CharField(
        label=_("What in the letter breaks the law or the rule, and why"),
        max_length=2000,
        help_text=_("Everyone can read this. Do not repeat anything illegal, and do not include names."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Explain what in the letter breaks the law or the rule, and why.")},
    )
    found_by = forms.ChoiceField(
        label=_("How you found out about it"),
        choices=[
            (TakeDown.FoundBy.REPORT, _("Someone reported it")),
            (TakeDown.FoundBy.MODERATOR, _("A moderator found it")),
            (TakeDown.FoundBy.AUTOMATED, _("An automated check pointed to it")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select how you found out about it.")},
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
