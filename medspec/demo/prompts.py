"""The prompts and replies of the quickstart suite, as medspec sends and reads them.

They are made by the compiled spec itself, so the model cannot be trained on other words than it is asked with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Decode, Request

if TYPE_CHECKING:
    from medspec.plan.nodes import ReaderUse
    from medspec.run.render import Turns
    from medspec.types import Type

SPEC_FOLDER = Path(__file__).parents[2] / "specs"
SUITE = "quickstart"


@attrs.frozen(kw_only=True)
class TaskText:
    """What one task of the suite sends and expects."""

    task: str
    gold: Type
    messages: Callable[[Mapping[str, Any]], Turns]
    use: ReaderUse
    encode: Callable[..., str]

    def prompt(self, row: dict[str, Any]) -> str:
        """The exact text a model without chat template gets for a row, with the names of the data file as keys."""
        request = Request(task=self.task, row="", messages=self.messages(row), decode=Decode())
        return request.plain_prompt

    def reply(self, row: dict[str, Any]) -> str:
        """What the model is to write right after the prompt: a space, and the gold as the task's reader writes it."""
        gold = self.gold.load(row["answer"], row)
        return " " + self.encode(gold, self.use.answer, row, dict(self.use.settings))


def task_texts() -> dict[str, TaskText]:
    """The tasks of the suite by name. Raises `CompileFailed` when its spec has errors."""
    from medspec.api import compile_specs
    from medspec.readers import find_reader
    from medspec.run.render import turn_maker

    plan = compile_specs([SPEC_FOLDER / SUITE], SUITE, root=SPEC_FOLDER)
    texts = {}
    for task in plan.tasks:
        use = plan.read(task.read).reader
        reader = find_reader(use.name)
        gold = plan.scan(task.scan).record.field(task.gold)
        assert reader is not None and gold is not None, task.name
        texts[task.name] = TaskText(
            task=task.name,
            gold=gold.type,
            messages=turn_maker(plan.render(task.render)),
            use=use,
            encode=reader.encode,
        )
    return texts
