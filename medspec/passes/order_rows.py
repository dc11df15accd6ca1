"""Ask rows in the order of their prompts, so that those that begin alike are neighbours.

    row 1 note A   row 2 note B   row 3 note A     =>     row 1 note A   row 3 note A   row 2 note B

A model that keeps what it has computed of the last prompt reads note A once. Reports keep the order of the data, and
draws have a stream of random numbers for each row, so nobody can tell in which order rows were asked.
"""

from __future__ import annotations

import attrs

from medspec.plan.nodes import Plan
from medspec.plan.run_nodes import Wave


def order_rows(plan: Plan) -> Plan:
    """`plan` with every wave in the order of its prompts."""
    waves = plan.waves or tuple(Wave(calls=(call.id,)) for call in plan.calls)
    return attrs.evolve(plan, waves=tuple(attrs.evolve(wave, by_prompt=True) for wave in waves))
