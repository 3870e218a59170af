"""The form "Emails you get"."""

from collections.abc import Iterable, Mapping

from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.models import TOPICS, TOPICS_OF, EmailChoices, NotificationKind, Topic

OF_THE_DAY = TOPICS_OF[NotificationKind.DAILY]
OF_STAFF = tuple(topic for topic, rules in TOPICS.items() if not rules.roles)
AT_ONCE = tuple(topic for topic in Topic if topic not in {*OF_THE_DAY, *OF_STAFF})
# The fields of each group on the page, with a hint.
GROUPS: Mapping[tuple[Promise, Promise], tuple[Topic, ...]] = {
    (
        _("In one email a day"),
        _("We send this at 8 in the morning, in the time zone of the collective, if something happened."),
    ): (OF_THE_DAY),
    (_("When it happens"), _("We send a separate email for each.")): AT_ONCE,
    (_("For staff"), _("At most once an hour.")): OF_STAFF,
}


class EmailChoicesForm(forms.Form):
    """One checkbox for each topic that the person can get emails about, and the language of these emails."""

    language = forms.ChoiceField(
        label=_("Language of these emails"),
        required=False,
        error_messages={"invalid_choice": _("Select a language from the list.")},
    )
    marks_optional = False

    def __init__(self, topics: Iterable[Topic], choices: EmailChoices, data: QueryDict | None = None) -> None:
        self.topics = list(topics)
        shown = {topic.value: choices.wants(topic) for topic in self.topics}
        super().__init__(data, auto_id="emails_%s", label_suffix="", initial={**shown, "language": choices.language})
        for topic in self.topics:
            self.fields[topic.value] = forms.BooleanField(label=topic.label, required=False)
        languages = [("", _("The language of the letter")), *settings.LANGUAGES]
        self.fields["language"].choices = languages  # type: ignore[attr-defined]

    def groups(self) -> list[tuple[Promise, Promise, list[forms.BoundField]]]:
        """Return title, hint and fields of each group that has any for this person."""
        groups = [
            (title, hint, [self[topic.value] for topic in topics if topic in self.topics])
            for (title, hint), topics in GROUPS.items()
        ]
        return [group for group in groups if group[2]]

    def wanted(self) -> dict[Topic, bool]:
        """Return the selected topics. The form must be valid."""
        return {topic: self.cleaned_data[topic.value] for topic in self.topics}
