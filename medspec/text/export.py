"""Diagnostics for other programs: JSON lines, SARIF 2.1.0, annotations of a GitHub workflow.

Lines and columns count from 1, a column is a code point, and an end is the first position behind the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Protocol
from urllib.parse import quote

from medspec.text.diagnostic import Diagnostic, Edit, Label
from medspec.text.source import Place

SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class Rule(Protocol):
    """What SARIF tells about a code: a member of the catalogue of codes."""

    @property
    def code(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def why(self) -> str: ...


def json_lines(diagnostics: Iterable[Diagnostic]) -> str:
    """One JSON object a line, with a line break after each. Empty for none."""
    return "".join(json.dumps(as_json(one)) + "\n" for one in diagnostics)


def as_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic as plain JSON. The first label is the main one."""
    return {
        "code": diagnostic.code,
        "severity": _level(diagnostic),
        "title": diagnostic.title,
        "labels": [{**_position(label.place), "text": label.text} for label in diagnostic.labels],
        "notes": list(diagnostic.notes),
        "helps": list(diagnostic.helps),
        "edits": [{**_position(edit.place), "text": edit.text} for edit in diagnostic.edits],
    }


def sarif(diagnostics: Iterable[Diagnostic], rules: Iterable[Rule], *, version: str) -> str:
    """A SARIF 2.1.0 log with one run of medspec `version`. `rules` describes at least every code that occurs."""
    listed = list(rules)
    numbers = {rule.code: number for number, rule in enumerate(listed)}
    run = {
        "tool": {"driver": {"name": "medspec", "version": version, "rules": [_rule(rule) for rule in listed]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(diagnostic, numbers[diagnostic.code]) for diagnostic in diagnostics],
    }
    log = {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands, one a line: each shows up at its line in the changed files of a pull request."""
    return "".join(_command(diagnostic) + "\n" for diagnostic in diagnostics)


def _level(diagnostic: Diagnostic) -> str:
    return "error" if diagnostic.is_error else "warning"


def _position(place: Place) -> dict[str, Any]:
    end_line, end_column = place.source.line_and_column(place.end)
    return {
        "path": place.source.path,
        "line": place.line,
        "column": place.column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "defaultConfiguration": {"level": "error" if rule.code.startswith("E") else "warning"},
    }


def _result(diagnostic: Diagnostic, number: int) -> dict[str, Any]:
    main, *further = diagnostic.labels
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": number,
        "level": _level(diagnostic),
        "message": {"text": _message(diagnostic)},
        "locations": [_location(main)],
    }
    if further:
        result["relatedLocations"] = [{"id": index, **_location(label)} for index, label in enumerate(further, 1)]
    if diagnostic.edits:
        result["fixes"] = [_fix(diagnostic)]
    return result


def _message(diagnostic: Diagnostic) -> str:
    """Title, the text of the main label, notes and helps: all that is said without pointing at another place."""
    lines = [diagnostic.title]
    if diagnostic.labels[0].text:
        lines.append(diagnostic.labels[0].text)
    lines += [f"note: {note}" for note in diagnostic.notes]
    lines += [f"help: {text}" for text in diagnostic.helps]
    return "\n".join(lines)


def _location(label: Label) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(label.place.source.path)},
            "region": _region(label.place),
        }
    }
    if label.text:
        location["message"] = {"text": label.text}
    return location


def _region(place: Place) -> dict[str, int]:
    position = _position(place)
    return {
        "startLine": position["line"],
        "startColumn": position["column"],
        "endLine": position["end_line"],
        "endColumn": position["end_column"],
    }


def _uri(path: str) -> str:
    # A file name that is no valid text comes from the system with half surrogates; the file is called by its bytes.
    return quote(path.replace("\\", "/").encode("utf-8", "surrogateescape"), safe="/")


def _fix(diagnostic: Diagnostic) -> dict[str, Any]:
    by_path: dict[str, list[Edit]] = {}
    for edit in diagnostic.edits:
        by_path.setdefault(edit.place.source.path, []).append(edit)
    return {
        "description": {"text": diagnostic.helps[0] if diagnostic.helps else diagnostic.title},
        "artifactChanges": [
            {
                "artifactLocation": {"uri": _uri(path)},
                "replacements": [
                    {"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.text}} for edit in edits
                ],
            }
            for path, edits in by_path.items()
        ],
    }


def _command(diagnostic: Diagnostic) -> str:
    position = _position(diagnostic.place)
    properties = {"file": position["path"], "line": position["line"], "endLine": position["end_line"]}
    # Columns are understood only where the text begins and ends in one line.
    if position["line"] == position["end_line"]:
        properties |= {"col": position["column"], "endColumn": position["end_column"]}
    properties["title"] = diagnostic.code
    written = ",".join(f"{name}={_escaped(str(value), ':,')}" for name, value in properties.items())
    return f"::{_level(diagnostic)} {written}::{_escaped(_message(diagnostic))}"


def _escaped(text: str, also: str = "") -> str:
    for letter in "%\r\n" + also:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text
