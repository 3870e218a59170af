import copy
from collections.abc import Callable

import pytest
from django import forms

from letters.signer.signing.forms import ChangeForm, SigningForm

EVERY_FIELD = [*SigningForm.base_fields]


@pytest.fixture(params=[SigningForm, ChangeForm])
def fields(request: pytest.FixtureRequest) -> Callable[[], dict[str, forms.Field]]:
    """Return the fields of a new form, before it changes them."""
    return lambda: copy.deepcopy(request.param.base_fields)


@pytest.mark.parametrize("name", EVERY_FIELD)
def test_a_form_changes_its_own_fields_and_no_others(fields: Callable[[], dict[str, forms.Field]], name: str) -> None:
    changed = fields()[name]
    changed.required = not changed.required
    changed.help_text = "changed"
    changed.error_messages["required"] = "changed"
    changed.validators.append(print)
    changed.widget.attrs["class"] = "changed"
    changed.widget.is_required = "changed"
    if isinstance(changed, forms.ChoiceField):
        changed.choices = [("changed", "changed")]
    other, of_django = fields()[name], copy.deepcopy(SigningForm.base_fields[name])
    assert type(other) is type(of_django)
    assert type(other.widget) is type(of_django.widget)
    assert other.required == of_django.required
    assert other.help_text == of_django.help_text
    assert other.error_messages == of_django.error_messages
    assert other.validators == of_django.validators
    assert other.widget.attrs == of_django.widget.attrs
    assert other.widget.is_required == of_django.widget.is_required
    if isinstance(other, forms.ChoiceField) and isinstance(of_django, forms.ChoiceField):
        assert list(other.widget.choices) == list(of_django.widget.choices)
