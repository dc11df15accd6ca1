"""Files that are not there are said all at once, and where to get them once for each source. ROOT: the folder of the test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medspec.check import check_text
from medspec.errors import DataError
from medspec.plan.lower import lower
from medspec.plan.nodes import Plan
from medspec.run.bind import bind
from medspec.run.missing_files import missing_files
from medspec.run.roots import DataRoots

HEAD = """\
edition 2026
import std.metrics { accuracy }
record Row { id : text  question : text  gold : bool }
"""
DATASET = """\
dataset %(name)s : Row {
  source = jsonl("%(path)s")
  splits = [test]
  license = "%(license)s"
  %(more)s
}
task %(name)s_task { data = %(name)s.test  prompt = %(prompt)s  answer bool via plain  metrics { primary accuracy } }
"""
ASK = 'prompt ask(question: text) { user "{{ question }}" }\n'
PUBLISHED = """\
prompt published(question: text) {
  user from json("prompts.json", key: "a") { revision = "somebody's repository, commit 1"  placeholders = braces }
}
"""
FETCH = 'fetch = "the archive of the paper"'


def dataset(name: str, path: str, *, license: str = "mit", more: str = FETCH, prompt: str = "ask") -> str:
    return DATASET % {"name": name, "path": path, "license": license, "more": more, "prompt": prompt}


def planned(*texts: str) -> Plan:
    checked = check_text("".join([HEAD, ASK, PUBLISHED, *texts]))
    assert not checked.has_errors, [found.title for found in checked.diagnostics]
    return lower(checked.spec, list(checked.spec.tasks))


def told(plan: Plan, roots: DataRoots, tmp_path: Path) -> str:
    with pytest.raises(DataError) as caught:
        bind(plan, roots)
    return str(caught.value).replace(str(tmp_path), "ROOT")


def test_all_files_are_named_and_their_source_once(tmp_path: Path) -> None:
    many = [dataset(f"d{number}", f"exams/{number}.jsonl") for number in range(11)]
    more = [
        dataset("notes", "notes.jsonl", license="cc0", prompt="published"),
        dataset("own", "own/a.jsonl", license="none", more='errata = jsonl("own/a.errata.jsonl", version: 1)'),
        dataset("far", "hf://owner/name/exam.jsonl@v1", more=""),
    ]
    (tmp_path / "here").mkdir()
    roots = DataRoots(given=(tmp_path / "here", tmp_path / "gone"))
    assert told(planned(*many, *more), roots, tmp_path) == (
        "16 files were not found\n"
        "  prompts.json\n"
        "    to get it: somebody's repository, commit 1\n"
        "  exams/: 0.jsonl, 1.jsonl, 2.jsonl, 3.jsonl, 4.jsonl, 5.jsonl, 6.jsonl, 7.jsonl and 3 more\n"
        "  notes.jsonl\n"
        "    to get them: the archive of the paper\n"
        "    licence of d0, d1, d2, d3, d4, d5, d6, d7 and 3 more: mit\n"
        "    licence of notes: cc0\n"
        "  own/: a.jsonl, a.errata.jsonl\n"
        "  hf://owner/name/exam.jsonl@v1\n"
        "    licence of own: none\n"
        "    licence of far: mit\n"
        "  `medspec fetch` downloads what has an address\n"
        "  looked in:\n"
        "    ROOT/here (--data)\n"
        "    ROOT/gone (--data: no such folder)\n"
        "    . (the spec's folder)\n"
        "  say where they are: `--data DIR`, with DIR the folder that holds `prompts.json` and the other 3; "
        "for several folders write it several times"
    )


def test_one_file_alone_is_told_with_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "exam.json").write_text("")
    found = told(planned(dataset("d", "exam.jsonl")), DataRoots(given=(tmp_path,)), tmp_path)
    assert found.startswith("`exam.jsonl` of dataset `d` was not found; looked at:\n  ROOT/exam.jsonl (--data)\n")
    assert "did you mean ROOT/exam.json?" in found and "to get it: the archive of the paper" in found


def test_files_that_are_there_are_not_named_and_each_is_named_once(tmp_path: Path) -> None:
    plan = planned(*(dataset(f"d{number}", path) for number, path in enumerate(["a.jsonl", "b.jsonl", "b.jsonl"])))
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "1", "question": "?", "gold": True}))
    roots = DataRoots(given=(tmp_path,))
    assert [file.path for file in missing_files(plan, roots)] == ["b.jsonl"]
    (tmp_path / "b.jsonl").mkdir()
    assert [file.path for file in missing_files(plan, roots)] == ["b.jsonl"]


def test_what_is_refused_is_not_missing(tmp_path: Path) -> None:
    """A path that several files fit, or that leaves its root, is told by what reads it."""
    (tmp_path / "a_1.jsonl").touch()
    (tmp_path / "a_2.jsonl").touch()
    plan = planned(dataset("one", "a_*.jsonl"))
    assert missing_files(plan, DataRoots(given=(tmp_path,))) == []
    assert "is to be one file, and 2 fit it" in told(plan, DataRoots(given=(tmp_path,)), tmp_path)
