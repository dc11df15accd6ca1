"""Merge equal calls: the same rows, the same folded prompt, the same options and decode settings.

    c1 ask on s1 -> medqa.accuracy              c1 ask on s1 -> medqa.accuracy, medqa_strict.accuracy
    c2 ask on s1 -> medqa_strict.accuracy   =>

Sampled calls are never merged: two draws are two draws.
"""

from __future__ import annotations

import attrs

from medspec.plan.form import digest
from medspec.plan.nodes import Call, Plan, Render


def merge_calls(plan: Plan) -> Plan:
    """`plan` with one node for equal renders, and one for equal calls of them."""
    plan, renders = _merge_renders(plan)
    first: dict[str, str] = {}
    instead: dict[str, str] = {}
    for call in plan.calls:
        key = _key(attrs.evolve(call, render=renders.get(call.render, call.render)))
        instead[call.id] = first.setdefault(key, call.id)
    kept = set(instead.values())
    return attrs.evolve(
        plan,
        calls=tuple(call for call in plan.calls if call.id in kept),
        reads=tuple(attrs.evolve(read, call=instead[read.call]) for read in plan.reads),
        tasks=tuple(attrs.evolve(task, call=instead[task.call]) for task in plan.tasks),
    )


def _key(call: Call) -> str:
    # Digests and not equality: to Python 1, 1.0 and True are equal, and they are not printed alike.
    if call.options is not None:
        return digest([call.render, call.options])
    return digest([call.render, call.decode, call.repeats]) if call.decode.temperature == 0 else call.id


def _merge_renders(plan: Plan) -> tuple[Plan, dict[str, str]]:
    first: dict[str, str] = {}
    instead: dict[str, str] = {}
    for render in plan.renders:
        instead[render.id] = first.setdefault(_render_key(render), render.id)
    merged = attrs.evolve(
        plan,
        renders=tuple(render for render in plan.renders if instead[render.id] == render.id),
        calls=tuple(attrs.evolve(call, render=instead[call.render]) for call in plan.calls),
        tasks=tuple(attrs.evolve(task, render=instead[task.render]) for task in plan.tasks),
    )
    return merged, instead


def _render_key(render: Render) -> str:
    return digest(
        [render.scan, render.turns, render.shots, render.dialect, sorted(render.bindings, key=lambda pair: pair[0])]
    )
