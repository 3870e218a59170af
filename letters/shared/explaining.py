"""Explain a refusal to the person who caused it, on a page or beside a field."""

from django.forms import BaseForm

from letters.shared import counting
from letters.shared.explanation import Action
from letters.shared.limits import TooMany
from letters.shared.refusals import EXPLANATIONS
from letters.shared.refused import Refusal, Refused


def sentence(refusal: Refusal, action: Action = "") -> str:
    answer = EXPLANATIONS[refusal]
    return str(answer.for_action.get(action, answer.sentence))


def explain(refused: Refused, action: Action = "") -> str:
    """Return the sentence for a page that is shown again. Raise `refused` again if the sentence would reveal too much.

    Privacy: a person who may not act on something gets 404 from the middleware, whatever the page was. The middleware
    also answers TooMany, and says how long to wait.
    """
    if EXPLANATIONS[refused.code].status == 404 or isinstance(refused, TooMany):
        raise refused
    counting.refused(refused.code)
    return sentence(refused.code, action)


def add_refusal(form: BaseForm, refused: Refused, action: Action = "") -> None:
    """Put the sentence beside its field on the form, or above a form without that field. Raises as `explain` does."""
    name = EXPLANATIONS[refused.code].field
    form.add_error(name if name in form.fields else None, explain(refused, action))
