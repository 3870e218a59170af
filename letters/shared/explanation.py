"""The sentence that a person reads about a refusal, with its HTTP status and form field."""

import dataclasses
from collections.abc import Mapping
from typing import Literal

from django.utils.functional import Promise

# The task of the person, where the same refusal needs another sentence.
Action = (
    Literal["", "begin", "cover", "export", "invite", "move", "publish", "revise", "save_page", "schedule"]
    | Literal["send", "show", "withdraw", "write"]
)


@dataclasses.dataclass(frozen=True)
class Explanation:
    sentence: Promise
    status: int = 409
    # The form field that the sentence is about. Forms without it show the sentence above.
    field: str | None = None
    for_action: Mapping[Action, Promise] = dataclasses.field(default_factory=dict)
