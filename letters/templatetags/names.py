"""The rows of the public list.

Performance: a page has a hundred. Django's templates take four times as long for them as this.
"""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from django import template
from django.utils.formats import localize
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from letters.models import Letter, Signature, State
from letters.templatetags.shown import role_and_affiliation
from letters.templatetags.states import signed_text, state_on_list

register = template.Library()

ROW = '<li><span class="number">{}</span>\n<span class="who">{}</span></li>\n'


@register.simple_tag(takes_context=True)
def listed_names(context: template.Context, signatures: Iterable[Signature]) -> SafeString:
    """Return the rows of these signatures, as the variables `marks_first`, `shows_comments` and so on say.

    Security: everything that someone typed is escaped here.
    """
    rows = _Rows(context)
    texts = (ROW.format(escape(localize(each.number)), "\n".join(rows.said_of(each))) for each in signatures)
    return mark_safe("".join(texts))  # noqa: S308


class _Rows:
    """What the page says about each signature, in its language."""

    def __init__(self, context: template.Context) -> None:
        self.marks_first = bool(context.get("marks_first"))
        self.comments_of: Letter | None = context["letter"] if context.get("shows_comments") else None
        links = context.get("links_affiliations")
        self.affiliations_url = f"{context['signatures_url']}?affiliation=" if links else ""
        self.texts: dict[str, str] = {}

    def said_of(self, signature: Signature) -> Iterator[str]:
        """Yield the HTML of everything that the list says about a signature beside its number."""
        state = state_on_list(signature)
        if state != State.PUBLISHED:
            yield _span("withheld", gettext("removed") if state == State.REJECTED else gettext("withdrawn"))
            return
        name = signature.public_name
        if name:
            yield f'<span class="name"><bdi>{escape(name)}</bdi></span>'
        else:
            yield _span("withheld", gettext("name withheld"))
        if signature.verified == Signature.Verified.SAMPLE:
            yield _span("sample", gettext("sample"))
        if name and (described := role_and_affiliation(signature)):
            yield self._described(described, signature.affiliation)
        yield from self._more_of(signature)

    def _more_of(self, signature: Signature) -> Iterator[str]:
        if signature.domain:
            confirmed = gettext("confirmed at %(domain)s") % {"domain": signature.domain}
            yield _span("confirmed-at", confirmed)
        if which := _annotated(signature):
            yield _span("signed-text", self._text(which))
        if self.comments_of and (comment := signature.public_comment(self.comments_of)):
            yield f'<q class="comment" dir="auto">{escape(comment)}</q>'
        if self.marks_first and signature.is_first:
            yield _span("first", gettext("first signatory"))

    def _described(self, described: str, affiliation: str) -> str:
        words = f"<bdi>{escape(described)}</bdi>"
        if not (self.affiliations_url and affiliation):
            return f'<span class="affiliation">{words}</span>'
        url = escape(self.affiliations_url + quote(affiliation, safe=""))
        return f'<a class="affiliation" rel="nofollow" href="{url}">{words}</a>'

    def _text(self, which: str) -> str:
        if which not in self.texts:
            self.texts[which] = str(signed_text(which))
        return self.texts[which]


def _annotated(signature: Any) -> str:
    """Return the annotation of `with_signed_text`."""
    return str(getattr(signature, "signed_text", ""))


def _span(kind: str, words: str) -> str:
    return f'<span class="{kind}">{escape(words)}</span>'
