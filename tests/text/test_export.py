"""Diagnostics for other programs, checked against what those programs document."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspec.text.diagnostic import Diagnostic, Edit, Label
from medspec.text.export import as_json, github, json_lines, sarif
from medspec.text.source import Place, Source


@attrs.frozen
class Listed:
    code: str
    title: str
    why: str


RULES = [Listed("E0101", "a title", "a reason"), Listed("W0202", "another title", "another reason")]

FIRST = Source("specs/a b.medspec", "edition 2026\nimport std.metrics { accuracy, macro_f1 }\n")
SECOND = Source("specs/ü.medspec", "edition 2026\n")
UNUSED = Diagnostic(
    code="W0202",
    title="`macro_f1` is imported and never used",
    labels=(Label(Place(FIRST, 43, 51), "not used"), Label(Place(SECOND, 0, 7))),
    notes=("a fact: 100%, or so",),
    helps=("remove it",),
    edits=(Edit(Place(FIRST, 41, 51), ""),),
)
WRONG = Diagnostic(code="E0101", title="expected a name", labels=(Label(Place(FIRST, 8, 19)),))


def test_json_lines():
    first, second = (json.loads(line) for line in json_lines([UNUSED, WRONG]).splitlines())
    assert first == {
        "code": "W0202",
        "severity": "warning",
        "title": "`macro_f1` is imported and never used",
        "labels": [
            {"path": "specs/a b.medspec", "line": 2, "column": 31, "end_line": 2, "end_column": 39, "text": "not used"},
            {"path": "specs/ü.medspec", "line": 1, "column": 1, "end_line": 1, "end_column": 8, "text": ""},
        ],
        "notes": ["a fact: 100%, or so"],
        "helps": ["remove it"],
        "edits": [
            {"path": "specs/a b.medspec", "line": 2, "column": 29, "end_line": 2, "end_column": 39, "text": ""},
        ],
    }
    assert (second["code"], second["severity"]) == ("E0101", "error")
    assert [second["labels"][0][key] for key in ("line", "column", "end_line", "end_column")] == [1, 9, 2, 7]


def test_nothing_wrong_is_no_line():
    assert json_lines([]) == github([]) == ""


@given(st.text(), st.text())
def test_json_of_any_text_is_one_line_and_keeps_the_text(title, note):
    line = json_lines([attrs.evolve(WRONG, title=title, notes=(note,))])
    assert line.count("\n") == 1 and len(line.splitlines()) == 1 and line.isascii()
    assert json.loads(line)["title"] == title and json.loads(line)["notes"] == [note]


# What the SARIF 2.1.0 schema demands of the objects we write: required properties, and the type of each we use.
SARIF = {
    "log": ({"version", "runs"}, {"$schema": str, "version": str, "runs": ["run"]}),
    "run": ({"tool"}, {"tool": "tool", "columnKind": str, "results": ["result"]}),
    "tool": ({"driver"}, {"driver": "component"}),
    "component": ({"name"}, {"name": str, "version": str, "rules": ["descriptor"]}),
    "descriptor": (
        {"id"},
        {
            "id": str,
            "shortDescription": "message",
            "fullDescription": "message",
            "defaultConfiguration": "configuration",
        },
    ),
    "configuration": (set(), {"level": str}),
    "result": (
        {"message"},
        {
            "ruleId": str,
            "ruleIndex": int,
            "level": str,
            "message": "message",
            "locations": ["location"],
            "relatedLocations": ["location"],
            "fixes": ["fix"],
        },
    ),
    "message": ({"text"}, {"text": str}),
    "location": (set(), {"id": int, "physicalLocation": "physical", "message": "message"}),
    "physical": ({"artifactLocation"}, {"artifactLocation": "artifact", "region": "region"}),
    "artifact": (set(), {"uri": str}),
    "region": (set(), {"startLine": int, "startColumn": int, "endLine": int, "endColumn": int}),
    "fix": ({"artifactChanges"}, {"description": "message", "artifactChanges": ["change"]}),
    "change": ({"artifactLocation", "replacements"}, {"artifactLocation": "artifact", "replacements": ["replacement"]}),
    "replacement": ({"deletedRegion"}, {"deletedRegion": "region", "insertedContent": "message"}),
}


def check_sarif(value, kind):
    """Fails when `value` lacks a required property of its kind, or has one the kind does not know."""
    if isinstance(kind, list):
        assert isinstance(value, list)
        for entry in value:
            check_sarif(entry, kind[0])
    elif isinstance(kind, type):
        assert type(value) is kind
    else:
        required, properties = SARIF[kind]
        assert required <= set(value) <= set(properties), (kind, set(value))
        for name, entry in value.items():
            check_sarif(entry, properties[name])


def test_sarif_has_the_required_form():
    log = json.loads(sarif([UNUSED, WRONG], RULES, version="1.2.3"))
    check_sarif(log, "log")
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["tool"]["driver"]["version"] == "1.2.3"
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        for location in [*result["locations"], *result.get("relatedLocations", [])]:
            region = location["physicalLocation"]["region"]
            assert all(number >= 1 for number in region.values())
            assert re.fullmatch(r"[A-Za-z0-9%./_~-]+", location["physicalLocation"]["artifactLocation"]["uri"])


def test_sarif_says_what_the_diagnostic_says():
    result = json.loads(sarif([UNUSED], RULES, version="0"))["runs"][0]["results"][0]
    assert result["level"] == "warning"
    assert result["message"]["text"].split("\n") == [
        "`macro_f1` is imported and never used",
        "not used",
        "note: a fact: 100%, or so",
        "help: remove it",
    ]
    uri = result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii() and unquote(uri) == "specs/ü.medspec"
    (change,) = result["fixes"][0]["artifactChanges"]
    (replacement,) = change["replacements"]
    assert replacement["deletedRegion"] == {"startLine": 2, "startColumn": 29, "endLine": 2, "endColumn": 39}
    assert replacement["insertedContent"] == {"text": ""}


def test_sarif_without_results_is_a_clean_run():
    log = json.loads(sarif([], RULES, version="0"))
    assert log["runs"][0]["results"] == []


def test_sarif_paths_are_uri_references():
    diagnostic = attrs.evolve(WRONG, labels=(Label(Place(Source("c:\\specs\\a#1?.medspec", "x"), 0, 1)),))
    result = json.loads(sarif([diagnostic], RULES, version="0"))["runs"][0]["results"][0]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == "c:/specs/a#1?.medspec" and not set(uri) & set("#?\\ ")


def test_github_annotation():
    assert github([UNUSED]) == (
        "::warning file=specs/a b.medspec,line=2,endLine=2,col=31,endColumn=39,title=W0202::"
        "`macro_f1` is imported and never used%0Anot used%0Anote: a fact: 100%25, or so%0Ahelp: remove it\n"
    )


def test_github_annotation_over_several_lines_has_no_columns():
    assert github([WRONG]) == "::error file=specs/a b.medspec,line=1,endLine=2,title=E0101::expected a name\n"


@pytest.mark.parametrize("path", ["a,b.medspec", "c:d.medspec", "100%.medspec", "x\ny.medspec"])
def test_github_properties_are_escaped(path):
    diagnostic = attrs.evolve(WRONG, labels=(Label(Place(Source(path, "x"), 0, 1)),))
    written = re.match(r"::error file=([^,]*),line=1,", github([diagnostic]))[1]
    assert ":" not in written and "\n" not in written and unquote(written) == path


@given(st.text(), st.text())
def test_github_commands_are_one_line_and_can_be_read_back(title, path):
    command = github([attrs.evolve(WRONG, title=title, labels=(Label(Place(Source(path, "x"), 0, 1)),))])
    assert command.endswith("\n") and command.count("\n") == 1 and "\r" not in command
    properties, message = re.fullmatch(r"::error ([^\n]*?)::([^\n]*)\n", command).groups()
    back = {"%25": "%", "%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}
    read = lambda text: re.sub("%(25|0D|0A|3A|2C)", lambda found: back[found[0]], text)  # noqa: E731
    assert read(message) == title
    assert read(properties.split(",")[0].removeprefix("file=")) == path


def test_as_json_is_what_json_lines_writes():
    assert json.loads(json_lines([UNUSED])) == as_json(UNUSED)
