"""Ask calls together, row by row, whose prompts begin alike with the same part of the row.

    c1 of s1: "{{ note }} Which drug?"   c2 of s1: "{{ note }} Which dose?"   =>   asked together: c1 c2

A model that keeps what it has computed of the last prompt then reads each note once and not once for each call. What is
the same for all rows (a system turn, shots, the words before the first hole) is shared by the rows of a call in any case.
"""

from __future__ import annotations

import attrs

from medspec.plan.nodes import Call, Plan
from medspec.plan.prefix import row_beginning
from medspec.plan.run_nodes import Wave


def share_prefixes(plan: Plan) -> Plan:
    """`plan` with its calls in waves. Calls that draw several replies for a row stay by themselves."""
    waves: list[Wave] = []
    begins: list[tuple[str, tuple[str, ...]]] = []
    for call in plan.calls:
        render = plan.render(call.render)
        begin = (render.scan, tuple(row_beginning(render)))
        place = next((i for i, other in enumerate(begins) if _together(plan, call, waves[i]) and begin == other), None)
        if place is None or not begin[1]:
            waves.append(Wave(calls=(call.id,)))
            begins.append(begin)
        else:
            waves[place] = attrs.evolve(waves[place], calls=(*waves[place].calls, call.id))
    return attrs.evolve(plan, waves=tuple(waves))


def _together(plan: Plan, call: Call, wave: Wave) -> bool:
    return all(one.repeats == 1 for one in (call, *(plan.call(id) for id in wave.calls)))
