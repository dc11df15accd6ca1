"""Runs of judged tasks, with judges that follow a rule of the test instead of a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
from planned_specs import plan_of, write_lines
from report_schema import check_report

from medspec.backends.base import Abilities, Backend, Reply, Request, sha256_of
from medspec.plan.judge_nodes import Judge
from medspec.run.execute import execute
from medspec.run.roots import DataRoots

Says = Callable[[Request], str | None]
"""What a model says to a request; None: it fails."""


@attrs.define
class Scripted:
    """A model that says what a function of the request says, and remembers what it was asked."""

    name: str
    says: Says
    asked: list[Request] = attrs.field(factory=list)
    failure: str = "model_error"
    abilities = Abilities(text=True)

    @property
    def digest(self) -> str:
        return sha256_of(self.name)

    def describe(self) -> dict[str, Any]:
        return {"backend": "scripted", "name": self.name}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            self.asked.append(request)
            text, sent = self.says(request), sha256_of(request.plain_prompt)
            failed = Reply(prompt_sha256=sent, failure=self.failure)
            yield index, failed if text is None else Reply(prompt_sha256=sent, text=text)

    def close(self) -> None: ...


@attrs.define
class Bench:
    """Scripted judges by name."""

    models: dict[str, Backend]

    def model_of(self, judge: Judge) -> Backend:
        return self.models[judge.name]

    def close(self) -> None: ...


def run_judged(
    text: str,
    folder: Path,
    name: str,
    *,
    rows: Sequence[dict[str, Any]],
    candidate: Says | Backend,
    judges: dict[str, Says | Backend],
    file: str = "questions/test.jsonl",
    limit: int | None = None,
) -> dict[str, Any]:
    """The report of a run of the task `name` into `folder/out`, over `rows`."""
    write_lines(folder / file, rows)
    plan = plan_of(text, name)
    model = candidate if not callable(candidate) else Scripted("candidate", candidate)
    opened = {key: says if not callable(says) else Scripted(key, says) for key, says in judges.items()}
    roots = DataRoots(given=(folder,))
    report = execute(plan, model, model="test", out=folder / "out", roots=roots, judges=Bench(opened), limit=limit)
    check_report(report)
    return report
