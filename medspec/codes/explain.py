"""The long form of a code: what it means, why it matters, a wrong and a right spec.

E0309  a range is empty or the wrong way round

A range is written from its lowest to its highest value, both included. No value fits ...

wrong                    right
  record Patient {         record Patient {
    id  : text               id  : text
    age : int(120..0)        age : int(0..120)
  }                        }

Related: E0301, E0308.  Since edition 2026.
"""

from __future__ import annotations

import textwrap
from itertools import zip_longest

from medspec.codes import find_code
from medspec.codes.base import Code
from medspec.codes.parts import PARTS

WIDTH = 100
"""Columns the long form may take."""

_GAP = 3
_LEFT_OUT = "..."


def explain_code(code: Code | str) -> str:
    """The long form of a code, without a line break at the end. Raises LookupError for a code there is not."""
    found = code if isinstance(code, Code) else find_code(code)
    if found is None:
        raise LookupError(f"there is no code {code}")
    parts = [f"{found.code}  {found.title}", textwrap.fill(found.why, WIDTH), _examples(found)]
    for name, text in found.beside:
        parts.append("\n".join([f"beside it, in {name}", *_indented(text.strip().split("\n"))]))
    if found.model is not None:
        parts.append(f"Found when the spec is compiled for a model, here with --model {found.model}.")
    if found.before is not None:
        was = _lines(_paragraphs(found.before), {"edition 2026", *_paragraphs(found.wrong)})
        unchanged = "medspec.lock was written for the very same text as `right`."
        parts.append(
            "\n".join(["medspec.lock was written for", *_indented(was)]) if found.before != found.right else unchanged
        )
    related = f"Related: {', '.join(found.related)}.  " if found.related else ""
    parts.append(f"{related}Since {found.since}.")
    return "\n\n".join(parts)


def _examples(code: Code) -> str:
    wrong, right = _shown(code)
    left, other = ["wrong", *_indented(wrong)], ["right", *_indented(right)]
    column = max(map(len, left)) + _GAP
    if column + max(map(len, other)) > WIDTH:
        return "\n".join([*left, "", *other])
    return "\n".join(f"{one:<{column}}{two}".rstrip() for one, two in zip_longest(left, other, fillvalue=""))


def _shown(code: Code) -> tuple[list[str], list[str]]:
    """The lines of the two examples, without the edition and the stock parts they have in common."""
    wrong, right = _paragraphs(code.wrong), _paragraphs(code.right)
    stock = {"edition 2026", *(paragraph for part in PARTS for paragraph in _paragraphs(part))}
    common = stock.intersection(wrong).intersection(right)
    return _lines(wrong, common), _lines(right, common)


def _paragraphs(text: str) -> list[str]:
    return text.strip("\n").split("\n\n")


def _lines(paragraphs: list[str], left_out: set[str]) -> list[str]:
    lines: list[str] = []
    for paragraph in paragraphs:
        if paragraph not in left_out:
            lines += [*_break(lines), *paragraph.split("\n")]
        elif paragraph != "edition 2026" and lines[-1:] != [_LEFT_OUT]:
            lines += [*_break(lines), _LEFT_OUT]
    return lines


def _break(before: list[str]) -> list[str]:
    return [""] if before else []


def _indented(lines: list[str]) -> list[str]:
    return [f"  {_cut(line, WIDTH - 2)}".rstrip() for line in lines]


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - len(_LEFT_OUT)] + _LEFT_OUT
