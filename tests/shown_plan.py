"""A plan as a few lines of text, for tests that compare plans before and after a pass.

s1  exam.test: id, question, options, gold
r1  of s1: user "{{ question }}"; question = question
c1  of r1: text, at most 64 tokens
a1  of c1: letter
asked: s1 r1 c1 a1
"""

from __future__ import annotations

from collections.abc import Iterator

from medspec.plan.nodes import Call, Constant, FieldRef, Plan, Render
from medspec.syntax.spell_template import spell_template


def show(plan: Plan) -> str:
    return "".join(f"{line}\n" for line in _lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    for scan in plan.scans:
        yield f"{scan.id}  {scan.dataset}.{scan.split}: {', '.join(field.name for field in scan.record.fields)}"
    for render in plan.renders:
        yield f"{render.id}  of {render.scan}: {_render(render)}"
    for call in plan.calls:
        yield f"{call.id}  of {call.render}: {_call(call)}"
    for read in plan.reads:
        yield f"{read.id}  of {read.call}: {read.reader.name}"
    for wave in plan.waves:
        yield f"asked together: {' '.join(wave.calls)}{', by prompt' if wave.by_prompt else ''}"
    for task in plan.tasks:
        yield f"{task.name}: {task.scan} {task.render} {task.call} {task.read}"


def _render(render: Render) -> str:
    turns = [f"{turn.role} {_quoted(spell_template(turn.pieces))}" for turn in render.turns]
    bindings = []
    for name, bound in render.bindings:
        match bound:
            case FieldRef(field):
                bindings.append(f"{name} = {field}")
            case Constant(value):
                bindings.append(f"{name} = {value!r}")
            case _:
                bindings.append(f"{name} = {type(bound).__name__}")
    return "; ".join([" ".join(turns), *bindings])


def _call(call: Call) -> str:
    if call.options is not None:
        return f"options of {call.options.name} {dict(call.options.settings)}"
    drawn = f", temperature {call.decode.temperature:g}" if call.decode.temperature else ""
    return f"text, at most {call.decode.max_tokens} tokens{drawn}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\n", "\\n") + '"'
