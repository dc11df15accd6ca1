"""Evaluate the parts of a prompt whose values are known at compile time.

r1  "About {{ subject }}: {{ question }}"  subject = "anatomy"   =>   r1  "About anatomy: {{ question }}"
"""

from __future__ import annotations

import attrs

from medspec.plan.fold import fold
from medspec.plan.nodes import Constant, Plan, Render


def fold_prompts(plan: Plan) -> Plan:
    """`plan` with constants written into the texts, and no constant bindings left."""
    return attrs.evolve(plan, renders=tuple(_fold(render) for render in plan.renders))


def _fold(render: Render) -> Render:
    known = {name: bound.value for name, bound in render.bindings if isinstance(bound, Constant)}
    if not known:
        return render
    return attrs.evolve(
        render,
        turns=tuple(attrs.evolve(turn, pieces=fold(turn.pieces, known)) for turn in render.turns),
        bindings=tuple((name, bound) for name, bound in render.bindings if name not in known),
    )
