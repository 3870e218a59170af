"""Make Django render every form with the templates in templates/forms."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BoundField, Widget
from django.forms import Field as Input
from django.forms.renderers import TemplatesSetting


class Field(BoundField):
    @property
    def is_marked_optional(self) -> bool:
        """Return whether the field is marked optional. A form with `marks_optional = False` never does."""
        return not self.field.required and getattr(self.form, "marks_optional", True)

    def build_widget_attrs(self, attrs: dict[str, Any], widget: Widget | None = None) -> dict[str, Any]:
        # Accessibility: the label says what to type. A placeholder disappears as soon as someone types.
        return super().build_widget_attrs({"placeholder": False, **attrs}, widget)


class FormRenderer(TemplatesSetting):
    """Renders the error summary and all fields for `{{ form }}`, and one field for `{{ form.name.as_field_group }}`."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = Field


@dataclass(frozen=True)
class Problem:
    """A line of the error summary, with the id of the input to correct ("" if there is none)."""

    sentence: str
    anchor: str = ""


def problems_of(form: BaseForm) -> Iterator[Problem]:
    """Yield the errors of the whole form, then of each field in page order."""
    if not form.errors:
        return
    for sentence in form.non_field_errors():
        yield Problem(str(sentence))
    for field in form:
        if field.errors:
            yield Problem(_sentence(field), _anchor(field))


def _sentence(field: BoundField) -> str:
    said = " ".join(map(str, field.errors))
    # Django's own sentence about an empty field does not name the field.
    is_vague = said == Input.default_error_messages["required"] and not field.is_hidden
    return f"{field.label}: {said}" if is_vague else said


def _anchor(field: BoundField) -> str:
    if field.is_hidden:
        return ""
    # A group of choices has no input with the field's id, so the link leads to its first choice.
    return f"{field.auto_id}_0" if field.use_fieldset else field.auto_id
