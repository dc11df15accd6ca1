"""Declarations of the parse tree, one function per grammar rule."""

from __future__ import annotations

from typing import Any

import attrs
from lark import Token, Tree

from medspec.syntax import tree
from medspec.syntax.build import Builder, BuildRule
from medspec.syntax.build_values import VALUE_RULES

_DATASET_CLAUSES = (tree.Setting, tree.Columns, tree.SplitRule, tree.SliceRule, tree.Cluster, tree.Waive)
_TASK_CLAUSES = (
    tree.Setting,
    tree.Answer,
    tree.Shots,
    tree.DecodeBlock,
    tree.Metrics,
    tree.Reference,
    tree.Waive,
)
_SUITE_CLAUSES = (
    tree.Setting,
    tree.Members,
    tree.AggregateNode,
    tree.SliceReport,
    tree.Reference,
    tree.Waive,
)


def _edition(b: Builder, node: Any) -> tree.Edition:
    return tree.Edition(b.doc(node.children), b.number(node.children[-1]), b.place(node))


def _import_module(b: Builder, node: Any) -> tree.ImportModule:
    aliases = b.named(node.children, "NAME")
    return tree.ImportModule(b.build(node.children[0]), b.ident(aliases[0]) if aliases else None, b.place(node))


def _import_names(b: Builder, node: Any) -> tree.ImportNames:
    names = tuple(b.ident(token) for token in b.named(node.children, "NAME"))
    return tree.ImportNames(b.build(node.children[0]), names, b.place(node))


def _declaration(b: Builder, node: Any) -> tree.Declaration:
    built = b.build(node.children[-1])
    return attrs.evolve(built, doc=b.doc(node.children))  # type: ignore[no-any-return]


def _enum(b: Builder, node: Any) -> tree.EnumDecl:
    return tree.EnumDecl(b.ident(node.children[1]), b.all(node.children, (tree.EnumCaseNode,)), (), b.place(node))


def _enum_case(b: Builder, node: Any) -> tree.EnumCaseNode:
    (name,) = b.named(node.children, "NAME")
    texts = b.named(node.children, "STRING")
    return tree.EnumCaseNode(b.ident(name), b.string(texts[0]) if texts else None, b.doc(node.children), b.place(node))


def _record(b: Builder, node: Any) -> tree.RecordDecl:
    return tree.RecordDecl(b.ident(node.children[1]), b.all(node.children, (tree.FieldNode,)), (), b.place(node))


def _field(b: Builder, node: Any) -> tree.FieldNode:
    parts: list[Any] = [child for child in node.children if isinstance(child, Tree)]
    key, *types = parts
    conversion = b.build(types[1].children[0]) if len(types) > 1 else None
    return tree.FieldNode(b.ident(key.children[0]), b.build(types[0]), conversion, b.doc(node.children), b.place(node))


def _dataset(b: Builder, node: Any) -> tree.DatasetDecl:
    clauses = b.all(node.children[3:], _DATASET_CLAUSES)
    return tree.DatasetDecl(b.ident(node.children[1]), b.build(node.children[2]), clauses, (), b.place(node))


def _columns(b: Builder, node: Any) -> tree.Columns:
    return tree.Columns(b.all(node.children, (tree.Setting,)), b.place(node))


def _split_rule(b: Builder, node: Any) -> tree.SplitRule:
    split, field = b.named(node.children, "NAME")
    trees = [child for child in node.children if isinstance(child, Tree)]
    return tree.SplitRule(b.ident(split), b.ident(field), len(trees) > 1, b.build(trees[-1]), b.place(node))


def _slice(b: Builder, node: Any) -> tree.SliceRule:
    name, rule = node.children
    built = b.build(rule)
    by, when = (built, ()) if isinstance(built, tree.Path) else (None, built)
    return tree.SliceRule(b.ident(name), by, when, b.place(node))


def _comparison(b: Builder, node: Any) -> tree.Comparison:
    path, op, value = node.children
    literal: tree.StringValue | tree.NumberValue | tree.BooleanValue
    match value.type:
        case "STRING":
            literal = b.string(value)
        case "NUMBER":
            literal = b.number(value)
        case _:
            literal = tree.BooleanValue(value == "true", b.place(value))
    return tree.Comparison(b.build(path), str(op.children[0]), literal, b.place(node))


def _waive(b: Builder, node: Any) -> tree.Waive:
    code, reason = node.children
    return tree.Waive(b.ident(code), b.string(reason), b.place(node))


def _text_file(b: Builder, node: Any) -> tree.TextFile:
    call, block = node.children
    return tree.TextFile(b.build(call), b.settings(block), b.place(node))


def _own_text(b: Builder, node: Any) -> tree.TextValue | tree.StringValue | tree.TextFile:
    if not isinstance(node, Token):
        return b.build(node)  # type: ignore[no-any-return]
    return b.text(node) if node.type == "TEMPLATE" else b.string(node)


def _phrase(b: Builder, node: Any) -> tree.PhraseDecl:
    return tree.PhraseDecl(b.ident(node.children[1]), _own_text(b, node.children[2]), (), b.place(node))


def _model(b: Builder, node: Any) -> tree.ModelDecl:
    return tree.ModelDecl(b.ident(node.children[1]), b.settings(node.children[2]), (), b.place(node))


def _dialect(b: Builder, node: Any) -> tree.DialectDecl:
    return tree.DialectDecl(b.ident(node.children[1]), b.settings(node.children[2]), (), b.place(node))


def _panel(b: Builder, node: Any) -> tree.PanelDecl:
    return tree.PanelDecl(b.ident(node.children[1]), b.settings(node.children[2]), (), b.place(node))


def _judge(b: Builder, node: Any) -> tree.JudgeDecl:
    _, name, params, verdict, *clauses = node.children
    return tree.JudgeDecl(
        name=b.ident(name),
        params=b.build(params),
        verdict=b.build(verdict),
        clauses=b.all(clauses, (tree.Setting, tree.Calibrate)),
        doc=(),
        place=b.place(node),
    )


def _calibrate(b: Builder, node: Any) -> tree.Calibrate:
    rows, *block = node.children
    return tree.Calibrate(b.build(rows), b.settings(*block), b.place(node))


def _prompt(b: Builder, node: Any) -> tree.PromptDecl:
    params = b.build(node.children[2])
    return tree.PromptDecl(b.ident(node.children[1]), params, b.all(node.children[3:], (tree.Turn,)), (), b.place(node))


def _turn(b: Builder, node: Any) -> tree.Turn:
    role, text = node.children
    return tree.Turn(b.ident(role), _own_text(b, text), b.place(node))


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
        clauses=b.all(parts[1:], _TASK_CLAUSES),
        overrides=b.all(parts[1:], (tree.Override,)),
        doc=(),
        place=b.place(node),
    )


def _override(b: Builder, node: Any) -> tree.Override:
    return tree.Override(b.build(node.children[0]), b.place(node))


def _answer(b: Builder, node: Any) -> tree.Answer:
    type_, *rest = node.children
    return tree.Answer(b.build(type_), b.build(rest[0]) if rest else None, b.place(node))


def _shots(b: Builder, node: Any) -> tree.Shots:
    count, rows, *block = node.children
    return tree.Shots(b.build(count), b.build(rows), b.settings(*block), b.place(node))


def _reference(b: Builder, node: Any) -> tree.Reference:
    name, block = node.children
    return tree.Reference(b.string(name), b.settings(block), b.place(node))


def _decode(b: Builder, node: Any) -> tree.DecodeBlock:
    return tree.DecodeBlock(b.settings(node.children[0]), b.place(node))


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
        on=b.first(node.children, (tree.Path,)),
    )


def _suite(b: Builder, node: Any) -> tree.SuiteDecl:
    clauses = b.all(_parts(node.children), _SUITE_CLAUSES)
    return tree.SuiteDecl(b.ident(node.children[1]), _version(b, node.children), clauses, (), b.place(node))


def _members(b: Builder, node: Any) -> tree.Members:
    return tree.Members(b.all(node.children, (tree.MemberNode,)), b.place(node))


def _member(b: Builder, node: Any) -> tree.MemberNode:
    weight = b.number(node.children[1]) if len(node.children) > 1 else None
    return tree.MemberNode(b.build(node.children[0]), weight, b.place(node))


def _aggregate(b: Builder, node: Any) -> tree.AggregateNode:
    name, method, *over = node.children
    return tree.AggregateNode(b.ident(name), b.build(method), b.build(over[0]) if over else None, b.place(node))


def _slice_report(b: Builder, node: Any) -> tree.SliceReport:
    slices, *block = node.children
    return tree.SliceReport(b.build(slices), b.settings(*block), b.place(node))


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


RULES: dict[str, BuildRule] = {
    **VALUE_RULES,
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
    "slice": _slice,
    "comparison": _comparison,
    "waive": _waive,
    "text_file": _text_file,
    "phrase": _phrase,
    "prompt": _prompt,
    "turn": _turn,
    "model": _model,
    "dialect": _dialect,
    "judge": _judge,
    "calibrate": _calibrate,
    "panel": _panel,
    "task_body": _task_body,
    "task_from": _task_from,
    "override": _override,
    "answer": _answer,
    "shots": _shots,
    "reference": _reference,
    "decode": _decode,
    "metrics": _metrics,
    "metric": _metric,
    "suite": _suite,
    "members": _members,
    "member": _member,
    "aggregate": _aggregate,
    "slice_report": _slice_report,
    "example": _example,
    "params": _params,
    "param": _param,
    "condition": lambda b, n: b.all(n.children, (tree.Comparison,)),
    "cluster": lambda b, n: tree.Cluster(b.build(n.children[0]), b.place(n)),
}
"""The function of every grammar rule."""
