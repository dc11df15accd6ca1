"""Result files stand whole under their name, or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import BinaryIO

import polars
import pytest
from unprivileged import needs_permissions, ordinary_user

from medspec.errors import StoreError
from medspec.run.whole_files import write_json, write_whole

posix = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and limits on file sizes are of POSIX")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_content_arrives_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "1" / "plan.json"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    write_json(path, {"b": [1.5, None], "a": "é"})
    assert path.read_bytes() == '{\n  "b": [\n    1.5,\n    null\n  ],\n  "a": "é"\n}\n'.encode()
    table = polars.DataFrame({"row_id": ["1", "2"]})
    write_whole(path.with_name("rows.parquet"), table.write_parquet)
    assert polars.read_parquet(path.with_name("rows.parquet")).equals(table)
    assert names(path.parent) == ["plan.json", "rows.parquet"]


@posix
def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    write_whole(tmp_path / "report.json", b"")
    (tmp_path / "usual").touch()
    assert (tmp_path / "report.json").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_fault_half_way_leaves_what_was_there(tmp_path: Path) -> None:
    def fail(stream: BinaryIO) -> None:
        stream.write(b"half")
        raise KeyboardInterrupt

    path = tmp_path / "report.json"
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    assert names(tmp_path) == []
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    with pytest.raises(ValueError):
        write_json(path, {"accuracy": float("nan")})
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["report.json"]


@posix
def test_a_full_disk_names_the_path_and_keeps_the_old_file(tmp_path: Path) -> None:
    import resource

    path = tmp_path / "report.json"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for name, kept in [
        ("report.json", "the file that stood there before is unchanged"),
        ("new.json", "nothing was written"),
    ]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
        try:
            with pytest.raises(StoreError) as caught:
                write_whole(tmp_path / name, b"x" * 5000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert str(caught.value) == f"cannot write {tmp_path / name}: file too large; {kept}"
    assert names(tmp_path) == ["report.json"]
    assert path.read_bytes() == b"old"


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()

    def refusal(path: Path) -> str:
        with pytest.raises(StoreError) as caught:
            write_whole(path, b"x")
        return str(caught.value).replace(str(tmp_path), "ROOT")

    assert refusal(tmp_path / "file" / "plan.json") == (
        "cannot write ROOT/file/plan.json: ROOT/file is a file, not a folder; nothing was written"
    )
    assert refusal(tmp_path / "folder") == (
        "cannot write ROOT/folder: there is a folder of that name; nothing was written"
    )
    assert names(tmp_path) == ["file", "folder"]


@needs_permissions
def test_a_folder_without_write_permission() -> None:
    with ordinary_user() as folder:
        path = folder / "run" / "report.json"
        write_whole(path, b"old")
        path.parent.chmod(0o500)
        with pytest.raises(StoreError) as caught:
            write_whole(path, b"x")
        assert str(caught.value) == (
            f"cannot write {path}: no permission to write there; the file that stood there before is unchanged"
        )


WRITER = """
import sys
from pathlib import Path
from medspec.run.whole_files import write_json
path = Path({path!r})
number = 0
while True:
    number += 1
    write_json(path, {{"number": number, "text": str(number) * 20_000}})
"""


@posix
def test_kill_9_never_leaves_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    rng = Random(2)
    seen = set()
    for _ in range(12):
        process = subprocess.Popen([sys.executable, "-c", WRITER.format(path=str(path))])
        deadline = time.monotonic() + 20
        while not path.is_file() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.06 * rng.random())
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        value = json.loads(path.read_bytes())
        assert value["text"] == str(value["number"]) * 20_000
        seen.add(value["number"])
        path.unlink()
    assert len(seen) > 3
