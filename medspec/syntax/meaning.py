"""What a file says apart from how it is laid out: two layouts of one spec have equal meanings, and equal comments."""

from __future__ import annotations

import re
from typing import Any

import attrs

from medspec.syntax import tree
from medspec.syntax.blocks import dedent

_COMMENTS = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|(?P<comment>#(?!#)[^\n]*)|##[^\n]*')


def meaning(module: tree.ModuleTree) -> Any:
    """A plain value: the tree without places, its imports in a fixed order, its texts without their indentation."""
    imports = sorted((_plain(statement) for statement in module.imports), key=repr)
    return (_plain(module.edition), imports, [_plain(declaration) for declaration in module.declarations])


def _plain(node: Any) -> Any:
    match node:
        case tree.TextValue(raw):
            return ("TextValue", dedent(raw, 0).text)
        case tree.ImportNames(path, names):
            return ("ImportNames", path.dotted, sorted(ident.name for ident in names))
        case tuple():
            return tuple(_plain(entry) for entry in node)
    if not attrs.has(type(node)):
        return node
    fields = [_plain(getattr(node, field.name)) for field in attrs.fields(type(node)) if field.eq]
    return (type(node).__name__, *fields)


def comments_of(text: str) -> list[str]:
    """The comments of a source in order, without trailing blanks. Doc comments are in the tree."""
    return [found["comment"].rstrip() for found in _COMMENTS.finditer(text) if found["comment"] is not None]
