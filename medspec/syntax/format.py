"""The one style of a spec: tree and comments to text.

    record R{a:text                      record R {
      long_name :int}  # why      =>       a         : text
                                           long_name : int
                                         }  # why

White space, trailing commas, brackets around types and the order of imports change, nothing else; what a text between
triple quotes says does not. The result is read again and compared with the source before anybody gets to see it.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from medspec.errors import InternalError
from medspec.syntax import tree
from medspec.syntax.layout.breaking import broken_parts
from medspec.syntax.layout.columns import side_by_side
from medspec.syntax.layout.cursor import Cursor
from medspec.syntax.layout.declarations import declaration, edition, import_
from medspec.syntax.layout.lines import Row, comment_lines, entry_lines, written
from medspec.syntax.layout.shape import Comment, Entry, Word
from medspec.syntax.meaning import comments_of, meaning
from medspec.syntax.parse import parse
from medspec.text.diagnostic import Report
from medspec.text.source import Place, Source

_Import = tree.ImportModule | tree.ImportNames


def format_source(source: Source, report: Report) -> str | None:
    """The text of `source` in the one style; None when it has errors, which go to `report`.

    Raises `InternalError` rather than give a text that says something else.
    """
    found = Report()
    module = parse(source, found)
    for diagnostic in found.found:
        report.found.append(diagnostic)
    if found.has_errors:
        return None
    try:
        text = _laid_out(module, Cursor(source))
        if text == source.text:
            return text
        again = parse(Source(source.path, text), found)
        same = not found.has_errors and meaning(again) == meaning(module)
    except RecursionError:
        report.add("E0107", "this file is nested too deeply to be formatted", Place(source, 0, 0))
        return None
    if not same or sorted(comments_of(text)) != sorted(comments_of(source.text)):
        raise InternalError(
            f"formatting {source.path} would change what it says; it is left as it is, attach this file"
        )
    return text


def format_tree(module: tree.ModuleTree) -> str:
    """The text of a tree, in the one style and without comments. For trees that no file holds as they are."""
    return _laid_out(module, Cursor(None))


@attrs.define(kw_only=True)
class _Parts:
    """The entries of a file. `header` are comments between the edition and the imports that belong to neither."""

    edition: Entry | None = None
    header: list[Comment] = attrs.field(factory=list)
    imports: list[tuple[_Import, Entry]] = attrs.field(factory=list)
    declarations: list[Entry] = attrs.field(factory=list)
    end: list[Comment] = attrs.field(factory=list)


def _laid_out(module: tree.ModuleTree, cursor: Cursor) -> str:
    parts = _parts(module, cursor)
    paragraphs: list[list[Row]] = []
    if parts.edition is not None:
        paragraphs.append(entry_lines(parts.edition.parts, 0))
    if parts.header:
        paragraphs.append(comment_lines(parts.header, 0, after=False))
    if parts.imports:
        ordered = sorted(parts.imports, key=lambda pair: _import_order(pair[0]))
        paragraphs.append([line for _, entry in ordered for line in entry_lines(entry.parts, 0)])
    paragraphs += _declaration_paragraphs(parts.declarations)
    if parts.end:
        lines = comment_lines(parts.end, 0, after=False)
        if parts.end[0].blank or not paragraphs:
            paragraphs.append(lines)
        else:
            paragraphs[-1] += lines
    return "\n\n".join(written(rows) for rows in paragraphs) + "\n"


def _parts(module: tree.ModuleTree, cursor: Cursor) -> _Parts:
    """Every entry of the file, made in the order of the source, since each word is taken from there."""
    parts = _Parts()
    if module.edition is not None:
        parts.edition = edition(cursor, module.edition)
    items: list[_Import | tree.Declaration] = [*module.imports, *module.declarations]
    if cursor.source is not None:
        items.sort(key=lambda item: item.place.start)
    for item in items:
        if isinstance(item, tree.ImportModule | tree.ImportNames):
            entry = import_(cursor, item)
            first = entry.first
            if not (parts.imports or parts.declarations):
                parts.header, first.before = _detached(first)
            first.before = [Comment(comment.text) for comment in first.before]
            first.blank = False
            parts.imports.append((item, entry))
        else:
            parts.declarations.append(declaration(cursor, item))
    if cursor.source is not None:
        parts.end = cursor.rest()
    return parts


def _detached(word: Word) -> tuple[list[Comment], list[Comment]]:
    """The comments before a word: those with an empty line behind them, and the others."""
    followed_by_blank = [*(comment.blank for comment in word.before[1:]), word.blank]
    count = max((index for index, blank in enumerate(followed_by_blank[: len(word.before)], 1) if blank), default=0)
    return word.before[:count], word.before[count:]


def _import_order(node: _Import) -> tuple[bool, str, str, str]:
    """Built-in modules first, then by name."""
    alias = node.alias.name if isinstance(node, tree.ImportModule) and node.alias is not None else ""
    names = sorted(ident.name for ident in node.names) if isinstance(node, tree.ImportNames) else []
    return (node.path.parts[0].name != "std", node.path.dotted, alias, " ".join(names))


def _declaration_paragraphs(entries: Sequence[Entry]) -> list[list[Row]]:
    """Declarations with an empty line between them; one-line declarations that stand together stay together."""
    groups: list[list[Entry]] = []
    for entry in entries:
        together = groups and _is_one_line(groups[-1][-1]) and _is_one_line(entry) and not _has_blank(entry)
        if together:
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return [_group_lines(group) for group in groups]


def _group_lines(group: list[Entry]) -> list[Row]:
    padded = side_by_side(group) if len(group) > 1 else [entry.parts for entry in group]
    return [line for parts in padded for line in entry_lines(parts, 0)]


def _is_one_line(entry: Entry) -> bool:
    is_long = any(isinstance(part, Word) and part.is_long for part in entry.parts)
    return not is_long and not broken_parts(entry.parts, 0)


def _has_blank(entry: Entry) -> bool:
    """An empty line stands somewhere between the declaration before and this one."""
    return entry.first.blank or any(comment.blank for comment in entry.first.before)
