"""Values and types of the parse tree, one function per grammar rule."""

from __future__ import annotations

from typing import Any

from medspec.syntax import tree
from medspec.syntax.build import Builder, BuildRule

VALUE_NODES = (
    tree.StringValue,
    tree.NumberValue,
    tree.BooleanValue,
    tree.TextValue,
    tree.ListValue,
    tree.ObjectValue,
    tree.Call,
)
"""Every kind of value."""


def _list_type(b: Builder, node: Any) -> tree.ListTypeNode:
    bounds = b.build(node.children[1]) if len(node.children) > 1 else None
    return tree.ListTypeNode(b.build(node.children[0]), bounds, b.place(node))


def _refined_type(b: Builder, node: Any) -> tree.RefinedType:
    name, *arguments = node.children
    return tree.RefinedType(b.ident(name), tuple(b.build(entry) for entry in arguments), b.place(node))


def _bounds(b: Builder, node: Any) -> tree.Bounds:
    low, high = node.children
    return tree.Bounds(b.number(low), b.number(high), b.place(node))


def _setting(b: Builder, node: Any) -> tree.Setting:
    key, value = node.children
    return tree.Setting(b.ident(key.children[0]), b.build(value), b.place(node))


def _call(b: Builder, node: Any) -> tree.Call:
    arguments = b.build(node.children[1]) if len(node.children) > 1 else None
    member = tuple(b.ident(token) for child in node.children[2:] for token in child.children)
    return tree.Call(b.build(node.children[0]), arguments, b.place(node), member)


def _argument(b: Builder, node: Any) -> tree.Argument:
    parts = {child.data: child for child in node.children}
    (value,) = (child for child in node.children if child.data not in ("key", "comprehension"))
    name = b.ident(parts["key"].children[0]) if "key" in parts else None
    comprehension = b.build(parts["comprehension"]) if "comprehension" in parts else None
    return tree.Argument(name, b.build(value), b.place(node), comprehension)


def _comprehension(b: Builder, node: Any) -> tree.Comprehension:
    name, over = node.children
    return tree.Comprehension(b.ident(name), b.build(over), b.place(node))


def _abstain_type(b: Builder, node: Any) -> tree.AbstainTypeNode:
    item, *word = node.children
    return tree.AbstainTypeNode(b.build(item), b.string(word[0]) if word else None, b.place(node))


def _path(b: Builder, node: Any) -> tree.Path:
    return tree.Path(tuple(b.ident(token) for token in node.children), b.place(node))


VALUE_RULES: dict[str, BuildRule] = {
    "optional_type": lambda b, n: tree.OptionalTypeNode(b.build(n.children[0]), b.place(n)),
    "list_type": _list_type,
    "anchored_type": lambda b, n: tree.AnchoredType(b.build(n.children[0]), b.ident(n.children[1]), b.place(n)),
    "generic_type": lambda b, n: tree.GenericType(b.ident(n.children[0]), b.build(n.children[1]), b.place(n)),
    "refined_type": _refined_type,
    "choice_type": lambda b, n: tree.ChoiceTypeNode(b.ident(n.children[0]), b.place(n)),
    "ranking_type": lambda b, n: tree.RankingTypeNode(b.ident(n.children[0]), b.place(n)),
    "abstain_type": _abstain_type,
    "named_type": lambda b, n: tree.NamedType(b.build(n.children[0]), b.place(n)),
    "bounds": _bounds,
    "setting": _setting,
    "entry": _setting,
    "string": lambda b, n: b.string(n.children[0]),
    "number": lambda b, n: b.number(n.children[0]),
    "boolean": lambda b, n: tree.BooleanValue(n.children[0] == "true", b.place(n)),
    "text": lambda b, n: b.text(n.children[0]),
    "list": lambda b, n: tree.ListValue(b.all(n.children, VALUE_NODES), b.place(n)),
    "object": lambda b, n: tree.ObjectValue(b.all(n.children, (tree.Setting,)), b.place(n)),
    "call": _call,
    "arguments": lambda b, n: b.all(n.children, (tree.Argument,)),
    "argument": _argument,
    "comprehension": _comprehension,
    "path": _path,
}
