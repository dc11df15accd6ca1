"""Values and types as parts of a line, from the nodes of the tree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from medspec.syntax import tree
from medspec.syntax.layout.cursor import Cursor
from medspec.syntax.layout.shape import Enclosed, Entry, Part, Style, Word

Lay = Callable[[Cursor, Any], list[Part]]
"""Lays out one node of a list."""

_MARKS: dict[Style, tuple[str, str]] = {"call": ("(", ")"), "list": ("[", "]"), "names": ("{", "}")}


def value(c: Cursor, node: tree.Value | tree.TypeNode, space: str = " ") -> list[Part]:
    match node:
        case tree.StringValue(text, place):
            return [c.string(place, text, space)]
        case tree.NumberValue(written):
            return [c.take(written, space)]
        case tree.BooleanValue(is_true):
            return [c.take("true" if is_true else "false", space)]
        case tree.TextValue(raw, _, place):
            return [c.written(place, f'"""{raw}"""', space)]
        case tree.ListValue(entries):
            return [commas(c, "list", entries, value, space)]
        case tree.ObjectValue(entries):
            return [block(c, entries, setting, space=space)]
        case tree.Call():
            return call(c, node, space)
        case _:
            return type_(c, node, space)


def path(c: Cursor, node: tree.Path, space: str = " ") -> list[Part]:
    first, *others = node.parts
    words: list[Part] = [c.take(first.name, space)]
    for other in others:
        words += [c.take(".", ""), c.take(other.name, "")]
    return words


def call(c: Cursor, node: tree.Call, space: str = " ") -> list[Part]:
    parts = path(c, node.path, space)
    if node.arguments is not None:
        parts.append(commas(c, "call", node.arguments, _argument, ""))
    for member in node.member:
        parts += [c.take(".", ""), c.take(member.name, "")]
    return parts


def _argument(c: Cursor, node: tree.Argument | tree.Bounds) -> list[Part]:
    if isinstance(node, tree.Bounds):
        return _bounds(c, node, " ")
    parts: list[Part] = []
    if node.name is not None:
        parts += [c.take(node.name.name), c.take(":", "")]
    parts += value(c, node.value)
    if node.comprehension is not None:
        parts += [c.take("for"), c.take(node.comprehension.name.name), c.take("in")]
        parts += path(c, node.comprehension.over)
    return parts


def setting(c: Cursor, node: tree.Setting) -> Entry:
    parts: list[Part] = [c.take(node.key.name), c.take("="), *value(c, node.value)]
    return Entry(parts=parts, kind="setting", marks=(1,))


def type_(c: Cursor, node: Any, space: str = " ") -> list[Part]:
    match node:
        case tree.NamedType(named):
            return path(c, named, space)
        case tree.RefinedType(name, arguments):
            return [c.take(name.name, space), commas(c, "call", arguments, _argument, "")]
        case tree.OptionalTypeNode(item):
            return [*_inner(c, item, space), c.take("?", "")]
        case tree.ListTypeNode(item, bounds):
            inner = [*_inner(c, item, space), c.take("[", "")]
            return [*inner, *(_bounds(c, bounds, "") if bounds is not None else ()), c.take("]", "")]
        case tree.ChoiceTypeNode(of):
            return [c.take("choice", space), c.take("of"), c.take(of.name)]
        case tree.RankingTypeNode(of):
            return [c.take("ranking", space), c.take("of"), c.take(of.name)]
        case tree.AnchoredType(item, field):
            return [*type_(c, item, space), c.take("in"), c.take(field.name)]
        case tree.GenericType(name, item):
            return [c.take(name.name, space), c.take("<", ""), *type_(c, item, ""), c.take(">", "")]
        case tree.AbstainTypeNode(item, word):
            parts = [*type_(c, item, space), c.take("or"), c.take("abstain")]
            if word is not None:
                parts += [c.take("(", ""), c.string(word.place, word.text, ""), c.take(")", "")]
            return parts
    raise TypeError(f"no type: {node!r}")


def _inner(c: Cursor, node: tree.TypeNode, space: str) -> list[Part]:
    """A type that `?` or `[]` follows. Of several words it stands in brackets, needed or not: so it is read."""
    if not isinstance(node, tree.AnchoredType | tree.ChoiceTypeNode | tree.RankingTypeNode):
        return type_(c, node, space)
    return [Word(text="(", space=space), *type_(c, node, ""), Word(text=")", space="")]


def _bounds(c: Cursor, node: tree.Bounds, space: str) -> list[Part]:
    return [c.take(node.low.written, space), c.take("..", ""), c.take(node.high.written, "")]


def commas(c: Cursor, style: Style, nodes: Sequence[Any], lay: Lay, space: str = " ") -> Enclosed:
    """Entries with commas between them, in the brackets of `style`. None follows the last entry."""
    left, right = _MARKS[style]
    open = c.take(left, space)
    entries = []
    for index, node in enumerate(nodes):
        parts = lay(c, node)
        if index < len(nodes) - 1:
            parts.append(c.comma())
        entries.append(Entry(parts=parts))
    close = c.take(right, "")
    found = Enclosed(open=open, entries=entries, close=close, style=style)
    # A list of objects is a table, and whoever writes one says whether it has rows.
    found.wants_lines = style == "list" and found.holds_block and c.wants_lines(open, close, default=False)
    return found


def block(
    c: Cursor,
    nodes: Sequence[Any],
    lay: Callable[[Cursor, Any], Entry],
    *,
    space: str = " ",
    gap: str = "  ",
    lines: bool = False,
) -> Enclosed:
    """Entries in braces. `gap` stands between two of them on one line; `lines`: break it where no source tells."""
    open = c.take("{", space)
    entries = [lay(c, node) for node in nodes]
    close = c.take("}", "")
    wants_lines = bool(entries) and c.wants_lines(open, close, default=lines)
    return Enclosed(open=open, entries=entries, close=close, style="block", gap=gap, wants_lines=wants_lines)
