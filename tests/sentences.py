"""Every sentence that templates and code hand to gettext, exactly as gettext gets it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias, cast

from django.conf import settings
from django.template import Engine
from django.template.base import Lexer, Template, TokenType
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

# A sentence, or a singular and a plural.
Sentence: TypeAlias = str | tuple[str, str]

ONE = {"_", "gettext", "gettext_lazy", "gettext_noop"}
ONE_AND_MANY = {"ngettext", "ngettext_lazy"}
QUOTED = re.compile(r"""_\((?:"([^"]*)"|'([^']*)')\)""")


def sentences_of_site() -> set[Sentence]:
    root = Path(settings.BASE_DIR)
    found: set[Sentence] = set()
    for path in sorted((root / "letters" / "templates").rglob("*.*")):
        found.update(sentences_of_template(path.read_text(encoding="utf-8")))
    for folder in ("letters", "petition"):
        for path in sorted((root / folder).rglob("*.py")):
            found.update(sentences_of_code(path.read_text(encoding="utf-8")))
    return found


def sentences_of_template(source: str) -> Iterator[Sentence]:
    """Ask the compiled template, because Django trims spaces and doubles percent signs."""
    nodes = Template(source, engine=Engine.get_default()).nodelist
    for node in nodes.get_nodes_by_type(TranslateNode):
        literal = cast("TranslateNode", node).filter_expression.var.literal
        if literal is not None:
            yield str(literal).replace("%", "%%")
    for node in nodes.get_nodes_by_type(BlockTranslateNode):
        block = cast("BlockTranslateNode", node)
        one, _names = block.render_token_list(block.singular)
        yield (one, block.render_token_list(block.plural)[0]) if block.plural else one
    # Words that are passed to a tag or filter, as in {% include "button.html" with label=_("Sign") %}.
    for token in Lexer(source).tokenize():
        if token.token_type in {TokenType.VAR, TokenType.BLOCK}:
            yield from (double or single for double, single in QUOTED.findall(token.contents))


def sentences_of_code(source: str) -> Iterator[Sentence]:
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        words = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name in ONE and words:
            yield words[0]
        elif name in ONE_AND_MANY and len(words) == 2:
            yield words[0], words[1]
