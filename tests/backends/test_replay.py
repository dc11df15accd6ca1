"""Recorded replies: found by row, told apart from missing ones, and refused in words where the file is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import polars
import pytest

from medspec.backends import SCHEMES
from medspec.backends.base import Backend, Decode, Message, Options, Reply, Request
from medspec.backends.replay import SCHEME
from medspec.errors import BackendError

DATA = Path(__file__).parents[3] / "shared" / "data"

LINES = [
    {"id": "a", "reply": "first", "outputs": ["one", "two"], "meta": {"n": 1}},
    {"id": "b", "reply": "", "outputs": [], "meta": {"n": 2}},
    {"id": "c", "reply": None, "outputs": [None], "meta": {"n": 3}},
    {"id": 7, "reply": 3.5, "outputs": ["x"], "meta": {}},
]


def write(tmp_path: Path, content: Any, name: str = "replies.jsonl") -> str:
    path = tmp_path / name
    if name.endswith(".jsonl"):
        content = "".join(json.dumps(line) + "\n" for line in content)
    elif not isinstance(content, str):
        content = json.dumps(content)
    path.write_text(content, encoding="utf-8")
    return str(path)


def opened(path: str, **settings: str) -> Backend:
    return SCHEME.open(path, settings, Options())


def ask(backend: Backend, *rows: str, task: str = "t") -> dict[str, str | None]:
    """The reply to each row, or its failure in brackets."""
    requests = [
        Request(task=task, row=row, messages=(Message("user", f"Question {row}"),), decode=Decode()) for row in rows
    ]
    replies: dict[int, Reply] = dict(backend.answer(requests))
    return {row: f"[{replies[n].failure}]" if replies[n].failure else replies[n].text for n, row in enumerate(rows)}


def refusal(tmp_path: Path, path: str, **settings: str) -> str:
    with pytest.raises(BackendError) as caught:
        opened(path, **settings)
    return str(caught.value).replace(str(tmp_path), "ROOT")


def test_replies_are_found_by_id(tmp_path: Path) -> None:
    assert SCHEME in SCHEMES
    path = write(tmp_path, LINES)
    rows = ("c", "a", "b", "7", "z")
    assert ask(opened(path), *rows) == {"a": "first", "b": "", "c": "[no_reply]", "7": "3.5", "z": "[no_reply]"}
    assert ask(opened(path, reply="outputs.0"), *rows) == {
        "a": "one",
        "b": "[no_reply]",
        "c": "[no_reply]",
        "7": "x",
        "z": "[no_reply]",
    }


def test_missing_replies_say_why_and_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path, LINES)
    backend = opened(path)
    request = Request(task="t", row="c", messages=(Message("user", "What?"),), decode=Decode())
    ((_, reply),) = backend.answer([request])
    assert (reply.failure, reply.detail) == ("no_reply", "the recorded reply is empty")
    assert reply.prompt_sha256 == "a4949e2c96de26681c9519749e57bfb362bbac2a8f40c89b24c35d1de111336d"
    assert ask(backend, "nobody", "a") == {"nobody": "[no_reply]", "a": "first"}
    described = backend.describe()
    assert (described["replies"], described["missing"], described["unasked"]) == (4, 2, 2)
    json.dumps(described)
    assert ask(backend, "nobody", task="other") == {"nobody": "[no_reply]"}
    assert backend.describe()["missing"] == 3
    assert backend.abilities == SCHEME.abilities
    assert (backend.abilities.logits, backend.abilities.by_row) == (False, True)
    backend.close()


def test_replies_of_several_tasks(tmp_path: Path) -> None:
    lines = [{"task": task, "id": "a", "reply": f"{task} a"} for task in ("t", "u")]
    path = write(tmp_path, lines)
    backend = opened(path, task="task")
    assert ask(backend, "a", "b", task="t") == {"a": "t a", "b": "[no_reply]"}
    assert ask(backend, "a", task="u") == {"a": "u a"}
    assert ask(backend, "a", task="v") == {"a": "[no_reply]"}
    assert refusal(tmp_path, path) == (
        "ROOT/replies.jsonl: 1 problem in 2 rows:\n"
        '  ROOT/replies.jsonl:2: the id "a" is that of ROOT/replies.jsonl:1 already'
    )


@pytest.mark.parametrize(
    ("content", "settings"),
    [
        ([{"id": "a", "reply": "one"}, {"id": "b", "reply": None}], {}),
        ({"a": "one", "b": None}, {}),
        ({"a": "one", "b": []}, {}),
        ({"a": ["one", "two"], "b": []}, {"reply": "0"}),
        ({"a": {"reply": "one"}, "b": {"reply": []}}, {}),
        ({"a": {"out": {"text": "one"}}, "b": {}}, {"reply": "out.text"}),
        ({"k": {"nr": "a", "reply": "one"}, "l": {"nr": "b"}}, {"id": "nr"}),
        ({"data": {"replies": {"a": "one", "b": None}}}, {"at": "data.replies"}),
    ],
)
def test_the_forms_of_a_json_document(content: Any, settings: dict[str, str], tmp_path: Path) -> None:
    backend = opened(write(tmp_path, content, "replies.json"), **settings)
    assert ask(backend, "a", "b", "c") == {"a": "one", "b": "[no_reply]", "c": "[no_reply]"}
    assert backend.describe()["replies"] == 2


def test_tables(tmp_path: Path) -> None:
    with (tmp_path / "replies.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["nr", "text"], ["1", 'a\n"b", c'], ["2", ""]])
    found = opened(str(tmp_path / "replies.csv"), id="nr", reply="text")
    assert ask(found, "1", "2", "3") == {"1": 'a\n"b", c', "2": "", "3": "[no_reply]"}
    table = polars.DataFrame({"id": [1, 2, 3], "outputs": [["x"], [], None], "meta": [{"text": "y"}] * 3})
    table.write_parquet(tmp_path / "replies.parquet")
    path = str(tmp_path / "replies.parquet")
    assert ask(opened(path, reply="outputs.0"), "1", "2", "3") == {"1": "x", "2": "[no_reply]", "3": "[no_reply]"}
    assert ask(opened(path, reply="meta.text"), "1") == {"1": "y"}


def test_the_digest_is_of_bytes_and_settings(tmp_path: Path) -> None:
    path = write(tmp_path, LINES)
    digests = [opened(path).digest, opened(path, reply="outputs.0").digest, opened(path, reply="outputs.1").digest]
    assert opened(write(tmp_path, LINES, "same.jsonl")).digest == digests[0]
    digests.append(opened(write(tmp_path, LINES[:3])).digest)
    assert len(set(digests)) == 4


def test_options_cannot_be_replayed(tmp_path: Path) -> None:
    backend = opened(write(tmp_path, LINES))
    request = Request(task="t", row="a", messages=(), decode=Decode(), options=(" yes", " no"))
    with pytest.raises(BackendError, match="task `t` scores options; recorded replies have no log-likelihoods"):
        list(backend.answer([request]))


def test_what_is_wrong_with_rows(tmp_path: Path) -> None:
    lines: list[Any] = [
        {"id": "a", "reply": ["one", "two"]},
        {"reply": "x"},
        {"id": None, "reply": "x"},
        {"id": True, "reply": "x"},
        {"id": "", "reply": "x"},
        {"id": "b", "reply": {"text": "x"}},
        ["c", "x"],
        {"id": "d", "reply": "fine"},
        {"id": "d", "reply": "fine"},
    ]
    assert refusal(tmp_path, write(tmp_path, lines)) == (
        "ROOT/replies.jsonl: 8 problems in 9 rows:\n"
        "  ROOT/replies.jsonl:1: expected a text at `reply`, found a list of 2; say which, counted from 0: `reply=reply.0`\n"
        "  ROOT/replies.jsonl:2: expected a text or a whole number at `id`, found nothing\n"
        "  ROOT/replies.jsonl:3: expected a text or a whole number at `id`, found null\n"
        "  ROOT/replies.jsonl:4: expected a text or a whole number at `id`, found true\n"
        '  ROOT/replies.jsonl:5: expected a text or a whole number at `id`, found ""\n'
        '  ROOT/replies.jsonl:6: expected a text at `reply`, found {"text": "x"}\n'
        "  ROOT/replies.jsonl:7: expected an object, found a list\n"
        '  ROOT/replies.jsonl:9: the id "d" is that of ROOT/replies.jsonl:8 already'
    )
    assert refusal(tmp_path, write(tmp_path, {"a": 7, "b": ["x"]}, "replies.json")) == (
        "ROOT/replies.json: 2 problems in 2 rows:\n"
        '  ROOT/replies.json, key "a": expected an object, found a number\n'
        '  ROOT/replies.json, key "b": found a list of 1; say which is the reply, counted from 0: `reply=0`'
    )


def test_what_is_wrong_with_the_file_or_the_settings(tmp_path: Path) -> None:
    path = write(tmp_path, LINES)
    table = write(tmp_path, "id,text\na,b\n", "replies.csv")
    for given, settings, expected in [
        ("", {}, "`replay` needs a file: `--model replay:outputs.jsonl?id=id&reply=reply`"),
        (path, {"reply": ""}, "the setting `reply` of `replay` is empty"),
        (
            path,
            {"repyl": "x"},
            "`replay` has no setting `repyl`; did you mean `reply`? It has `id`, `reply`, `task`, `at`",
        ),
        (path, {"colour": "x"}, "`replay` has no setting `colour`. It has `id`, `reply`, `task`, `at`"),
        (path, {"at": "x"}, "the setting `at` of `replay` is for JSON documents; ROOT/replies.jsonl is jsonl"),
        (path + ".old", {}, None),
        (str(tmp_path / "none.jsonl"), {}, "ROOT/none.jsonl: there is no such file"),
        (write(tmp_path, [], "none.json"), {}, "ROOT/none.json: there are no rows in this file"),
        (
            path,
            {"reply": "output"},
            "ROOT/replies.jsonl: no row has a reply at `output`; the columns are `id`, `reply`, `outputs`, `meta`",
        ),
        (table, {}, "ROOT/replies.csv: there is no column `reply`. The columns are `id`, `text`"),
        (
            table,
            {"reply": "txt"},
            "ROOT/replies.csv: there is no column `txt`; did you mean `text`? The columns are `id`, `text`",
        ),
    ]:
        found = refusal(tmp_path, given, **settings)
        if expected is None:
            expected = (
                "ROOT/replies.jsonl.old: the end of the file's name does not say what it is; "
                "medspec reads .jsonl, .ndjson, .json, .csv, .parquet, .conll, .bio, .iob, .pubtator, .ann"
            )
        assert found == expected


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data folder is not beside the project")
def test_recorded_replies_to_medqa() -> None:
    path = str(DATA / "medqa_usmle_4opt" / "predictions_gpt-35-turbo-16k_cot.jsonl")
    backend = opened(path, reply="outputs.0")
    ids = [f"{number:04d}" for number in range(1273)]
    found = ask(backend, *ids)
    # The makers of the file count 6 empty lists of outputs.
    assert sum(text == "[no_reply]" for text in found.values()) == 6
    assert backend.describe()["unasked"] == 0
    assert backend.describe()["missing"] == 6
    with open(path, encoding="utf-8") as stream:
        recorded = {line["id"]: line["outputs"] for line in map(json.loads, stream)}
    assert found == {id: recorded[id][0] if recorded[id] else "[no_reply]" for id in ids}
