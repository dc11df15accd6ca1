"""`replay:FILE`: replies recorded elsewhere, to score other people's outputs and to reproduce published tables.

    replay:outputs.jsonl?id=id&reply=outputs.0     JSONL, one reply per line
    replay:outputs.csv?id=item&reply=text&task=task
    replay:outputs.json                            a list of objects, or {"<id>": "<reply>"}, or {"<id>": {"reply": ...}}
    replay:outputs.parquet

`id`, `reply` and `task` are dotted paths into a row (`id` and `reply` where nothing is said). `task` is for files with
replies to several tasks; without it a reply serves every task that asks for its row. `at` is the path to the rows inside
a JSON document. A row without a reply, or with an empty list or null in its place, is told apart from a wrong one
(`no_reply`). There are no logits here: option log-likelihoods cannot be replayed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities, Options, Reply, Request, Scheme, sha256_of
from medspec.errors import BackendError, DataError
from medspec.files import FORMATS
from medspec.files.base import Format, Layout, RawRow, RawRows
from medspec.files.dotted import ABSENT, did_you_mean, look_up, name_list
from medspec.files.opening import DataFile
from medspec.files.problems import Problems, shorten

ABILITIES = Abilities(text=True, logits=False, images=True, by_row=True)

SETTINGS = ("id", "reply", "task", "at")

Key = tuple[str | None, str]
"""Task (None: any) and row id."""


@attrs.frozen(kw_only=True)
class Paths:
    """Where id, reply and task stand in a row. `id` None: the key of the row in a JSON object."""

    id: str | None
    reply: str
    task: str | None

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(path for path in (self.id, self.reply, self.task) if path is not None)


class ReplayBackend:
    """`replies` holds what was recorded; None where the file has a row without a reply."""

    abilities = ABILITIES

    def __init__(self, file: DataFile, paths: Paths, replies: dict[Key, str | None], digest: str) -> None:
        self._file = file
        self._paths = paths
        self._replies = replies
        self._digest = digest
        self._asked: set[Key] = set()
        self._missing: set[tuple[str, str]] = set()

    @property
    def digest(self) -> str:
        return self._digest

    def describe(self) -> dict[str, Any]:
        """With `unasked`: ids in the file that no row has asked for so far, and `missing`: rows that found no reply."""
        return {
            "backend": "replay",
            "file": self._file.name,
            "id": self._paths.id,
            "reply": self._paths.reply,
            "task": self._paths.task,
            "replies": len(self._replies),
            "missing": len(self._missing),
            "unasked": len(self._replies.keys() - self._asked),
        }

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            if request.options is not None:
                raise BackendError(f"task `{request.task}` scores options; recorded replies have no log-likelihoods")
            yield index, self._reply(request)

    def close(self) -> None:
        self._replies = {}

    def _reply(self, request: Request) -> Reply:
        sent = sha256_of(request.plain_prompt)
        key: Key = (None if self._paths.task is None else request.task, request.row)
        if key in self._replies:
            self._asked.add(key)
        text = self._replies.get(key)
        if text is not None:
            return Reply(prompt_sha256=sent, text=text)
        self._missing.add((request.task, request.row))
        detail = "the recorded reply is empty" if key in self._replies else f"there is no such id in {self._file.name}"
        return Reply(prompt_sha256=sent, failure="no_reply", detail=detail)


def open_replay(path: str, settings: Mapping[str, str], options: Options) -> ReplayBackend:
    """Reads the whole file. Raises `BackendError`: no such file or setting, a damaged file, an id twice, no replies."""
    if not path:
        raise BackendError("`replay` needs a file: `--model replay:outputs.jsonl?id=id&reply=reply`")
    for name, value in settings.items():
        if name not in SETTINGS:
            meant = did_you_mean(name, SETTINGS)
            raise BackendError(f"`replay` has no setting `{name}`{meant or '.'} It has {name_list(SETTINGS)}")
        if not value:
            raise BackendError(f"the setting `{name}` of `replay` is empty")
    form = _format_of(path)
    if "at" in settings and form.name != "json":
        raise BackendError(f"the setting `at` of `replay` is for JSON documents; {path} is {form.name}")
    file = DataFile(Path(path), path)
    try:
        return _load(file, form, settings)
    except DataError as error:
        raise BackendError(str(error)) from error


def _format_of(path: str) -> Format:
    suffix = Path(path).suffix.lower()
    for form in FORMATS:
        if suffix in form.suffixes:
            return form
    known = ", ".join(suffix for form in FORMATS for suffix in form.suffixes)
    raise BackendError(f"{path}: the end of the file's name does not say what it is; medspec reads {known}")


def _load(file: DataFile, form: Format, settings: Mapping[str, str]) -> ReplayBackend:
    paths = Paths(id=settings.get("id", "id"), reply=settings.get("reply", "reply"), task=settings.get("task"))
    # Every column: the names of those there are belong into the message when one is missing.
    raws = form.read(file, Layout(at=settings.get("at")), None)
    _check_columns(file, raws, paths)
    replies: dict[Key, str | None] = {}
    places: dict[Key, RawRow] = {}
    problems = Problems()
    checked = 0
    names: tuple[str, ...] = ()
    for raw in raws.rows:
        checked += 1
        names = names or (tuple(raw.value) if isinstance(raw.value, dict) else ())
        if raw.key is not None and "id" not in settings:
            paths = attrs.evolve(paths, id=None)
        try:
            key, text = _recorded(raw, paths)
            if key in places:
                raise _Wrong(f'the id "{key[1]}" is that of {places[key].place(file.name)} already')
        except _Wrong as error:
            problems.add(f"{raw.place(file.name)}: {error}")
            continue
        replies[key], places[key] = text, raw
    problems.raise_any(file.name, checked)
    if not checked:
        raise file.fault("there are no rows in this file")
    if not any(text is not None for text in replies.values()):
        listing = f"; the columns are {name_list(names)}" if names else ""
        raise file.fault(f"no row has a reply at `{paths.reply}`{listing}")
    said = json.dumps([file.digest(), *sorted(settings.items())])
    return ReplayBackend(file, paths, replies, sha256_of(f"replay 1 {said}"))


def _check_columns(file: DataFile, raws: RawRows, paths: Paths) -> None:
    """Refuse a file whose header lacks a column outright. Paths into a column can only be followed row by row."""
    if raws.columns is None:
        return
    for path in paths.all:
        if path not in raws.columns and path.partition(".")[0] not in raws.columns:
            meant = did_you_mean(path, raws.columns)
            raise file.fault(f"there is no column `{path}`{meant or '.'} The columns are {name_list(raws.columns)}")


class _Wrong(ValueError):
    """What is wrong with one row."""


def _recorded(raw: RawRow, paths: Paths) -> tuple[Key, str | None]:
    """Key and reply of one row. Under a key may stand the reply itself, a list of replies, null, or an object."""
    value = raw.value
    if raw.fault is not None and (raw.key is None or paths.id is not None or isinstance(value, bool | int | float)):
        raise _Wrong(raw.fault)
    task = None if paths.task is None else _name(look_up(value, paths.task), paths.task)
    id = raw.key if paths.id is None else _name(look_up(value, paths.id), paths.id)
    assert id is not None, "a row without a key has its id at a path"
    if value is None or isinstance(value, str):
        return (task, id), value
    found = look_up(value, paths.reply)
    if found is ABSENT and isinstance(value, list) and value:
        raise _Wrong(f"found a list of {len(value)}; say which is the reply, counted from 0: `reply=0`")
    return (task, id), _text(found, paths.reply)


def _name(value: Any, path: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        found = "nothing" if value is ABSENT else shorten(value)
        raise _Wrong(f"expected a text or a whole number at `{path}`, found {found}")
    return str(value)


def _text(value: Any, path: str) -> str | None:
    """The reply, or None where there is none. A number stands for its own text."""
    if value is ABSENT or value is None or value == []:
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        count = f"a list of {len(value)}"
        raise _Wrong(f"expected a text at `{path}`, found {count}; say which, counted from 0: `reply={path}.0`")
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise _Wrong(f"expected a text at `{path}`, found {shorten(value)}")


SCHEME = Scheme("replay", "replies recorded in a file: JSONL, JSON, CSV or Parquet", open_replay, ABILITIES)
