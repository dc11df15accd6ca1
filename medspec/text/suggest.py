"""The one name somebody most likely meant.

    nearest("acuracy", ["accuracy", "macro_f1"])  ->  "accuracy"

At most one suggestion, and none rather than a far-fetched one: a wrong guess costs more than it helps.
"""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate nearest to `name`, or None when none is near. Never `name` itself.

    A candidate that differs in upper and lower case only wins. Otherwise the edit distance may be up to a third of the
    length of `name`, at least 1, and something of the name must remain. Ties go to the first in alphabetical order.
    """
    others = sorted({candidate for candidate in candidates if candidate != name})
    for candidate in others:
        if candidate.casefold() == name.casefold():
            return candidate
    limit = min(max(1, len(name) // 3), len(name) - 1)
    near = [candidate for candidate in others if abs(len(candidate) - len(name)) <= limit]
    found = min(near, key=lambda candidate: distance(name, candidate), default=None)
    return found if found is not None and distance(name, found) <= limit else None


def distance(left: str, right: str) -> int:
    """The Damerau-Levenshtein distance: letters inserted, removed, replaced, or swapped with their neighbour.

    The full form, in which swapped letters may be edited further, so that the triangle inequality holds.
    """
    far = len(left) + len(right)
    # table[i + 1][j + 1] is the distance of the first i letters of `left` and the first j of `right`; row and column 0
    # hold a number no path can win with.
    table = [[far] * (len(right) + 2) for _ in range(len(left) + 2)]
    for row in range(len(left) + 1):
        table[row + 1][1] = row
    for column in range(len(right) + 1):
        table[1][column + 1] = column
    last_row: dict[str, int] = {}
    for row, letter in enumerate(left, start=1):
        last_column = 0
        for column, other in enumerate(right, start=1):
            swap_row, swap_column = last_row.get(other, 0), last_column
            table[row + 1][column + 1] = min(
                table[row][column] + (letter != other),
                table[row + 1][column] + 1,
                table[row][column + 1] + 1,
                table[swap_row][swap_column] + (row - swap_row - 1) + 1 + (column - swap_column - 1),
            )
            if letter == other:
                last_column = column
        last_row[letter] = row
    return table[-1][-1]
