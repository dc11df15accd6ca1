"""The plan as JSON: deterministic bytes, and back without loss.

Every node is an object with its class name under `kind`. Fields marked `json: False` (places in spec text) are left out;
fields marked `hash: False` (where a spec lies on this machine) are left out of what is hashed. Fields marked `sparse` are
left out where they have their default: plans that do not use them are what they were before there were such fields.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import attrs

from medspec import types
from medspec.backends.base import Decode
from medspec.plan import judge_nodes, nodes
from medspec.plan.errata import Errata
from medspec.plan.fits import misfit
from medspec.plan.run_nodes import Wave
from medspec.plan.verify import faults
from medspec.syntax import template

_CLASSES: tuple[type, ...] = (
    nodes.Plan,
    nodes.Scan,
    nodes.Part,
    Errata,
    nodes.Condition,
    nodes.SliceRule,
    nodes.Reference,
    nodes.TextFile,
    nodes.ShotRows,
    nodes.Shots,
    nodes.FileSource,
    nodes.FromPath,
    nodes.FromPaths,
    nodes.FromFirst,
    nodes.FromDocument,
    nodes.FromKey,
    nodes.FromRowNumber,
    nodes.FromNamed,
    nodes.FromEach,
    nodes.FromMask,
    nodes.FromPart,
    nodes.Keep,
    nodes.FieldRef,
    nodes.Constant,
    nodes.TurnPlan,
    nodes.Render,
    nodes.ReaderUse,
    nodes.Call,
    Wave,
    nodes.Read,
    nodes.AnswerValue,
    judge_nodes.VerdictValue,
    judge_nodes.RowValue,
    judge_nodes.ReplyText,
    judge_nodes.EntryValue,
    judge_nodes.Calibration,
    judge_nodes.Panel,
    judge_nodes.Judge,
    judge_nodes.JudgeParameter,
    judge_nodes.Model,
    judge_nodes.Dialect,
    judge_nodes.BoxForm,
    nodes.Score,
    nodes.TaskPlan,
    nodes.Member,
    nodes.Aggregate,
    nodes.Interval,
    Decode,
    template.Name,
    template.Attribute,
    template.Item,
    template.Literal,
    template.Filter,
    template.Compare,
    template.Logic,
    template.Text,
    template.Output,
    template.If,
    template.For,
    *types.TYPES,
    types.EnumCase,
    types.FieldType,
    types.Convention,
)
_BY_NAME = {cls.__name__: cls for cls in _CLASSES}


def to_json(plan: nodes.Plan) -> str:
    """The plan as indented JSON that ends in a line break; equal plans give equal bytes."""
    return json.dumps(plain(plan), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> nodes.Plan:
    """The plan written by `to_json`. Raises `ValueError` for anything else, and for a newer format."""
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(data, dict) or data.get("kind") != "Plan":
        raise ValueError("this is no plan of medspec")
    if data.get("format") != nodes.FORMAT:
        raise ValueError(f"plan format {data.get('format')}; this version of medspec knows {nodes.FORMAT}")
    plan = _build(data)
    assert isinstance(plan, nodes.Plan)
    # What was written by us is sound; a file may be from anybody.
    if found := faults(plan):
        raise ValueError(f"the plan is not sound: {found[0]}")
    return plan


def digest(value: Any) -> str:
    """Sixteen hex digits over the meaning of any part of a plan."""
    text = json.dumps(plain(value, hashed=True), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]


def plain(value: Any, *, hashed: bool = False) -> Any:
    """Nodes as plain JSON values; with `hashed` only what takes part in hashes."""
    if attrs.has(type(value)):
        found: dict[str, Any] = {"kind": type(value).__name__}
        for field in attrs.fields(type(value)):
            if field.metadata.get("json") is False or (hashed and field.metadata.get("hash") is False):
                continue
            entry = getattr(value, field.name)
            if field.metadata.get("sparse") and entry == field.default:
                continue
            found[field.name] = plain(entry, hashed=hashed)
        return found
    if isinstance(value, list | tuple):
        return [plain(entry, hashed=hashed) for entry in value]
    if isinstance(value, dict):
        return {key: plain(entry, hashed=hashed) for key, entry in value.items()}
    return value


def _build(data: Any) -> Any:
    if isinstance(data, list):
        return tuple(_build(entry) for entry in data)
    if not isinstance(data, dict):
        return data
    kind = data.get("kind")
    cls = _BY_NAME.get(kind) if isinstance(kind, str) else None
    if cls is None:
        raise ValueError(f"unknown node {data.get('kind')!r} in the plan")
    try:
        node = cls(**{key: _build(entry) for key, entry in data.items() if key != "kind"})
    except TypeError as error:
        raise ValueError(f"damaged node {data['kind']!r} in the plan: {error}") from error
    if (field := misfit(node, _BY_NAME)) is not None:
        raise ValueError(f"damaged node {data['kind']!r} in the plan: `{field}` holds something else")
    return node
