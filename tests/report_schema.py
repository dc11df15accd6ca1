"""What a report looks like: the published schema, and the same without room for anything it does not describe.

    check_report(report)     raises `jsonschema.ValidationError` where a member is wrong, missing, or not described

Readers of reports accept members they do not know; the tests do not, so whatever lands in a report is described.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema
from shared_data import ROOT

SCHEMA: dict[str, Any] = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))


def _closed(schema: Any) -> Any:
    """The schema in which every object that names its members has no others, unless it says that it is open."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(part) for key, part in schema.items()}
    names_members = isinstance(schema.get("properties"), dict) and "object" in schema.get("type", ())
    return {**found, "additionalProperties": False} if names_members and "additionalProperties" not in schema else found


_CHECKER = jsonschema.Draft202012Validator(_closed(SCHEMA))


def check_report(report: Mapping[str, Any]) -> None:
    """Raise `jsonschema.ValidationError` for the first thing that is not as the schema describes it."""
    # As a reader of the file sees it.
    _CHECKER.validate(json.loads(json.dumps(report)))
