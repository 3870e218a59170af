"""One template shows every field, and one summary every error."""

import re
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

from django import forms
from django.core.exceptions import ValidationError
from django.template import engines

from letters.base.accounts.second_factors import AuthenticateForm, RenamePasskeyForm
from letters.organizer.letter_editor.forms import RevisionForm

TEMPLATES = Path("letters/templates")
CHOICES = [("a", "<i>First</i>"), ("b", "Second")]


class Everything(forms.Form):
    line = forms.CharField(
        label="<b>Line</b>", help_text="<u>Short</u>", widget=forms.TextInput({"placeholder": "Line"})
    )
    one = forms.ChoiceField(label="One", choices=CHOICES, widget=forms.RadioSelect, help_text="Only one.")
    some = forms.MultipleChoiceField(label="Some", choices=CHOICES, widget=forms.CheckboxSelectMultiple)
    yes = forms.BooleanField(label="Yes")
    note = forms.CharField(label="Note", required=False)
    secret = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> None:
        raise ValidationError("All of it is <wrong>.")


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(dict(attrs))

    def values(self, name: str) -> list[str]:
        return [value for attrs in self.found if (value := attrs.get(name))]


def summary(*given: forms.BaseForm, sentence: str = "") -> str:
    names = " ".join(f"form{place}" for place in range(len(given)))
    template = engines["django"].from_string(f"{{% load forms %}}{{% problems {names} sentence=sentence %}}")
    return template.render({"sentence": sentence, **{f"form{place}": form for place, form in enumerate(given)}})


def test_each_line_of_the_summary_leads_to_an_input_on_the_page() -> None:
    tags = Tags(str(Everything({})))
    links = [href.removeprefix("#") for href in tags.values("href")]
    assert links == ["id_line", "id_one_0", "id_some_0", "id_yes"]
    assert set(links) <= set(tags.values("id"))


def test_errors_of_the_whole_form_or_a_hidden_field_have_no_link() -> None:
    html = str(Everything({}))
    assert "<li>All of it is &lt;wrong&gt;.</li>" in html
    assert html.count("<li>This field is required.</li>") == 1


def test_a_line_of_the_summary_says_which_field_it_is_about() -> None:
    assert "&lt;b&gt;Line&lt;/b&gt;: This field is required.</a>" in summary(Everything({}))
    assert ">Enter what has changed, in one sentence. It is public.</a>" in summary(RevisionForm({"note": ""}))  # type: ignore[arg-type]


def test_hints_and_errors_belong_to_their_field_or_group() -> None:
    tags = Tags(str(Everything({})))
    described = tags.values("aria-describedby")
    assert described == [
        "id_line_helptext id_line_error",
        "id_one_helptext id_one_error",
        "id_some_error",
        "id_yes_error",
    ]
    assert {each for ids in described for each in ids.split()} <= set(tags.values("id"))
    assert tags.values("aria-invalid") == ["true"] * 6


def test_every_visible_input_has_a_label() -> None:
    tags = Tags(str(Everything()))
    inputs = {attrs["id"] for attrs in tags.found if attrs.get("name") and attrs.get("type") != "hidden"}
    assert inputs == set(tags.values("for"))


def test_nothing_that_a_form_says_is_read_as_html() -> None:
    html = str(Everything({}))
    assert not re.search("<[biu]>", html)
    assert all(f"&lt;{tag}&gt;" in html for tag in "biu")


def test_one_summary_lists_the_errors_of_all_forms_sent_together() -> None:
    html = summary(Everything({}), RevisionForm({"note": ""}), sentence="Someone was faster.")  # type: ignore[arg-type]
    assert html.count('id="problems"') == 1
    assert html.index("Someone was faster.") < html.index("#id_line") < html.index("#revision_kind_0")


def test_a_form_without_errors_has_no_summary() -> None:
    assert summary(Everything(), RevisionForm()).strip() == ""


def test_only_optional_fields_are_marked_optional() -> None:
    form = Everything()
    assert "optional" in form["note"].as_field_group()
    assert "optional" not in form["line"].as_field_group()


def test_labels_replace_placeholders() -> None:
    assert "placeholder" not in str(Everything())


def test_choices_show_the_hint_of_their_group() -> None:
    assert "A correction can change up to 5" in RevisionForm()["kind"].as_field_group()


def test_allauths_forms_have_our_labels() -> None:
    passkey = SimpleNamespace(wrap=lambda: SimpleNamespace(name="Phone"))
    assert "Name of the passkey" in str(RenamePasskeyForm(instance=passkey))
    assert "Code from your app, or a recovery code" in str(AuthenticateForm(user=None))


def test_no_other_template_says_what_a_field_or_an_error_looks_like() -> None:
    by_hand = re.compile(r"errors\.|auto_id|id_for_label|aria-invalid")
    pages = [path for path in TEMPLATES.rglob("*.html") if path.parent != TEMPLATES / "forms"]
    assert [str(path) for path in pages if by_hand.search(path.read_text(encoding="utf-8"))] == []
