"""The bootstrap: rows, or clusters of rows, drawn with replacement, for one number or for several over the same rows.

A metric is never called again for a resampled batch. It says once what it needs of each row, as a few numbers to be added up
(`OfSums`) or as the kind of row that it is (`OfKinds`), and what it makes of drawn rows; `draw` does the rest. Numbers that
are drawn together see the same rows, so their differences and sums have the spread that they have.

    accuracy    OfSums([[1, 1], [0, 1], ...], right / rows)
    macro_f1    OfKinds([gold yes and answer no, ...], F1 of how many of each there are)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import numpy as np

_NUMBERS_AT_ONCE = 4_000_000
"""How many numbers a chunk of draws may hold: about 32 MB."""

_BLOCK = 1 << 16
"""Above so many units the draws of a block of so many are made together, which stays within the processor's cache."""

Value = Callable[["np.ndarray"], "np.ndarray"]
"""A metric of draws: float64 of shape [draws, numbers or kinds] -> float64 of shape [draws], NaN where it has no value."""


@attrs.frozen(eq=False)
class OfSums:
    """A metric of sums over rows: `rows` holds what each row adds, float64 of shape [rows, numbers]."""

    rows: np.ndarray
    value: Value


@attrs.frozen(eq=False)
class OfKinds:
    """A metric of how many rows there are of each kind: `rows` holds the kind of each row, int64 of shape [rows].

    Kinds are numbered from 0 to `kinds` - 1; a row of kind -1 counts for nothing.
    """

    rows: np.ndarray
    kinds: int
    value: Value


Resampled = OfSums | OfKinds


def mean_of_values(values: np.ndarray) -> OfSums:
    """The mean of `values` (shape [rows]), in which NaN is no row."""
    import numpy as np

    counted = ~np.isnan(values)
    return OfSums(np.stack([np.where(counted, values, 0.0), counted.astype(np.float64)], axis=1), _share)


def _share(sums: np.ndarray) -> np.ndarray:
    import numpy as np

    found: np.ndarray = np.divide(sums[:, 0], sums[:, 1], out=np.full(len(sums), np.nan), where=sums[:, 1] > 0)
    return found


def spread_over(form: Resampled, places: np.ndarray, rows: int) -> Resampled:
    """The same metric seen over more rows: what was row i is row `places[i]` of `rows`, and the others count for nothing.

    `places` increase.
    """
    import numpy as np

    if len(places) == rows:
        return form
    if isinstance(form, OfKinds):
        kinds = np.full(rows, -1, np.int64)
        kinds[places] = form.rows
        return attrs.evolve(form, rows=kinds)
    found = np.zeros((rows, form.rows.shape[1]))
    found[places] = form.rows
    return attrs.evolve(form, rows=found)


def draw(
    forms: Sequence[Resampled], resamples: int, seed: int, *, clusters: np.ndarray | None = None
) -> list[np.ndarray]:
    """The values of each form in `resamples` draws of the rows, float64 of shape [resamples] each, drawn together.

    All forms have the same rows, at least one. `clusters` (int64 of shape [rows], from 0 without gaps) says which rows
    belong together; then as many clusters are drawn as there are, each with all its rows. The seed decides everything.
    """
    import numpy as np

    if clusters is not None:
        forms = [per_cluster(form, clusters, int(clusters.max()) + 1) for form in forms]
    generator = np.random.default_rng(seed)
    units = len(forms[0].rows)
    # Column by column, as they are multiplied.
    forms = [attrs.evolve(f, rows=np.asfortranarray(f.rows)) if isinstance(f, OfSums) else f for f in forms]
    alike = _kinds_of_units(forms, units)
    chunks: Iterator[list[np.ndarray]]
    if alike is None:
        chunks = ([_of_units(form, weights) for form in forms] for weights in _drawn_units(units, resamples, generator))
    else:
        chunks = _drawn_kinds(forms, alike, units, resamples, generator)
    found: list[list[np.ndarray]] = [[] for _ in forms]
    for drawn in chunks:
        for place, (form, numbers) in enumerate(zip(forms, drawn, strict=True)):
            found[place].append(form.value(numbers))
    return [np.concatenate(values) for values in found]


def summed(columns: np.ndarray, groups: np.ndarray, count: int) -> np.ndarray:
    """Columns of `columns` (shape [draws, n]) added up by group (`groups`, shape [n]): float64 of shape [draws, count]."""
    import numpy as np

    order = np.argsort(groups, kind="stable")
    found = np.zeros((len(columns), count))
    if len(order):
        present, starts = np.unique(groups[order], return_index=True)
        found[:, present] = np.add.reduceat(columns[:, order], starts, axis=1)
    return found


def per_cluster(form: Resampled, clusters: np.ndarray, count: int) -> Resampled:
    """The same metric with one row for each of `count` clusters; where that would be a large table, inside still each row.

    `clusters` says to which cluster each row belongs: int64 of shape [rows].
    """
    import numpy as np

    if isinstance(form, OfSums):
        columns = [np.bincount(clusters, weights=column, minlength=count) for column in form.rows.T]
        return attrs.evolve(form, rows=np.stack(columns, axis=1) if columns else np.zeros((count, 0)))
    counted = form.rows >= 0
    if count * form.kinds <= _NUMBERS_AT_ONCE:
        cells = np.bincount(clusters[counted] * form.kinds + form.rows[counted], minlength=count * form.kinds)
        return OfSums(cells.reshape(count, form.kinds).astype(np.float64), form.value)
    return _Spread(np.arange(count), form.kinds, form.value, clusters[counted], form.rows[counted])


@attrs.frozen(eq=False)
class _Spread(OfKinds):
    """Clusters with many kinds: `rows` numbers the clusters, `cluster_of` and `kind_of` say what each row is."""

    cluster_of: np.ndarray
    kind_of: np.ndarray


def _kinds_of_units(forms: Sequence[Resampled], units: int) -> np.ndarray | None:
    """For each unit which kind it is, where units of one kind are alike in every form; None where they are too many.

    Few means at most half as many as units: then how often each kind is drawn takes no time per unit.
    """
    import numpy as np

    codes = np.zeros(units, np.int64)
    for form in forms:
        columns = [form.rows] if isinstance(form, OfKinds) else list(form.rows.T)
        for column in columns:
            distinct, place = np.unique(column, return_inverse=True)
            if len(distinct) * 2 > units:
                return None
            joint, codes = np.unique(codes * len(distinct) + place, return_inverse=True)
            if len(joint) * 2 > units:
                return None
    return codes


def _drawn_kinds(
    forms: Sequence[Resampled], alike: np.ndarray, units: int, resamples: int, generator: np.random.Generator
) -> Iterator[list[np.ndarray]]:
    """What each form sees of each chunk of draws, from how often each kind of unit is drawn, which is multinomial."""
    import numpy as np

    _, first, counts = np.unique(alike, return_index=True, return_counts=True)
    kinds = [attrs.evolve(form, rows=form.rows[first]) for form in forms]
    for size in _sizes(max(len(first), *(_width(form) for form in forms)), resamples):
        drawn = generator.multinomial(units, counts / units, size=size).astype(np.float64)
        yield [_of_units(form, drawn) for form in kinds]


def _of_units(form: Resampled, weights: np.ndarray) -> np.ndarray:
    """What a form sees where each unit counts `weights` (shape [draws, units]) times."""
    if isinstance(form, OfSums):
        found: np.ndarray = weights @ form.rows
        return found
    if isinstance(form, _Spread):
        return summed(weights[:, form.cluster_of], form.kind_of, form.kinds)
    # The last column is that of rows that count for nothing.
    return summed(weights, form.rows, form.kinds + 1)[:, : form.kinds] if form.kinds else weights[:, :0]


def _drawn_units(units: int, resamples: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """How often each unit is drawn, in chunks of shape [draws, units], float64."""
    import numpy as np

    for size in _sizes(units, resamples):
        if units > 2 * _BLOCK:
            found = np.empty((size, units))
            for weights in found:
                _draw_in_blocks(weights, generator)
            yield found
            continue
        places = generator.integers(0, units, size=(size, units)) + np.arange(size)[:, None] * units
        yield np.bincount(places.ravel(), minlength=size * units).reshape(size, units).astype(np.float64)


def _draw_in_blocks(weights: np.ndarray, generator: np.random.Generator) -> None:
    """Put into `weights` how often each of many units is drawn: first how often one of each block, then which of the block."""
    import numpy as np

    units = len(weights)
    sizes = np.full(-(-units // _BLOCK), _BLOCK)
    sizes[-1] = units - _BLOCK * (len(sizes) - 1)
    start = 0
    for size, count in zip(sizes.tolist(), generator.multinomial(units, sizes / units).tolist(), strict=True):
        if size == _BLOCK:
            places = np.frombuffer(generator.bytes(2 * count), np.uint16)
        else:
            places = generator.integers(0, size, size=count, dtype=np.uint16)
        # Whole words first: bincount takes three times as long where it has to widen the numbers itself.
        weights[start : start + size] = np.bincount(places.astype(np.intp), minlength=size)
        start += size


def _width(form: Resampled) -> int:
    return form.kinds if isinstance(form, OfKinds) else form.rows.shape[1]


def _sizes(width: int, resamples: int) -> Iterator[int]:
    """Sizes of chunks of draws that are `width` numbers wide."""
    chunk = max(1, _NUMBERS_AT_ONCE // max(width, 1))
    return (min(chunk, resamples - start) for start in range(0, resamples, chunk))
