"""pytest collects `.medspec` files: `pytest specs/` checks them, runs their examples and tries the laws on their tasks.

One item checks a file (`check`), one runs each example, one tries all laws on each task. Nothing of medspec is imported before a
spec is collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from medspec.check.check import Checked
    from medspec.check.spec import ExampleSpec


class SpecFailed(Exception):
    """What is wrong with a spec, in the words of the command line."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("medspec", "specs of clinical benchmarks")
    group.addoption("--medspec-profile", choices=("ci", "deep"), default="ci", help="how often each law is tried")
    group.addoption("--medspec-seed", type=int, default=0, help="what is tried")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path.suffix != ".medspec" or not (parent.session.isinitpath(file_path) or is_of_project(file_path)):
        return None
    found: pytest.Collector = SpecFile.from_parent(parent, path=file_path)
    return found


class SpecFile(pytest.File):
    """One spec: its check, its examples, its tasks."""

    def collect(self) -> Iterator[pytest.Item]:
        checked = checked_project(self.path)
        mine = [one for one in checked.diagnostics if Path(one.place.source.path).resolve() == self.path.resolve()]
        yield CheckItem.from_parent(self, name="check", diagnostics=mine)
        if checked.has_errors:
            return
        spec = checked.spec
        for example in spec.examples:
            if self._holds(example.place.source.path):
                yield ExampleItem.from_parent(self, name=f"example {example.name}", example=example)
        for name, task in spec.tasks.items():
            if self._holds(task.place.source.path):
                yield LawsItem.from_parent(self, name=f"laws {task.name}", checked=checked, task=name)

    def _holds(self, path: str) -> bool:
        return Path(path).resolve() == self.path.resolve()


class CheckItem(pytest.Item):
    """No errors in the file."""

    def __init__(self, *, diagnostics: list[Any], **given: Any) -> None:
        super().__init__(**given)
        self.diagnostics = diagnostics

    def runtest(self) -> None:
        if any(one.is_error for one in self.diagnostics):
            from medspec.text.render import render

            raise SpecFailed(render(self.diagnostics))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return said(self, excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, 0, self.name


class ExampleItem(pytest.Item):
    """An example gives what it says."""

    def __init__(self, *, example: ExampleSpec, **given: Any) -> None:
        super().__init__(**given)
        self.example = example

    def runtest(self) -> None:
        from medspec.run.examples import run_example

        problems = run_example(self.example).problems
        if problems:
            raise SpecFailed("\n".join(problems))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return said(self, excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.example.place.line - 1, self.name


class LawsItem(pytest.Item):
    """All laws hold for a task."""

    def __init__(self, *, checked: Checked, task: str, **given: Any) -> None:
        super().__init__(**given)
        self.checked = checked
        self.task = task

    def runtest(self) -> None:
        from medspec.laws.shown import laws_as_text
        from medspec.laws.trial import PROFILES, try_laws

        profile, seed = self.config.getoption("--medspec-profile"), self.config.getoption("--medspec-seed")
        verdicts = try_laws(self.checked.spec, [self.task], tries=PROFILES[profile], seed=seed)
        if any(one.broken for one in verdicts):
            raise SpecFailed(laws_as_text(verdicts, profile, seed))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        return said(self, excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, self.checked.spec.tasks[self.task].place.line - 1, self.name


def said(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], style: Any) -> Any:
    """The words of a failure; where medspec itself fails, pytest's own account."""
    if isinstance(excinfo.value, SpecFailed):
        return str(excinfo.value)
    return pytest.Item.repr_failure(item, excinfo, style)


def is_of_project(path: Path) -> bool:
    """Whether a spec lies in its project's folder of specs: others, such as those that tests keep, are not meant."""
    from medspec.config import find_config

    return path.is_relative_to(find_config(path.parent).specs)


_CHECKED: dict[Path, Any] = {}
"""What was checked in this process, by root: files of one project import each other, so they are checked together."""


def checked_project(path: Path) -> Checked:
    """The checked specs of the project that a file belongs to; of the file alone where it belongs to none."""
    from medspec.check.check import check_paths
    from medspec.config import find_config

    config = find_config(path.parent)
    root = config.specs
    key = root if path.is_relative_to(root) else path
    if key not in _CHECKED:
        _CHECKED[key] = check_paths([key], root=root if key is root else path.parent)
    found: Checked = _CHECKED[key]
    return found
