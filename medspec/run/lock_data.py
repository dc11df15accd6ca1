"""What `medspec.lock` knows of data: the sha256 of each file a task reads, over its images and masks, and of the encoders of its metrics,
and which rows were its shots.

Paths are those of the spec, so that the lock is the same on every machine. Files that are not there are passed over when the
lock is written; a file that is there and holds something else is a `DataError` that names it with both digests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import attrs

from medspec.backends.onnx.encoder import encoder_digest
from medspec.check.spec import Spec
from medspec.errors import DataError
from medspec.files.data_folder import open_data
from medspec.plan.encoders import encoders_of
from medspec.plan.lower import lower
from medspec.plan.nodes import Plan, Render, Scan, TaskPlan, TextFile
from medspec.plan.state import State, TaskState, state_of_spec
from medspec.run.fetched import fetched_file, is_fetched
from medspec.run.lock_images import (
    has_masks,
    image_fields,
    images_digest,
    images_name,
    is_set,
    masks_name,
    shots_name,
)
from medspec.run.roots import DataRoots, find_file, find_model
from medspec.run.scan import Rows, read_scan
from medspec.run.shots import part_of, pick_shots
from medspec.text.remote_address import is_remote

ENCODER = "encoder "
"""Before the name of an encoder that a metric needs, among the files of a task."""


@attrs.define
class LockedData:
    """Digests and shots of the tasks of one plan. Each file is read once."""

    plan: Plan
    roots: DataRoots
    _scans: dict[str, Scan] = attrs.field(init=False)
    _renders: dict[str, Render] = attrs.field(init=False)
    _places: dict[tuple[str, str], Path | None] = attrs.field(factory=dict)
    _digests: dict[Path, str] = attrs.field(factory=dict)
    _rows: dict[str, Rows] = attrs.field(factory=dict)
    _images: dict[tuple[str, tuple[str, ...]], str | None] = attrs.field(factory=dict)

    _encoders: dict[str, str | None] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._scans = {scan.id: scan for scan in self.plan.scans}
        self._renders = {render.id: render for render in self.plan.renders}

    def digests(self, task: TaskPlan) -> tuple[dict[str, str], tuple[str, ...]]:
        """The sha256 of each file by its path in the spec, and the paths that were not found."""
        found: dict[str, str] = {}
        missing = []
        for path, folder in sorted(set(self._files(task))):
            place = self._place(path, folder)
            if place is None:
                missing.append(path)
            else:
                found[path] = self._digest(place)
        if not missing:
            sets = dict(self._sets(task))
            found |= {name: digest for name, digest in sets.items() if digest is not None}
            missing += [name for name, digest in sets.items() if digest is None]
        for name in encoders_of(task):
            digest = self._encoder(name)
            found |= {} if digest is None else {f"{ENCODER}{name}": digest}
            missing += [f"{ENCODER}{name}"] if digest is None else []
        return found, tuple(missing)

    def shots(self, task: TaskPlan) -> tuple[str, ...] | None:
        """The ids of the rows shown as examples, or one digest over them where rows are private; None without shots.

        Raises `DataError` where the rows cannot be read.
        """
        render = self._renders[task.render]
        if render.shots is None:
            return None
        scan = self._scans[render.shots.scan]
        ids = pick_shots(render.shots, self._read(scan)).ids
        # Ids of private rows may be those of patients.
        return (f"sha256:{sha256(chr(0).join(ids).encode()).hexdigest()}",) if scan.private else ids

    def changed(self, task: TaskPlan, locked: TaskState) -> Iterator[str]:
        """One line for each file of the task that is there and is not the one the lock means."""
        for path, folder in sorted(set(self._files(task))):
            before = (locked.data or {}).get(path)
            place = self._place(path, folder) if before is not None else None
            if before is not None and place is not None and (digest := self._digest(place)) != before:
                version = f"@{locked.version}" if locked.version is not None else "this task"
                yield (
                    f"{place}: `{path}` of `{task.name}` holds other data than {version} means: "
                    f"its sha256 is {digest}, medspec.lock says {before}"
                )
        yield from self._changed_sets(task, locked)
        for name in encoders_of(task):
            before = (locked.data or {}).get(f"{ENCODER}{name}")
            after = self._encoder(name) if before is not None else None
            if after not in (None, before):
                yield (
                    f"the encoder `{name}` of `{task.name}` is another than medspec.lock means: "
                    f"its sha256 is {after}, medspec.lock says {before}"
                )

    def _changed_sets(self, task: TaskPlan, locked: TaskState) -> Iterator[str]:
        known = {name: digest for name, digest in (locked.data or {}).items() if is_set(name)}
        if not known or not all(self._place(path, folder) is not None for path, folder in self._files(task)):
            return
        for name, after in self._sets(task):
            if after is not None and known.get(name, after) != after:
                yield (
                    f"the {name}, used by `{task.name}`, are others than medspec.lock means: "
                    f"the sha256 over all is {after}, medspec.lock says {known[name]}"
                )

    def _sets(self, task: TaskPlan) -> Iterator[tuple[str, str | None]]:
        """Each set of files that rows name, with one digest over it; None where not all of them are at hand."""
        scan, render = self._scans[task.scan], self._renders[task.render]
        pool = None if render.shots is None else self._scans[render.shots.scan]
        for source in [scan] if pool is None else [scan, pool]:
            if has_masks(source):
                yield masks_name(source), self._masks_digest(source)
        if fields := image_fields(scan, render):
            yield images_name(scan), self._images_digest(scan, fields) if self._is_whole(scan) else None
        if pool is not None and render.shots is not None and (fields := image_fields(pool, render)):
            shots = pick_shots(render.shots, self._read(pool)).rows if self._is_whole(pool) else None
            yield shots_name(pool), None if shots is None else images_digest(pool, fields, shots, self.roots)

    def _is_whole(self, scan: Scan) -> bool:
        """Whether the masks without which there are no rows are at hand."""
        return not has_masks(scan) or self._masks_digest(scan) is not None

    def _read(self, scan: Scan) -> Rows:
        if scan.id not in self._rows:
            rows = read_scan(scan, self.roots)
            self._rows[scan.id] = rows if scan.part is None else part_of(rows, scan.part)
        return self._rows[scan.id]

    def _images_digest(self, scan: Scan, fields: tuple[str, ...]) -> str | None:
        key = (scan.id, fields)
        if key not in self._images:
            self._images[key] = images_digest(scan, fields, self._read(scan).rows, self.roots)
        return self._images[key]

    def _encoder(self, name: str) -> str | None:
        """The digest of an encoder; None where its folder is not at hand."""
        if name not in self._encoders:
            folder = find_model(name, self.roots)
            self._encoders[name] = None if folder is None else encoder_digest(folder)
        return self._encoders[name]

    def _masks_digest(self, scan: Scan) -> str | None:
        try:
            return self._read(scan).masks_digest()
        except DataError as error:
            # What else is wrong with the rows is told to whoever runs them.
            if error.problems and all("mask" in problem or "image" in problem for problem in error.problems):
                return None
            raise

    def _files(self, task: TaskPlan) -> Iterator[tuple[str, str]]:
        """Path and folder of every file that rows and texts of the task come from."""
        render = self._renders[task.render]
        yield from _scan_files(self._scans[task.scan])
        if render.shots is not None:
            yield from _scan_files(self._scans[render.shots.scan])
        yield from ((file.path, file.folder) for file in _texts(render))

    def _place(self, path: str, folder: str) -> Path | None:
        key = (path, folder)
        if is_remote(path):
            return fetched_file(path) if is_fetched(path) else None
        if key not in self._places:
            # Asked first whether it is there at all: `find_file` takes its time to say where else it may be.
            there = [place for root, _ in self.roots.places(folder) if (place := root / path).exists()]
            whole = bool(there) and there[0].is_dir()
            self._places[key] = find_file(path, self.roots, folder=folder, whole_folder=whole) if there else None
        return self._places[key]

    def _digest(self, place: Path) -> str:
        if place not in self._digests:
            self._digests[place] = open_data(place, folder=place.is_dir()).digest()
        return self._digests[place]


def locked_state(spec: Spec, roots: DataRoots, before: State | None) -> tuple[State, tuple[str, ...]]:
    """The state of `spec` with its data, and the paths of files that were not found.

    What is known of such a file from `before` is kept while its task is asked the same.
    """
    state = state_of_spec(spec)
    if not state.tasks:
        return state, ()
    plan = lower(spec, list(spec.tasks))
    data = LockedData(plan, roots)
    missing: dict[str, None] = {}
    tasks = {}
    for (name, task), planned in zip(state.tasks.items(), plan.tasks, strict=True):
        found, absent = data.digests(planned)
        old = None if before is None else before.tasks.get(name)
        known = old if old is not None and old.call_hash == task.call_hash else None
        found |= {path: known.data[path] for path in absent if known is not None and path in (known.data or {})}  # type: ignore[index]
        rows_at_hand = all(is_set(path) or path.startswith(ENCODER) for path in absent)
        shots = data.shots(planned) if rows_at_hand else None if known is None else known.shots
        tasks[name] = attrs.evolve(task, data=found, shots=shots)
        missing |= dict.fromkeys(absent)
    return attrs.evolve(state, tasks=tasks), tuple(missing)


def changed_data(before: State, after: State) -> list[tuple[str, str, str, str]]:
    """Task, path, old and new sha256 of each file that changed under a task that is asked the same as before."""
    return [
        (name, path, digest, task.data[path])
        for name, task in after.tasks.items()
        if (old := before.tasks.get(name)) is not None
        and (old.call_hash, old.version) == (task.call_hash, task.version)
        and task.data is not None
        for path, digest in (old.data or {}).items()
        if path in task.data and task.data[path] != digest
    ]


def check_data(plan: Plan, tasks: Mapping[str, TaskState], roots: DataRoots) -> None:
    """Compare the data of `plan` with the entries of the lock, by the plan's names of its tasks.

    Raises one `DataError` with every file that changed.
    """
    data = LockedData(plan, roots)
    problems = [
        problem for task in plan.tasks if task.name in tasks for problem in data.changed(task, tasks[task.name])
    ]
    if problems:
        raise DataError(
            "data changed since medspec.lock was written; get the files it means, or give their tasks a new version "
            "(`medspec lock --accept NAME` if no score was published):",
            problems=problems,
        )


def addresses_of(plan: Plan) -> dict[str, Scan]:
    """Every address on the network that rows of `plan` come from, with the scan that reads it."""
    return {path: scan for scan in plan.scans for path, _ in _scan_files(scan) if is_remote(path)}


def _scan_files(scan: Scan) -> Iterator[tuple[str, str]]:
    yield scan.source.path, scan.folder
    yield from ((keep.ids.path, scan.folder) for keep in scan.keep)
    if scan.errata is not None:
        yield scan.errata.path, scan.folder


def _texts(render: Render) -> Iterator[TextFile]:
    for turn in render.turns:
        if turn.file is not None:
            yield turn.file
    for _, bound in render.bindings:
        if isinstance(bound, TextFile):
            yield bound
