"""What waits for a person, and what people said: two files of JSON Lines in the run's folder.

    queue.jsonl      one line for each case a panel could not settle: what was shown, what each judge said, `"verdict": null`
    answers.jsonl    lines of the queue with the verdict filled in; read whenever the run is scored again

A verdict belongs to what was shown (`case`, a digest), and not to a row: the same answer to the same question is decided
once, and an answer of another run is never taken for it. The queue of private rows stays with the run like its journal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from medspec.errors import DataError
from medspec.files.json_text import parse_json
from medspec.plan.judge_nodes import Panel
from medspec.run.judging.ask import Case
from medspec.run.judging.panel import Ruling
from medspec.run.whole_files import write_whole
from medspec.types import Misfit, Type

QUEUE, ANSWERS = "queue.jsonl", "answers.jsonl"


def key_of(panel: Panel, case: Case) -> str:
    """Sixteen hex digits over the panel's name and everything its judges are shown."""
    text = json.dumps([panel.name, _shown(panel, case)], sort_keys=True, ensure_ascii=False)
    return sha256(text.encode()).hexdigest()[:16]


def _shown(panel: Panel, case: Case) -> dict[str, Any]:
    types = dict(panel.judges[0].parameters)
    return {name: types[name].to_json(value) if name in types else value for name, value in case.values.items()}


def queue_line(panel: Panel, ruling: Ruling) -> dict[str, Any]:
    """One line of `queue.jsonl`."""
    type_ = panel.judges[0].reader.answer
    said = {name: None if o.reason else type_.to_json(o.verdict) for name, o in ruling.opinions}
    return {
        "case": key_of(panel, ruling.case),
        "panel": panel.name,
        "task": ruling.case.task,
        "row": ruling.case.name,
        "shown": _shown(panel, ruling.case),
        "judges": said,
        "form": type_.spelled,
        "verdict": None,
    }


def write_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write `path` whole, or take it away where there is no line."""
    if not lines:
        path.unlink(missing_ok=True)
        return
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    write_whole(path, text.encode())


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON Lines; [] where there is no file. Raises `DataError` with the line that is none."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = parse_json(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: this is no JSON: {error}") from error
        if not isinstance(value, dict) or not isinstance(value.get("case"), str):
            raise DataError(f"{path}, line {number}: expected a line of the queue, with its `case`")
        found.append(value)
    return found


def read_answers(path: Path, types: Mapping[str, Type]) -> dict[str, Any]:
    """What people said: the verdict of each case. `types` holds the type of verdict of each panel.

    Lines without a verdict, and those of panels that are not asked, are passed over. Raises `DataError` for a verdict that
    is none, and for two different verdicts on one case.
    """
    found: dict[str, Any] = {}
    for number, line in enumerate(read_lines(path), start=1):
        type_ = types.get(str(line.get("panel")))
        if line.get("verdict") is None or type_ is None:
            continue
        try:
            verdict = type_.load(line["verdict"], line.get("shown") or {})
        except Misfit as misfit:
            raise DataError(f"{path}, line {number}, row {line.get('row')}: the verdict is none: {misfit}") from None
        if found.setdefault(line["case"], verdict) != verdict:
            raise DataError(f"{path}, line {number}, row {line.get('row')}: decided otherwise in a line before")
    return found


def decider(panel: Panel, answers: Mapping[str, Any]) -> Callable[[Case], Any]:
    """What a person said of a case of `panel`; None where nobody did."""
    return lambda case: answers.get(key_of(panel, case))


def take_answers(run: Path, target: Path) -> None:
    """What people said of the cases of `run` is said of those of `target` too."""
    lines = read_lines(run / ANSWERS)
    if lines and not (target / ANSWERS).exists():
        write_lines(target / ANSWERS, lines)
