"""The form of a rejection reason in the admin, which is in English."""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from letters.models import RejectionReason, ReviewDecision
from letters.moderator.moderation.queries import MAX_REASONS
from letters.shared.languages import direction, language_name, languages_of_browser


def _words(language: str, what: str, most: int) -> forms.CharField:
    name = language_name(language)
    label, hint = f"{what} ({name})", "What moderators press." if what == "Label" else "What the signer reads."
    width = "vTextField" if what == "Label" else "vLargeTextField"
    return forms.CharField(
        label=label,
        help_text=hint,
        max_length=most,
        required=language == settings.LANGUAGE_CODE,
        strip=True,
        widget=forms.TextInput(attrs={"class": width, "lang": language, "dir": direction(language)}),
    )


LANGUAGES = [code for code, _name in settings.LANGUAGES]


class RejectionReasonForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A reason of the site's list, in the admin, which is in English."""

    code = forms.SlugField(
        max_length=20, help_text="Short, for example not_a_person. It cannot be changed, and decisions store it."
    )
    position = forms.IntegerField(min_value=1, max_value=99, initial=1, help_text="The lowest comes first.")
    is_retired = forms.BooleanField(label="Retired: moderators cannot choose it", required=False)

    class Meta:
        model = RejectionReason
        fields = ["code", "position"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = self.instance
        if stored.pk:
            self.initial["is_retired"] = stored.retired_at is not None
            for language in LANGUAGES:
                self.initial[f"label_{language}"] = stored.labels.get(language, "")
                self.initial[f"sentence_{language}"] = stored.sentences.get(language, "")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if code == ReviewDecision.Reason.OTHER:
            raise ValidationError("“other” stands for a reason that is not on the list. Choose another code.", "other")
        if not self.instance.pk and RejectionReason.objects.filter(code=code).exists():
            raise ValidationError(f"“{code}” exists already. Change that one, or choose another code.", "known")
        return code

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        code = cleaned.get("code", self.instance.code)
        others = RejectionReason.objects.active().exclude(code=code).count()
        if not cleaned.get("is_retired") and others >= MAX_REASONS:
            raise ValidationError(f"Moderators can choose from {MAX_REASONS} reasons. Retire one first.", "many")
        return cleaned

    def words(self, what: str) -> dict[str, str]:
        """Return the words in each language that has some."""
        found = {language: self.cleaned_data.get(f"{what}_{language}", "") for language in LANGUAGES}
        return {language: words for language, words in found.items() if words}


# One field for each interface language. The admin reads the declared fields.
for _code in LANGUAGES:
    RejectionReasonForm.declared_fields[f"label_{_code}"] = _words(_code, "Label", 40)
    RejectionReasonForm.declared_fields[f"sentence_{_code}"] = _words(_code, "Sentence", 300)
RejectionReasonForm.base_fields = RejectionReasonForm.base_fields | RejectionReasonForm.declared_fields


def fields_by_language(accepted: str, reason: RejectionReason | None) -> list[tuple[str | None, dict[str, Any]]]:
    """Return the fieldsets of the form: one for each language. `accepted` is the header Accept-Language.

    English is first and must have words, because it stands in for languages without words. Then come the languages of
    the person's browser. The rest is folded.
    """
    read = [language for language in languages_of_browser(accepted) if language in LANGUAGES]
    groups: list[tuple[str | None, dict[str, Any]]] = [(None, {"fields": ["code", "position", "is_retired"]})]
    for language in dict.fromkeys([settings.LANGUAGE_CODE, *read, *LANGUAGES]):
        group: dict[str, Any] = {"fields": [f"label_{language}", f"sentence_{language}"]}
        name = language_name(language)
        if language == settings.LANGUAGE_CODE:
            group["description"] = "Needed. People read it where their own language has no words."
        elif language not in read:
            group["classes"] = ["collapse"]
            name += "" if reason and reason.labels.get(language) else " (no words)"
        groups.append((name, group))
    return groups
