"""Reads the rows of a `Scan`: all of them, checked, before any model is called.

    Scan, data roots  ->  Rows

Either every row fits its record, every id is there once and every id of a split names a row, or one `DataError` says
what is wrong, where.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import attrs

from medspec.errors import UsageError
from medspec.files import FORMATS
from medspec.files.base import Layout, RawRow, RawRows
from medspec.files.csv_table import first_column
from medspec.files.data_folder import open_data
from medspec.files.json_document import read_ids
from medspec.files.opening import DataFile
from medspec.files.problems import Problems
from medspec.plan.nodes import FileSource, Keep, Scan
from medspec.run.errata import Erratum, Overlay, check_seen, read_errata
from medspec.run.image_files import MaskFiles, size_in
from medspec.run.quarantine import Quarantined, set_aside
from medspec.run.roots import DataRoots, find_file
from medspec.run.rows import RowLoader, text_of
from medspec.run.spool import Budget, Spool, Texts
from medspec.types.image import sizes_from

_IDS_SHOWN = 5


@attrs.frozen(kw_only=True)
class Rows:
    """The rows of one split, in the order of the file.

    `rows` are typed (dicts in the order of the record's fields), `ids` their ids as text. `digest` is the hex sha256 of
    the bytes of `file`; `others` are the lists of ids that were read, `masks` the masks, each with its digest.
    """

    rows: list[dict[str, Any]] | Spool[dict[str, Any]]
    ids: Sequence[str]
    digest: str
    file: Path
    others: tuple[tuple[Path, str], ...] = ()
    masks: tuple[tuple[Path, str], ...] = ()
    errata: dict[str, Any] | None = None
    """What the report says of the errata: file, sha256, version, how many rows were corrected and left out."""
    quarantined: tuple[Quarantined, ...] = ()
    warnings: tuple[str, ...] = ()

    def others_digest(self) -> str | None:
        """One hex sha256 over `others` and `masks`, None where there are none."""
        return _over((*self.others, *self.masks))

    def masks_digest(self) -> str | None:
        """One hex sha256 over the masks."""
        return _over(self.masks)


def _over(files: Iterable[tuple[Path, str]]) -> str | None:
    lines = sorted(f"{path.name}\0{digest}\n" for path, digest in files)
    return sha256("".join(lines).encode("utf-8", "surrogatepass")).hexdigest() if lines else None


def read_scan(
    scan: Scan,
    roots: DataRoots,
    *,
    limit: int | None = None,
    budget: Budget | None = None,
    keep_going: bool = False,
) -> Rows:
    """Every row of `scan`, or the first `limit` of them; the rest of the file is then not read.

    Rows beyond `budget` are kept in a temporary file. With `keep_going` rows that do not fit are set aside.
    Raises `DataError` with all problems found (`.problems` holds the first 20), `UsageError` for a limit below 1.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"the limit is {limit}; at least 1 row must be read")
    form = next(form for form in FORMATS if form.name == scan.source.format)
    file = _find(scan, scan.source, roots, whole_folder=form.folder)
    keeps = [_Keeping(keep, _find(scan, keep.ids, roots)) for keep in scan.keep]
    masks = MaskFiles(scan, roots)
    loader = RowLoader(
        record=scan.record,
        columns=dict(scan.columns),
        cells=scan.source.format == "csv",
        private=scan.private,
        masks=masks,
    )
    layout = layout_of(scan.source)
    overlay = read_errata(scan, roots)
    reading = _Reading(scan, file, loader, keeps, budget or Budget(), overlay, keep_going)
    with sizes_from(lambda path: size_in(path, scan, roots)):
        whole = reading.read(form.read(file, layout, loader.top_columns()), limit)
    reading.finish(whole=whole)
    return Rows(
        rows=reading.rows.done(),
        ids=reading.ids.done(),
        digest=file.digest(),
        file=file.path,
        others=tuple((keeping.file.path, keeping.file.digest()) for keeping in keeps),
        masks=masks.digests(),
        errata=None if overlay is None else overlay.summary(),
        quarantined=tuple(reading.quarantined),
        warnings=tuple(reading.warnings),
    )


def layout_of(source: FileSource) -> Layout:
    """How rows lie in the file, in the words of the formats."""
    given = attrs.asdict(source, recurse=False)
    return Layout(**{name: given[name] for name in attrs.fields_dict(Layout)})


def _find(scan: Scan, source: FileSource, roots: DataRoots, *, whole_folder: bool = False) -> DataFile:
    path = find_file(
        source.path,
        roots,
        folder=scan.folder,
        dataset=scan.dataset,
        license=scan.license,
        fetch=scan.fetch,
        whole_folder=whole_folder,
    )
    return open_data(path, folder=whole_folder)


class _Keeping:
    """One `Keep`: its ids, and those of them that no row had so far."""

    def __init__(self, keep: Keep, file: DataFile) -> None:
        self.keep = keep
        self.file = file
        listed = keep.ids.format == "csv"
        self.ids = frozenset(ids := first_column(file, layout_of(keep.ids)) if listed else read_ids(file, keep.ids.at))
        self.unseen = dict.fromkeys(ids)

    def wants(self, id: str) -> bool:
        """Whether the row whose field has the text form `id` is kept."""
        self.unseen.pop(id, None)
        return (id in self.ids) is not self.keep.negate


class _Reading:
    """One pass over one file: what was read so far, and what is wrong with it."""

    def __init__(
        self,
        scan: Scan,
        file: DataFile,
        loader: RowLoader,
        keeps: list[_Keeping],
        budget: Budget,
        overlay: Overlay | None,
        keep_going: bool,
    ) -> None:
        self.scan = scan
        self.file = file
        self.loader = loader
        self.keeps = keeps
        self.overlay = overlay
        self.keep_going = keep_going
        self.quarantined: list[Quarantined] = []
        self.warnings: list[str] = []
        self.problems = Problems()
        self.names = [field.name for field in scan.record.fields]
        self.rows: Spool[dict[str, Any]] = Spool(budget)
        self.ids = Texts()
        self.known: set[str] = set()
        # Where each id was found, for the message about a second one: sixteen bytes for each row, and keys in JSON only.
        self.numbers = array("q")
        self.lines = array("q")
        self.keys: list[str] = []
        self.checked = 0

    def read(self, source: RawRows, limit: int | None) -> bool:
        """Read rows until `limit` are kept; False if there may be more in the file."""
        kept = 0
        columns_known = False
        self.loader = attrs.evolve(self.loader, document=source.document)
        for raw in source.rows:
            if kept == limit:
                return False
            self.checked += 1
            if raw.fault is None and not columns_known:
                self.loader.check_columns(self.file.name, source.columns, raw)
                columns_known = True
            aside = len(self.quarantined)
            taken = self._take(raw)
            kept += taken and len(self.quarantined) == aside
        return True

    def finish(self, *, whole: bool) -> None:
        """Raise what was found wrong; `whole` says that all of the file was read."""
        for keeping in self.keeps:
            if whole and keeping.unseen:
                self._add_unseen(keeping)
        if whole and self.overlay is not None:
            check_seen(self.overlay, private=self.scan.private)
        self.problems.raise_any(self.file.name, self.checked)
        if not self.checked:
            raise self.file.fault("there are no rows in this file")
        if not len(self.rows):
            if self.quarantined:
                raise self.file.fault(
                    f"none of the {self.checked:,} rows can be used: {self.quarantined[0].problems[0]}"
                )
            raise self.file.fault(f"none of the {self.checked:,} rows belongs to the split `{self.scan.split}`")

    def _take(self, raw: RawRow) -> bool:
        """Read one row; False if it belongs to another split."""
        if raw.fault is not None:
            self._add(raw, raw.fault)
            return True
        values: dict[str, Any] = {}
        wanted = True
        for keeping in self.keeps:
            name = keeping.keep.field
            found = self.loader.load(raw, values, only=name)
            if name not in values:
                self._add(raw, *found)
                return True
            wanted &= keeping.wants(self._text(name, values))
        erratum = self._erratum(raw, values) if wanted else None
        if erratum is not None and erratum.exclude:
            return False
        if wanted:
            problems = self.loader.load(raw, values, corrected={} if erratum is None else erratum.values)
            self._add(raw, *problems)
            if not (problems and self.keep_going):
                self._keep(raw, values)
        return wanted

    def _erratum(self, raw: RawRow, values: dict[str, Any]) -> Erratum | None:
        """What the errata say of this row, which is counted here."""
        if self.overlay is None:
            return None
        id_field = self.scan.id_field
        if id_field is not None:
            self.loader.load(raw, values, only=id_field)
            if id_field not in values:
                return None
        found = self.overlay.of(str(raw.number) if id_field is None else self._text(id_field, values))
        if found is not None and found.exclude:
            self.overlay.excluded += 1
        elif found is not None:
            self.overlay.corrected += 1
        return found

    def _keep(self, raw: RawRow, values: dict[str, Any]) -> None:
        id_field = self.scan.id_field
        if id_field is not None and id_field not in values:
            return
        id = str(raw.number) if id_field is None else self._text(id_field, values)
        if not id or (id_field is not None and values[id_field] is None):
            self._add(raw, f"field `{id_field}`: a row's id must not be empty")
        elif id in self.known:
            shown = "the id" if self.scan.private else f'the id "{id}"'
            self._add(raw, f"field `{id_field}`: {shown} is that of {self._place(self._first(id))} already")
        else:
            self.known.add(id)
            self.ids.append(id)
            self.numbers.append(raw.number)
            self.lines.append(-1 if raw.line is None else raw.line)
            if raw.key is not None:
                self.keys.append(raw.key)
            if len(values) == len(self.scan.record.fields):
                self.rows.append({name: values[name] for name in self.names})

    def _first(self, id: str) -> RawRow:
        """The row that had `id` first, without its value."""
        place = self.ids.index(id)
        line = self.lines[place]
        key = self.keys[place] if self.keys else None
        return RawRow(number=self.numbers[place], line=None if line < 0 else line, key=key)

    def _text(self, field: str, values: dict[str, Any]) -> str:
        found = self.scan.record.field(field)
        assert found is not None, f"the record has no field {field}"
        return text_of(values[field], found.type)

    def _add(self, raw: RawRow, *faults: str) -> None:
        if self.keep_going and faults:
            where = {"dataset": self.scan.dataset, "subset": self.scan.subset, "split": self.scan.split}
            aside = set_aside(raw, faults, private=self.scan.private, file=self.file.path.name, **where)
            self.quarantined.append(aside)
            return
        for fault in faults:
            self.problems.add(f"{self._place(raw)}: {fault}")

    def _place(self, raw: RawRow) -> str:
        # The keys of private rows may be those of patients.
        return (attrs.evolve(raw, key=None) if self.scan.private else raw).place(self.file.name)

    def _add_unseen(self, keeping: _Keeping) -> None:
        count = len(keeping.unseen)
        shown = ", ".join(f'"{id}"' for id in list(keeping.unseen)[:_IDS_SHOWN])
        more = f" and {count - _IDS_SHOWN:,} more" if count > _IDS_SHOWN else ""
        ids = "" if self.scan.private else f": {shown}{more}"
        (self.warnings.append if self.keep_going else self.problems.add)(
            f"{keeping.file.name}: {count:,} id{'s' * (count != 1)} of this list "
            f"match{'es' * (count == 1)} no `{keeping.keep.field}` in {self.file.name}{ids}"
        )
