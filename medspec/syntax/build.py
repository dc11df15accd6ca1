"""Lark's parse tree to the syntax tree of `tree.py`: one function per grammar rule, positions shifted to the whole file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lark import Token, Tree

from medspec.syntax import tree
from medspec.text.source import Place, Source

_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}


class Builder:
    """Builds nodes of one island, whose text begins at offset `start` of `source`."""

    def __init__(self, source: Source, start: int) -> None:
        self.source = source
        self.start = start

    def build(self, node: Tree[Token]) -> Any:
        return _BUILDERS[node.data](self, node)

    def all(self, nodes: list[Any], kinds: tuple[type, ...]) -> tuple[Any, ...]:
        built = (self.build(node) for node in nodes if isinstance(node, Tree))
        return tuple(node for node in built if isinstance(node, kinds))

    def first(self, nodes: list[Any], kinds: tuple[type, ...]) -> Any | None:
        return next(iter(self.all(nodes, kinds)), None)

    def place(self, node: Tree[Token] | Token) -> Place:
        if isinstance(node, Token):
            first, last = node.start_pos, node.end_pos
        else:
            first, last = node.meta.start_pos, node.meta.end_pos
        assert first is not None and last is not None
        return Place(self.source, self.start + first, self.start + last)

    def ident(self, token: Token) -> tree.Ident:
        return tree.Ident(str(token), self.place(token))

    def number(self, token: Token) -> tree.NumberValue:
        return tree.NumberValue(str(token), self.place(token))

    def string(self, token: Token) -> tree.StringValue:
        return tree.StringValue(unescape(token[1:-1]), self.place(token))

    def text(self, token: Token) -> tree.TextValue:
        place = self.place(token)
        return tree.TextValue(str(token[3:-3]), place.start + 3, place)

    def doc(self, nodes: list[Any]) -> tuple[str, ...]:
        return tuple(token[2:].strip() for token in nodes if isinstance(token, Token) and token.type == "DOC")

    def named(self, nodes: list[Any], *types: str) -> list[Token]:
        return [token for token in nodes if isinstance(token, Token) and token.type in types]


def unescape(written: str) -> str:
    r"""The text of a string as written between its quotes: `\n`, `\t`, `\"` and `\\`; other escapes stay as they are."""
    if "\\" not in written:
        return written
    pieces = []
    at = 0
    while at < len(written):
        if written[at] == "\\" and at + 1 < len(written) and written[at + 1] in _ESCAPES:
            pieces.append(_ESCAPES[written[at + 1]])
            at += 2
        else:
            pieces.append(written[at])
            at += 1
    return "".join(pieces)


_VALUES = (
    tree.StringValue,
    tree.NumberValue,
    tree.BooleanValue,
    tree.TextValue,
    tree.ListValue,
    tree.ObjectValue,
    tree.Call,
)
_TYPES = (
    tree.NamedType,
    tree.RefinedType,
    tree.OptionalTypeNode,
    tree.ListTypeNode,
    tree.ChoiceTypeNode,
    tree.RankingTypeNode,
    tree.AnchoredType,
    tree.GenericType,
)
_TASK_CLAUSES = (tree.Setting, tree.Answer, tree.DecodeBlock, tree.Metrics)


def _edition(b: Builder, node: Any) -> tree.Edition:
    return tree.Edition(b.number(node.children[0]), b.place(node))


def _import_module(b: Builder, node: Any) -> tree.ImportModule:
    aliases = b.named(node.children, "NAME")
    return tree.ImportModule(
        b.build(node.children[0]), b.ident(aliases[0]) if aliases else None, b.place(node)
    )


def _import_names(b: Builder, node: Any) -> tree.ImportNames:
    names = tuple(b.ident(token) for token in b.named(node.children, "NAME"))
    return tree.ImportNames(b.build(node.children[0]), names, b.place(node))


def _declaration(b: Builder, node: Any) -> tree.Declaration:
    import attrs

    built = b.build(node.children[-1])
    return attrs.evolve(built, doc=b.doc(node.children))  # type: ignore[no-any-return]


def _enum(b: Builder, node: Any) -> tree.EnumDecl:
    return tree.EnumDecl(b.ident(node.children[1]), b.all(node.children, (tree.EnumCaseNode,)), (), b.place(node))


def _enum_case(b: Builder, node: Any) -> tree.EnumCaseNode:
    (name,) = b.named(node.children, "NAME")
    texts = b.named(node.children, "STRING")
    return tree.EnumCaseNode(
        b.ident(name), b.string(texts[0]) if texts else None, b.doc(node.children), b.place(node)
    )


def _record(b: Builder, node: Any) -> tree.RecordDecl:
    return tree.RecordDecl(b.ident(node.children[1]), b.all(node.children, (tree.FieldNode,)), (), b.place(node))


def _field(b: Builder, node: Any) -> tree.FieldNode:
    (name,) = b.named(node.children, "NAME")
    types = [child for child in node.children if isinstance(child, Tree)]
    conversion = b.build(types[1].children[0]) if len(types) > 1 else None
    return tree.FieldNode(b.ident(name), b.build(types[0]), conversion, b.doc(node.children), b.place(node))


def _dataset(b: Builder, node: Any) -> tree.DatasetDecl:
    clauses = b.all(node.children[3:], (tree.Setting, tree.Columns, tree.SplitRule))
    return tree.DatasetDecl(b.ident(node.children[1]), b.build(node.children[2]), clauses, (), b.place(node))


def _columns(b: Builder, node: Any) -> tree.Columns:
    return tree.Columns(b.all(node.children, (tree.Setting,)), b.place(node))


def _split_rule(b: Builder, node: Any) -> tree.SplitRule:
    split, field = b.named(node.children, "NAME")
    trees = [child for child in node.children if isinstance(child, Tree)]
    return tree.SplitRule(
        b.ident(split), b.ident(field), len(trees) > 1, b.build(trees[-1]), b.place(node)
    )


def _prompt(b: Builder, node: Any) -> tree.PromptDecl:
    params = b.build(node.children[2])
    return tree.PromptDecl(b.ident(node.children[1]), params, b.all(node.children[3:], (tree.Turn,)), (), b.place(node))


def _turn(b: Builder, node: Any) -> tree.Turn:
    role, text = node.children
    return tree.Turn(b.ident(role), b.text(text) if text.type == "TEMPLATE" else b.string(text), b.place(node))


def _version(b: Builder, nodes: list[Any]) -> tree.NumberValue | None:
    found = next((node for node in nodes if isinstance(node, Tree) and node.data == "version"), None)
    return b.number(found.children[0]) if found is not None else None  # type: ignore[arg-type]


def _parts(nodes: list[Any]) -> list[Any]:
    return [node for node in nodes if isinstance(node, Tree) and node.data != "version"]


def _task_body(b: Builder, node: Any) -> tree.TaskDecl:
    parts = _parts(node.children)
    return tree.TaskDecl(
        name=b.ident(node.children[1]),
        version=_version(b, node.children),
        params=b.first(parts, (tree.Params,)),
        base=None,
        clauses=b.all(parts, _TASK_CLAUSES),
        overrides=(),
        doc=(),
        place=b.place(node),
    )


def _task_from(b: Builder, node: Any) -> tree.TaskDecl:
    parts = _parts(node.children)
    return tree.TaskDecl(
        name=b.ident(node.children[1]),
        version=_version(b, node.children),
        params=None,
        base=b.build(parts[0]),
        clauses=(),
        overrides=b.all(parts[1:], (tree.Override,)),
        doc=(),
        place=b.place(node),
    )


def _override(b: Builder, node: Any) -> tree.Override:
    return tree.Override(b.build(node.children[0]), b.place(node))


def _answer(b: Builder, node: Any) -> tree.Answer:
    reader = b.build(node.children[1]) if len(node.children) > 1 else None
    return tree.Answer(b.build(node.children[0]), reader, b.place(node))


def _decode(b: Builder, node: Any) -> tree.DecodeBlock:
    return tree.DecodeBlock(b.all(node.children[0].children, (tree.Setting,)), b.place(node))


def _metrics(b: Builder, node: Any) -> tree.Metrics:
    return tree.Metrics(b.all(node.children, (tree.MetricNode,)), b.place(node))


def _metric(b: Builder, node: Any) -> tree.MetricNode:
    primary = b.named(node.children, "PRIMARY")
    label = b.named(node.children, "NAME")
    return tree.MetricNode(
        metric=b.first(node.children, (tree.Call,)),
        primary=b.place(primary[0]) if primary else None,
        label=b.ident(label[0]) if label else None,
        is_primary=bool(primary),
        place=b.place(node),
    )


def _suite(b: Builder, node: Any) -> tree.SuiteDecl:
    clauses = b.all(_parts(node.children), (tree.Setting, tree.Members, tree.AggregateNode))
    return tree.SuiteDecl(b.ident(node.children[1]), _version(b, node.children), clauses, (), b.place(node))


def _members(b: Builder, node: Any) -> tree.Members:
    return tree.Members(b.all(node.children, (tree.MemberNode,)), b.place(node))


def _member(b: Builder, node: Any) -> tree.MemberNode:
    weight = b.number(node.children[1]) if len(node.children) > 1 else None
    return tree.MemberNode(b.build(node.children[0]), weight, b.place(node))


def _aggregate(b: Builder, node: Any) -> tree.AggregateNode:
    name, method, *over = node.children
    return tree.AggregateNode(b.ident(name), b.build(method), b.build(over[0]) if over else None, b.place(node))


def _example(b: Builder, node: Any) -> tree.ExampleDecl:
    (title,) = b.named(node.children, "STRING")
    return tree.ExampleDecl(
        b.build(node.children[1]), b.string(title), b.all(node.children[2:], (tree.Setting,)), (), b.place(node)
    )


def _params(b: Builder, node: Any) -> tree.Params:
    return tree.Params(b.all(node.children, (tree.Param,)), b.place(node))


def _param(b: Builder, node: Any) -> tree.Param:
    name, type_, *default = node.children
    return tree.Param(b.ident(name), b.build(type_), b.build(default[0]) if default else None, b.place(node))


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
    return tree.Call(b.build(node.children[0]), arguments, b.place(node))


def _argument(b: Builder, node: Any) -> tree.Argument:
    value = b.build(node.children[-1])
    name = b.ident(node.children[0].children[0]) if len(node.children) > 1 else None
    return tree.Argument(name, value, b.place(node))


def _path(b: Builder, node: Any) -> tree.Path:
    return tree.Path(tuple(b.ident(token) for token in node.children), b.place(node))


_BUILDERS: dict[str, Callable[[Builder, Any], Any]] = {
    "edition": _edition,
    "import_module": _import_module,
    "import_names": _import_names,
    "declaration": _declaration,
    "enum": _enum,
    "enum_case": _enum_case,
    "record": _record,
    "field": _field,
    "dataset": _dataset,
    "columns": _columns,
    "split_rule": _split_rule,
    "prompt": _prompt,
    "turn": _turn,
    "task_body": _task_body,
    "task_from": _task_from,
    "override": _override,
    "answer": _answer,
    "decode": _decode,
    "metrics": _metrics,
    "metric": _metric,
    "suite": _suite,
    "members": _members,
    "member": _member,
    "aggregate": _aggregate,
    "example": _example,
    "params": _params,
    "param": _param,
    "optional_type": lambda b, n: tree.OptionalTypeNode(b.build(n.children[0]), b.place(n)),
    "list_type": _list_type,
    "anchored_type": lambda b, n: tree.AnchoredType(b.build(n.children[0]), b.ident(n.children[1]), b.place(n)),
    "generic_type": lambda b, n: tree.GenericType(b.ident(n.children[0]), b.build(n.children[1]), b.place(n)),
    "refined_type": _refined_type,
    "choice_type": lambda b, n: tree.ChoiceTypeNode(b.ident(n.children[0]), b.place(n)),
    "ranking_type": lambda b, n: tree.RankingTypeNode(b.ident(n.children[0]), b.place(n)),
    "named_type": lambda b, n: tree.NamedType(b.build(n.children[0]), b.place(n)),
    "bounds": _bounds,
    "setting": _setting,
    "string": lambda b, n: b.string(n.children[0]),
    "number": lambda b, n: b.number(n.children[0]),
    "boolean": lambda b, n: tree.BooleanValue(n.children[0] == "true", b.place(n)),
    "text": lambda b, n: b.text(n.children[0]),
    "list": lambda b, n: tree.ListValue(b.all(n.children, _VALUES), b.place(n)),
    "object": lambda b, n: tree.ObjectValue(b.all(n.children, (tree.Setting,)), b.place(n)),
    "call": _call,
    "arguments": lambda b, n: b.all(n.children, (tree.Argument,)),
    "argument": _argument,
    "path": _path,
}
