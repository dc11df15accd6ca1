"""Template text to the tree of `template.py`; anything outside the allowed part of Jinja is a `TemplateProblem`.

White space follows Jinja with `trim_blocks` and `lstrip_blocks`: a statement alone on its line vanishes with the line.

    "{% for o in options %}\\n- {{ o }}\\n{% endfor %}"  ->  For("o", Name("options"), (Text("- "), Output(Name("o")), Text("\\n")))
"""

from __future__ import annotations

import re

import attrs

from medspec.syntax import template
from medspec.syntax.template import Expression, Piece

MAX_DEPTH = 40
"""How deep statements and brackets may be nested, and how many filters may stand in a row."""

MAX_DIGITS = 18

_TAG = re.compile(r"\{\{|\{%|\{#")
_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<number>[0-9]+(?:\.[0-9]+)?)|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    r"""|(?P<op>==|!=|<=|>=|[<>|.,()\[\]\-]))""",
    re.DOTALL,
)
_MARK_IN_TAG = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\}\}|%\}|["\']', re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_STATEMENTS = ("for", "endfor", "if", "elif", "else", "endif")
_RESERVED = ("and", "or", "not", "in", "if", "else", "is", "true", "True", "false", "False", "none", "None")


class TemplateProblem(Exception):
    """Something in a template that cannot be read. `start` and `end` are offsets in the template's text."""

    def __init__(self, title: str, start: int, end: int, *helps: str) -> None:
        self.title = title
        self.start = start
        self.end = end
        self.helps = helps
        super().__init__(title)


@attrs.frozen
class _Part:
    """One stretch of the text: `text`, `output` or `statement`, with the offset of its content."""

    kind: str
    content: str
    start: int


def parse_template(text: str) -> tuple[Piece, ...]:
    """The pieces of a template. Offsets in the tree count code points of `text`."""
    reader = _Reader(_parts(text))
    pieces = reader.body(0)
    if reader.at < len(reader.parts):
        part = reader.parts[reader.at]
        word = part.content.split()[0]
        raise TemplateProblem(f"`{word}` closes nothing", part.start, part.start + len(part.content.rstrip()))
    return pieces


def _parts(text: str) -> list[_Part]:
    parts: list[_Part] = []
    at = 0
    trim_line = trim_all = False
    while at <= len(text):
        match = _TAG.search(text, at)
        end = match.start() if match else len(text)
        literal = text[at:end]
        if trim_all:
            literal = literal.lstrip()
        elif trim_line:
            literal = literal.removeprefix("\n")
        if match is None:
            parts.append(_Part("text", literal, at))
            break
        opening = match.group()
        content_start, close_at, closing = _close(text, match)
        if text.startswith("-", content_start):
            literal = literal.rstrip()
            content_start += 1
        elif opening != "{{":
            # lstrip_blocks: only white space stands between the start of the line and the tag.
            line = text.rfind("\n", at, end) + 1
            if (line or at == 0) and not text[max(line, at) : end].strip(" \t"):
                literal = literal.rstrip(" \t")
        parts.append(_Part("text", literal, at))
        content_end = close_at
        trim_all = text[close_at - 1] == "-" and close_at > content_start
        if trim_all:
            content_end -= 1
        trim_line = opening != "{{" and not trim_all
        if opening != "{#":
            kind = "output" if opening == "{{" else "statement"
            parts.append(_Part(kind, text[content_start:content_end], content_start))
        at = close_at + len(closing)
    return [part for part in parts if part.kind != "text" or part.content]


def _close(text: str, match: re.Match[str]) -> tuple[int, int, str]:
    closing = {"{{": "}}", "{%": "%}", "{#": "#}"}[match.group()]
    if closing == "#}":
        close_at = text.find(closing, match.end())
    else:
        close_at = _close_of_code(text, match.end(), closing)
    if close_at < 0:
        raise TemplateProblem(
            f"this `{match.group()}` is never closed", match.start(), match.end(), f"close it with `{closing}`"
        )
    return match.end(), close_at, closing


def _close_of_code(text: str, start: int, closing: str) -> int:
    """Where `closing` stands after `start`, outside quoted texts; -1 where it does not."""
    for match in _MARK_IN_TAG.finditer(text, start):
        found, at = match.group(), match.start()
        if found == closing:
            return at
        if found in ('"', "'") and closing in text[at:]:
            raise TemplateProblem("this text is never closed", at, at + 1, f"close it with `{found}`")
        if found in ('"', "'"):
            # All that follows may be part of the quoted text: no use in looking for more.
            break
    return -1


@attrs.define
class _Reader:
    """Walks the parts; `at` is the next one."""

    parts: list[_Part]
    at: int = 0

    def body(self, depth: int) -> tuple[Piece, ...]:
        """Pieces up to a statement that closes or continues an outer one, or the end."""
        if depth > MAX_DEPTH:
            part = self.parts[self.at - 1]
            raise TemplateProblem(f"statements are nested more than {MAX_DEPTH} deep", part.start, part.start + 1)
        pieces: list[Piece] = []
        while self.at < len(self.parts):
            part = self.parts[self.at]
            if part.kind == "text":
                pieces.append(template.Text(part.content))
            elif part.kind == "output":
                pieces.append(template.Output(_expression(part.content, part.start)))
            else:
                word = self._word(part)
                if word in ("endfor", "elif", "else", "endif"):
                    return tuple(pieces)
                self.at += 1
                pieces.append(self.loop(part, depth) if word == "for" else self.condition(part, depth))
                continue
            self.at += 1
        return tuple(pieces)

    def _word(self, part: _Part) -> str:
        word = part.content.split()[0] if part.content.strip() else ""
        if word not in _STATEMENTS:
            start = part.start + len(part.content) - len(part.content.lstrip())
            raise TemplateProblem(
                f"`{word}` is not part of the template language" if word else "this statement is empty",
                start,
                start + max(len(word), 1),
                "a template may use `{{ ... }}`, `{% for x in xs %}`, `{% if ... %}`, `{% elif ... %}` and `{% else %}`",
            )
        if word in ("else", "endif", "endfor") and part.content.split() != [word]:
            start = part.start + part.content.index(word) + len(word)
            help_ = "write `{% elif ... %}`" if word == "else" else f"write `{{% {word} %}}`"
            raise TemplateProblem(f"`{word}` stands alone", start, part.start + len(part.content.rstrip()), help_)
        return word

    def loop(self, part: _Part, depth: int) -> template.For:
        match = re.match(r"\s*for\s+([A-Za-z_]\w*)\s+in\s+", part.content)
        if match is None:
            start = part.start + len(part.content) - len(part.content.lstrip())
            raise TemplateProblem(
                "a loop is written `for NAME in LIST`", start, part.start + len(part.content.rstrip())
            )
        if match.group(1) in _RESERVED:
            start = part.start + match.start(1)
            raise TemplateProblem(
                f"`{match.group(1)}` cannot be the name of a loop", start, start + len(match.group(1))
            )
        over = _expression(part.content[match.end() :], part.start + match.end())
        body = self.body(depth + 1)
        self._expect(("endfor",), part)
        return template.For(match.group(1), over, body, offset=part.start + match.start(1))

    def condition(self, part: _Part, depth: int) -> template.If:
        branches = []
        opened = part
        word = "if"
        while word in ("if", "elif"):
            skip = len(part.content) - len(part.content.lstrip()) + len(word)
            test = _expression(part.content[skip:], part.start + skip)
            branches.append((test, self.body(depth + 1)))
            part = self._expect(("elif", "else", "endif"), opened)
            word = part.content.split()[0]
        otherwise: tuple[Piece, ...] = ()
        if word == "else":
            otherwise = self.body(depth + 1)
            self._expect(("endif",), opened)
        return template.If(tuple(branches), otherwise)

    def _expect(self, words: tuple[str, ...], opened: _Part) -> _Part:
        part = self.parts[self.at] if self.at < len(self.parts) else None
        if part is not None and part.content.split()[0] in ("else", "elif") and words == ("endfor",):
            start = part.start + len(part.content) - len(part.content.lstrip())
            help_ = "test before the loop: `{% if LIST %} ... {% else %} ... {% endif %}`"
            raise TemplateProblem("a loop has no `else`", start, start + len(part.content.split()[0]), help_)
        if part is None or part.content.split()[0] not in words:
            word = opened.content.split()[0]
            start = opened.start + opened.content.index(word)
            raise TemplateProblem(
                f"this `{word}` is never closed", start, start + len(word), f"close it with `{{% {words[-1]} %}}`"
            )
        self.at += 1
        return part


@attrs.define
class _Words:
    """The tokens of one expression: (kind, text, offset)."""

    tokens: list[tuple[str, str, int]]
    end: int
    at: int = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str, int]:
        if self.at >= len(self.tokens):
            raise TemplateProblem("something is missing here", self.end, self.end)
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, mark: str) -> None:
        _, found, offset = self.take()
        if found != mark:
            raise TemplateProblem(f"expected `{mark}`, found `{found}`", offset, offset + len(found))


def _expression(text: str, start: int) -> Expression:
    tokens = []
    at = 0
    length = len(text.rstrip())
    while at < length:
        match = _TOKEN.match(text, at)
        if match is None:
            bad = at + len(text[at:]) - len(text[at:].lstrip())
            title = f"`{text[bad]}` is not part of the template language"
            raise TemplateProblem(title, start + bad, start + bad + 1, *_advice(text[bad]))
        kind = match.lastgroup or ""
        tokens.append((kind, match.group(kind), start + match.start(kind)))
        at = match.end()
    words = _Words(tokens, start + length)
    if not tokens:
        raise TemplateProblem("there is nothing between the braces", start, start + len(text))
    found = _or(words, 0)
    if words.at < len(tokens):
        _, word, offset = tokens[words.at]
        raise TemplateProblem(f"`{word}` cannot stand here", offset, offset + len(word), *_advice(word))
    return found


def _advice(word: str) -> tuple[str, ...]:
    if word == "(":
        return ("functions and methods cannot be called in a template; filters can: `{{ text | trim }}`",)
    if word in ("~", "+", "*", "/", "%"):
        return ("templates do not calculate and do not join: write the parts one after the other, `{{ a }} {{ b }}`",)
    if word == "if":
        return ("write `{% if ... %} ... {% else %} ... {% endif %}`",)
    return ()


def _or(words: _Words, depth: int) -> Expression:
    if depth > MAX_DEPTH:
        raise TemplateProblem(f"brackets are nested more than {MAX_DEPTH} deep", words.end, words.end)
    return _chain(words, "or", lambda: _chain(words, "and", lambda: _not(words, depth)))


def _chain(words: _Words, op: str, term) -> Expression:  # type: ignore[no-untyped-def]
    terms = [term()]
    while words.peek() == op and words.kind() == "name":
        words.take()
        terms.append(term())
    return terms[0] if len(terms) == 1 else template.Logic(op, tuple(terms), offset=terms[0].offset)


def _not(words: _Words, depth: int) -> Expression:
    negations: list[int] = []
    while words.peek() == "not" and words.kind() == "name":
        negations.append(words.take()[2])
        if len(negations) > MAX_DEPTH:
            raise TemplateProblem(f"more than {MAX_DEPTH} times `not`", negations[0], negations[0] + len("not"))
    found = _comparison(words, depth)
    for offset in reversed(negations):
        found = template.Logic("not", (found,), offset=offset)
    return found


def _comparison(words: _Words, depth: int) -> Expression:
    left = _postfix(words, depth)
    if words.peek() in ("==", "!=", "<", "<=", ">", ">=") or (words.peek() == "in" and words.kind() == "name"):
        op = words.take()[1]
        return template.Compare(left, op, _postfix(words, depth), offset=left.offset)
    return left


def _postfix(words: _Words, depth: int) -> Expression:
    found = _primary(words, depth)
    length = 0
    while words.peek() in (".", "|", "[") and words.kind() == "op":
        mark = words.take()[1]
        kind, word, offset = words.take()
        length += 1
        if length > MAX_DEPTH:
            raise TemplateProblem(f"more than {MAX_DEPTH} filters or fields in a row", offset, offset + len(word))
        if mark == "[":
            if kind != "number" or not word.isdigit() or len(word) > MAX_DIGITS:
                raise TemplateProblem("an index is a whole number", offset, offset + len(word))
            words.expect("]")
            found = template.Item(found, int(word), offset=found.offset)
            continue
        if kind != "name":
            raise TemplateProblem(f"expected a name after `{mark}`", offset, offset + len(word))
        if mark == ".":
            found = template.Attribute(found, word, offset=offset)
        else:
            found = template.Filter(found, word, _arguments(words), offset=offset)
    return found


def _arguments(words: _Words) -> tuple[str | int | float, ...]:
    if words.peek() != "(":
        return ()
    words.take()
    values: list[str | int | float] = []
    while words.peek() != ")":
        literal = _primary(words, 0)
        if not isinstance(literal, template.Literal):
            raise TemplateProblem(
                "the argument of a filter is a text or a number written here", literal.offset, literal.offset + 1
            )
        values.append(literal.value)
        if words.peek() != ")":
            words.expect(",")
    words.take()
    return tuple(values)


def _primary(words: _Words, depth: int) -> Expression:
    kind, word, offset = words.take()
    if kind == "string":
        return template.Literal(_unquote(word, offset), offset=offset)
    if kind == "number" or (word == "-" and words.kind() == "number"):
        number = word if kind == "number" else word + words.take()[1]
        if len(number) > MAX_DIGITS:
            raise TemplateProblem(f"a number of more than {MAX_DIGITS} digits", offset, offset + len(number))
        return template.Literal(float(number) if "." in number else int(number), offset=offset)
    if word == "(":
        found = _or(words, depth + 1)
        words.expect(")")
        return found
    if kind == "name" and word in ("true", "True", "false", "False"):
        return template.Literal(word.lower() == "true", offset=offset)
    if kind == "name" and word in ("none", "None"):
        return template.Literal(None, offset=offset)
    if kind == "name" and word not in _RESERVED:
        return template.Name(word, offset=offset)
    raise TemplateProblem(f"`{word}` cannot stand here", offset, offset + len(word), *_advice(word))


def _unquote(written: str, offset: int) -> str:
    def unescaped(match: re.Match[str]) -> str:
        letter = match.group(1)
        if letter not in _ESCAPES:
            # Jinja knows more of them; to read one of those in another way would change a prompt without a word.
            start = offset + 1 + match.start()
            help_ = "there are `\\n`, `\\t`, `\\r`, `\\\\` and quotes; write other letters as they are"
            raise TemplateProblem(f"`\\{letter}` has no meaning in a text", start, start + 2, help_)
        return _ESCAPES[letter]

    return re.sub(r"\\(.)", unescaped, written[1:-1], flags=re.DOTALL)
