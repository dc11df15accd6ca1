"""Rows and replies invented from the types of a plan: the whole path without data and without a model.

What comes out says nothing about anybody; that it comes out at all says that every prompt can be written, every reply can
be read and every metric can be computed. The same seed invents the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities, Reply, Request, sha256_of
from medspec.plan.judge_nodes import Judge
from medspec.plan.nodes import Plan, Scan, Shots, TaskPlan
from medspec.readers import find_reader
from medspec.run.bound import Bound
from medspec.run.forms import written
from medspec.run.roots import DataRoots
from medspec.run.scan import Rows
from medspec.run.shots import PickedShots, part_of, pick_shots
from medspec.run.text_files import resolve_texts
from medspec.types import IntegerType, Misfit
from medspec.types.image import sizes_from

RIGHT, WRONG = 0.6, 0.85
"""This share of the replies is right, those up to the second one are wrong; the rest is noise."""

INVENTED_SIZE = (336, 336)
"""Width and height of an invented image."""

NOISE = ("", "I would rather not say.", "??", "That depends on the patient.", "{", "A or B", "<think>hm")


def invent(plan: Plan, roots: DataRoots, *, rows: int, seed: int) -> Bound:
    """`plan` with `rows` invented rows for every split, and as many more as shots and parts take.

    A text from a file that is not there is made up, too. Raises `DataError` for one that is there and not the one that is meant.
    """
    resolved = resolve_texts(plan, roots, stand_in=True)
    found: dict[str, Rows] = {}
    for scan in resolved.scans:
        more = sum(render.shots.count for render in resolved.renders if render.shots and render.shots.scan == scan.id)
        held = scan.part.count if scan.part is not None else 0
        made = _rows(scan, rows + more + held, seed)
        found[scan.id] = made if scan.part is None else part_of(made, scan.part)
    shots = {r.id: _shots(r.shots, found[r.shots.scan]) for r in resolved.renders if r.shots is not None}
    graded = {one.scan: found[one.scan] for task in resolved.tasks for one in task.calibrations}
    return Bound(resolved, found, shots, graded=graded, sizes=lambda path: INVENTED_SIZE)


def _rows(scan: Scan, count: int, seed: int) -> Rows:
    rng = random.Random(f"{seed} {scan.dataset} {scan.subset} {scan.split}")
    rows = []
    for number in range(count):
        row = scan.record.invent(rng, {})
        if scan.id_field is not None:
            field = scan.record.field(scan.id_field)
            is_number = field is not None and isinstance(field.type, IntegerType)
            row[scan.id_field] = number if is_number else f"invented-{scan.split}-{number}"
        rows.append(row)
    ids = [str(number if scan.id_field is None else row[scan.id_field]) for number, row in enumerate(rows)]
    digest = sha256(repr(rows).encode()).hexdigest()
    return Rows(rows=rows, ids=ids, digest=digest, file=Path("invented") / scan.source.path)


def _shots(shots: Shots, rows: Rows) -> PickedShots:
    """As many shots as the plan asks for; ids that were written down and distinct values are not to be had here."""
    return pick_shots(attrs.evolve(shots, pick="first", ids=(), distinct_by=None), rows)


class InventedModel:
    """A model that knows the answers, and does not always tell them. Made for one `Bound`."""

    abilities = Abilities(text=True, logits=True, images=True, by_row=True)

    def __init__(self, bound: Bound, *, seed: int) -> None:
        self.bound = bound
        self.seed = seed
        # A call that several tasks share asks for the first of them.
        self._tasks = {task.name: task for task in bound.plan.tasks}
        self._rows = {id: dict(zip(rows.ids, rows.rows, strict=True)) for id, rows in bound.rows.items()}

    @property
    def digest(self) -> str:
        return sha256_of(f"invented {self.seed} {[rows.digest for rows in self.bound.rows.values()]}")

    def describe(self) -> dict[str, Any]:
        return {"backend": "invented", "seed": self.seed, "is": "invented replies to invented rows, no model"}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            rng = random.Random(f"{self.seed} {request.task} {request.row} {request.sample}")
            sent = sha256_of(request.plain_prompt)
            if request.options is not None:
                scores = tuple(-10 * rng.random() for _ in request.options)
                yield index, Reply(prompt_sha256=sent, scores=scores, finish="scored")
            else:
                yield index, Reply(prompt_sha256=sent, text=self._text(self._tasks[request.task], request.row, rng))

    def close(self) -> None:
        """There is nothing to give back."""

    def _text(self, task: TaskPlan, id: str, rng: random.Random) -> str:
        row = self._rows[task.scan][id]
        use = self.bound.plan.read(task.read).reader
        drawn = rng.random()
        if drawn >= WRONG:
            return rng.choice(NOISE)
        value = row[task.gold] if drawn < RIGHT else use.answer.invent(rng, row)
        try:
            with sizes_from(self.bound.sizes):
                return written(self.bound.plan, task, value, row)
        except Misfit:
            # An invented value need not be one that the reader can write, such as a text that fits its expression.
            return rng.choice(NOISE)


class InventedJudges:
    """Judges that say something of the right form about whatever they are shown, and now and then something else."""

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def model_of(self, judge: Judge) -> InventedJudge:
        return InventedJudge(judge, seed=self.seed)

    def close(self) -> None:
        """There is nothing to give back."""


class InventedJudge:
    """One of them. The same question gets the same reply."""

    abilities = Abilities(text=True, images=True)

    def __init__(self, judge: Judge, *, seed: int) -> None:
        self.judge = judge
        self.seed = seed

    @property
    def digest(self) -> str:
        return sha256_of(f"invented judge {self.seed} {self.judge.name} {self.judge.reader.answer.spelled}")

    def describe(self) -> dict[str, Any]:
        return {"backend": "invented", "seed": self.seed, "is": "invented verdicts, no model"}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        use = self.judge.reader
        reader = find_reader(use.name)
        assert reader is not None, use.name
        for index, request in enumerate(requests):
            sent = sha256_of(request.plain_prompt)
            rng = random.Random(f"{self.seed} {self.judge.name} {sent} {request.sample}")
            # Most of the time what every judge says, or no panel would ever agree.
            said = rng if rng.random() < 0.2 else random.Random(f"{self.seed} {sent} {request.sample}")
            try:
                text = reader.encode(use.answer.invent(said, {}), use.answer, {}, dict(use.settings))
            except Misfit:
                text = ""
            yield index, Reply(prompt_sha256=sent, text=text if rng.random() < 0.95 else rng.choice(NOISE))

    def close(self) -> None:
        """There is nothing to give back."""
