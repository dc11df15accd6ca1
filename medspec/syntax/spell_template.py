"""The tree of a template back to its text: what `parse_template` reads as the same pieces.

    (Text("Q: "), Output(Name("question")))  ->  "Q: {{ question }}"

Comments and the author's choice between two ways of writing one thing are lost. White space that a statement would swallow,
and braces that would be read as a tag, are written as quoted texts: `{{ "{{" }}`. Such a text is a piece of its own until
the template is folded.
"""

from __future__ import annotations

import re
from typing import Any

from medspec.syntax import template
from medspec.syntax.template import Expression, Piece

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_OPENS_A_TAG = re.compile(r"\{(?=[{%#])")
_SWALLOWED = re.compile(r"(?:^|(?<=\n))[ \t]+\Z")
_LOOSEST = 0
_BINDS = {"or": 1, "and": 2, "not": 3}
_TIGHTEST = 5


def spell_template(pieces: tuple[Piece, ...]) -> str:
    """The text of a template with these pieces."""
    written = _Writer()
    written.body(pieces)
    return written.text


class _Writer:
    """The text so far, and where the last tag in it ended."""

    def __init__(self) -> None:
        self.text = ""
        self.after_tag = 0

    def body(self, pieces: tuple[Piece, ...]) -> None:
        for piece in _joined(pieces):
            match piece:
                case template.Text(text):
                    self.text += _OPENS_A_TAG.sub('{{ "{" }}', text).replace("\r", '{{ "\\r" }}')
                case template.Output(expression):
                    self._tag("{{ " + spell_expression(expression) + " }}")
                case template.For(name, over, body):
                    self._statement(f"for {name} in {spell_expression(over)}")
                    self.body(body)
                    self._statement("endfor")
                case template.If(branches, otherwise):
                    for index, (test, inner) in enumerate(branches):
                        self._statement(f"{'elif' if index else 'if'} {spell_expression(test)}")
                        self.body(inner)
                    if otherwise:
                        self._statement("else")
                        self.body(otherwise)
                    self._statement("endif")

    def _tag(self, written: str) -> None:
        if self.text.endswith("{") and len(self.text) > self.after_tag:
            self.text = self.text[:-1] + '{{ "{" }}'
        self.text += written
        self.after_tag = len(self.text)

    def _statement(self, content: str) -> None:
        # White space between the start of a line and a statement is swallowed.
        since = self.text[self.after_tag :]
        found = _SWALLOWED.search(since)
        if found and (self.after_tag == 0 or "\n" in since):
            self.text = self.text[: len(self.text) - len(found.group())]
            self._tag("{{ " + _literal(found.group()) + " }}")
        self._tag("{% " + content + " %}")
        # A line break right after a statement is swallowed, so there is always one to swallow.
        self.text += "\n"


def _joined(pieces: tuple[Piece, ...]) -> list[Piece]:
    """The pieces with neighbouring texts as one, since two braces may stand in two of them."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, template.Text) and found and isinstance(found[-1], template.Text):
            found[-1] = template.Text(found[-1].text + piece.text)
        else:
            found.append(piece)
    return found


def spell_expression(expression: Expression, binds: int = _LOOSEST) -> str:
    """An expression as it is written; in brackets where it binds less tightly than `binds`."""
    match expression:
        case template.Name(name):
            return name
        case template.Literal(value):
            return _literal(value)
        case template.Attribute(target, name):
            return f"{spell_expression(target, _TIGHTEST)}.{name}"
        case template.Item(target, index):
            return f"{spell_expression(target, _TIGHTEST)}[{index}]"
        case template.Filter(target, name, arguments):
            given = f"({', '.join(_literal(argument) for argument in arguments)})" if arguments else ""
            return f"{spell_expression(target, _TIGHTEST)} | {name}{given}"
        case template.Compare(left, op, right):
            text = f"{spell_expression(left, _TIGHTEST)} {op} {spell_expression(right, _TIGHTEST)}"
            return f"({text})" if binds >= _TIGHTEST else text
        case template.Logic(op, terms):
            own = _BINDS[op]
            spelled = [spell_expression(term, own if op == "not" else own + 1) for term in terms]
            text = f"not {spelled[0]}" if op == "not" else f" {op} ".join(spelled)
            return f"({text})" if binds > own else text


def _literal(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(_ESCAPES.get(letter, letter) for letter in value) + '"'
    if isinstance(value, float):
        return f"{value:.17f}".rstrip("0") + "0" if "e" in repr(value) else repr(value)
    return str(value)
