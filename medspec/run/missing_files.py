"""Every file that a plan needs and that is not there, said at once: grouped by folder, and where to get them once for each source.

    error: 23 files were not found
      MLB_benchmark_dataset/: CMExam.json, MAExam.json, CHIP-CDN.json and 19 more
        to get them: on request from the authors
      ...

Looked for are rows, lists of ids, errata and texts, before any of them is read. Images are not: which there are, rows say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from medspec.errors import DataError
from medspec.files import FORMATS
from medspec.plan.judge_nodes import Judge
from medspec.plan.judged import judges_in
from medspec.plan.nodes import Plan, Render, Scan, TextFile
from medspec.run.fetched import is_fetched
from medspec.run.roots import DataRoots, find_file, is_there
from medspec.text.remote_address import is_remote

_NAMES_SHOWN = 8
_FOLDERS_SHOWN = 12


@attrs.frozen(kw_only=True)
class Missing:
    """One file that is not there. `source` says where a person gets it; `folder` is the spec's own."""

    path: str
    folder: str
    dataset: str = ""
    license: str | None = None
    source: str | None = None
    whole_folder: bool = False


def missing_files(plan: Plan, roots: DataRoots) -> list[Missing]:
    """Every file of `plan` that is not there, once, in the order of the plan: texts, then rows.

    A path that leaves its root, or that several files fit, is not missing: whoever reads it says what is wrong.
    """
    wanted: dict[tuple[str, str], Missing] = {}
    for file in (*_texts(plan), *(one for scan in plan.scans for one in _of_scan(scan))):
        wanted.setdefault((file.path, file.folder), file)
    return [file for file in wanted.values() if not _is_there(file, roots)]


def refuse_missing(plan: Plan, roots: DataRoots) -> None:
    """Raise one `DataError` that names every file of `plan` that is not there."""
    missing = missing_files(plan, roots)
    if len(missing) > 1:
        raise DataError("\n".join(missing_lines(missing, roots)))
    for file in missing:
        # Alone it is told in more words: every place where it was looked for, and what lies there under a similar name.
        find_file(
            file.path,
            roots,
            folder=file.folder,
            dataset=file.dataset,
            license=file.license,
            fetch=file.source,
            whole_folder=file.whole_folder,
        )


def missing_lines(missing: Iterable[Missing], roots: DataRoots) -> list[str]:
    """What is said of several files: which they are, where to get them, where they were looked for, what to type."""
    missing = list(missing)
    by_source: dict[str | None, list[Missing]] = {}
    for file in missing:
        by_source.setdefault(file.source, []).append(file)
    lines = [f"{len(missing):,} files were not found" if len(missing) > 1 else "1 file was not found"]
    for source, files in by_source.items():
        lines += [f"  {line}" for line in _by_folder(files)]
        lines += [f"    to get {_them(files)}: {source}"] if source is not None else []
        lines += [f"    {line}" for line in _licences(files)]
    local = [file for file in missing if not is_remote(file.path)]
    if len(local) < len(missing):
        lines.append("  `medspec fetch` downloads what has an address")
    return [*lines, *_where(local, roots)] if local else lines


def _texts(plan: Plan) -> Iterator[Missing]:
    holders: list[Render | Judge] = [*plan.renders, *(judge for judge, _ in judges_in(plan))]
    for holder in holders:
        found = [turn.file for turn in holder.turns] + [bound for _, bound in holder.bindings]
        for file in found:
            if isinstance(file, TextFile):
                yield Missing(path=file.path, folder=file.folder, source=file.revision)


def _of_scan(scan: Scan) -> Iterator[Missing]:
    form = next(form for form in FORMATS if form.name == scan.source.format)
    about = Missing(
        path=scan.source.path, folder=scan.folder, dataset=scan.dataset, license=scan.license, source=scan.fetch
    )
    yield attrs.evolve(about, whole_folder=form.folder)
    for keep in scan.keep:
        yield attrs.evolve(about, path=keep.ids.path)
    if scan.errata is not None:
        # They are not the dataset's: whoever publishes a dataset knows nothing of who corrects it.
        yield attrs.evolve(about, path=scan.errata.path, source=None)


def _is_there(file: Missing, roots: DataRoots) -> bool:
    if is_remote(file.path):
        try:
            return is_fetched(file.path)
        except DataError:
            return True
    return is_there(file.path, roots, folder=file.folder, whole_folder=file.whole_folder)


def _by_folder(files: list[Missing]) -> list[str]:
    """`folder/: one, another and 3 more`, for each folder; addresses stand as they are."""
    folders: dict[str, list[str]] = {}
    for file in files:
        folder, _, name = ("", "", file.path) if is_remote(file.path) else file.path.rpartition("/")
        folders.setdefault(folder, []).append(f"{name}/" if file.whole_folder else name)
    lines = [f"{folder}/: {_some(names)}" if folder else _some(names) for folder, names in folders.items()]
    left = len(lines) - _FOLDERS_SHOWN
    return lines if left <= 1 else [*lines[:_FOLDERS_SHOWN], f"and files in {left:,} more folders"]


def _some(names: list[str]) -> str:
    """The first of `names`, and how many more there are; a single one more is named as well."""
    left = len(names) - _NAMES_SHOWN
    return ", ".join(names) if left <= 1 else f"{', '.join(names[:_NAMES_SHOWN])} and {left:,} more"


def _licences(files: list[Missing]) -> list[str]:
    """Each licence, with the datasets under it where there are several licences."""
    of: dict[str, dict[str, None]] = {}
    for file in files:
        if file.license is not None:
            of.setdefault(file.license, {})[file.dataset] = None
    if len(of) == 1:
        return [f"licence: {licence}" for licence in of]
    return [f"licence of {_some(list(datasets))}: {licence}" for licence, datasets in of.items()]


def _them(files: list[Missing]) -> str:
    return "it" if len(files) == 1 else "them"


def _where(files: list[Missing], roots: DataRoots) -> Iterator[str]:
    """Where was looked, and which folder has to be named."""
    looked = {f"{root} ({origin}{'' if root.is_dir() else ': no such folder'})": None
              for file in files for root, origin in roots.places(file.folder)}  # fmt: skip
    yield "  looked in:"
    yield from (f"    {place}" for place in looked or ["nowhere: there is no data root"])
    tops = list(dict.fromkeys(file.path.partition("/")[0] for file in files))
    they = "they are" if len(files) > 1 else "it is"
    rest = "" if len(tops) == 1 else f" and `{tops[1]}`" if len(tops) == 2 else f" and the other {len(tops) - 1:,}"
    several = "; for several folders write it several times" if rest else ""
    yield f"  say where {they}: `--data DIR`, with DIR the folder that holds `{tops[0]}`{rest}{several}"
