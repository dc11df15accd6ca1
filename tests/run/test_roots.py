"""Where a data file is looked for, and what is refused. ROOT stands for the folder of the test."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from medspec.errors import DataError
from medspec.run.roots import DataRoots, find_file

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege there")


def put(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def message(path: str, roots: DataRoots, tmp_path: Path, **named: str) -> str:
    with pytest.raises(DataError) as caught:
        find_file(path, roots, **named)  # type: ignore[arg-type]
    return str(caught.value).replace(str(tmp_path), "ROOT")


def test_the_first_place_with_the_file_wins(tmp_path: Path) -> None:
    names = ["given", "given2", "environment", "environment2", "toml", "spec"]
    listed = os.pathsep.join(["", str(tmp_path / "environment"), " ", str(tmp_path / "environment2")])
    roots = DataRoots.of(
        [str(tmp_path / "given"), tmp_path / "given2"], [tmp_path / "toml"], environment={"MEDSPEC_DATA": listed}
    )
    files = [put(tmp_path / name / "set" / "rows.jsonl") for name in names]
    for file in files:
        assert find_file("set/rows.jsonl", roots, folder=tmp_path / "spec") == file
        file.unlink()
    assert [str(root) for root, _ in roots.places(tmp_path / "spec")] == [str(tmp_path / name) for name in names]


def test_the_environment_is_read_when_nothing_else_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEDSPEC_DATA", str(tmp_path))
    assert find_file("rows.jsonl", DataRoots.of()) if put(tmp_path / "rows.jsonl") else None
    monkeypatch.setenv("HOME", str(tmp_path))
    assert DataRoots.of(["~/data"], environment={}).given == (tmp_path / "data",)


def test_a_missing_file_lists_every_place_and_what_to_type(tmp_path: Path) -> None:
    put(tmp_path / "given" / "medqa" / "tests.jsonl")
    (tmp_path / "toml" / "medqa" / "test.jsonl").mkdir(parents=True)
    roots = DataRoots(
        given=(tmp_path / "given", tmp_path / "given"),
        environment=(tmp_path / "gone",),
        configured=(tmp_path / "toml",),
    )
    spec = tmp_path / "spec"
    spec.mkdir()
    found = message("medqa/test.jsonl", roots, tmp_path, folder=str(spec), dataset="medqa", license="mit")
    assert found == (
        "`medqa/test.jsonl` of dataset `medqa` was not found; looked at:\n"
        "  ROOT/given/medqa/test.jsonl (--data)\n"
        "  ROOT/gone/medqa/test.jsonl (MEDSPEC_DATA: no such folder)\n"
        "  ROOT/toml/medqa/test.jsonl (medspec.toml: a directory, not a file)\n"
        "  ROOT/spec/medqa/test.jsonl (the spec's folder)\n"
        "  the dataset's licence is `mit`\n"
        "  did you mean ROOT/given/medqa/tests.jsonl?\n"
        "  say where it is: `--data DIR`, with DIR the folder that holds `medqa/test.jsonl`"
    )


def test_a_missing_file_without_any_root(tmp_path: Path) -> None:
    assert message("rows.csv", DataRoots(), tmp_path) == (
        "`rows.csv` was not found; looked at:\n"
        "  nowhere: there is no data root\n"
        "  say where it is: `--data DIR`, with DIR the folder that holds `rows.csv`"
    )


def test_a_compressed_neighbour_is_named(tmp_path: Path) -> None:
    put(tmp_path / "rows.csv.gz")
    assert "did you mean ROOT/rows.csv.gz?" in message("rows.csv", DataRoots(given=(tmp_path,)), tmp_path)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/etc/passwd", "`/etc/passwd` is absolute; data paths are relative to a data root"),
        ("C:\\data\\rows.csv", "is absolute"),
        ("c:rows.csv", "is absolute"),
        ("\\\\server\\share\\rows.csv", "is absolute"),
        ("~/rows.csv", "is absolute"),
        ("../rows.csv", "`../rows.csv` leaves its data root by `..`; give the folder above as `--data DIR`"),
        ("a/../../rows.csv", "leaves its data root by `..`"),
        ("a\\..\\..\\rows.csv", "leaves its data root by `..`"),
        ("https://example.org/rows.csv", "is not on this machine"),
        ("hf://datasets/rows.csv", "the address names no revision"),
        ("file:///etc/passwd", "`file://` is no source of data"),
        ("", "'' is no path of a file"),
        ("a\0b", "is no path of a file"),
    ],
)
def test_paths_outside_a_root_are_refused_before_anything_is_read(path: str, words: str, tmp_path: Path) -> None:
    put(tmp_path / "rows.csv")
    assert words in message(path, DataRoots(given=(tmp_path / "root",)), tmp_path)


@needs_links
def test_a_link_out_of_its_root_is_refused(tmp_path: Path) -> None:
    secret = put(tmp_path / "secret.csv")
    root = tmp_path / "data"
    inside = put(root / "inside.csv")
    (root / "out.csv").symlink_to(secret)
    (root / "in.csv").symlink_to(inside)
    (root / "folder").symlink_to(tmp_path)
    (tmp_path / "root2").symlink_to(root)
    roots = DataRoots(given=(root,))
    assert find_file("in.csv", roots).samefile(inside)
    assert find_file("in.csv", DataRoots(given=(tmp_path / "root2",))).samefile(inside)
    assert message("out.csv", roots, tmp_path) == (
        "`out.csv` is a symbolic link out of its data root: ROOT/data/out.csv leads to ROOT/secret.csv; "
        "give the folder it leads to as `--data DIR`"
    )
    assert "symbolic link out" in message("folder/secret.csv", roots, tmp_path)


@needs_links
def test_links_in_a_circle_are_a_place_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert "was not found" in message("a", DataRoots(given=(tmp_path,)), tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_links_that_go_round_in_circles_are_no_file(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "deep").mkdir(parents=True)
    (root / "a.csv").symlink_to(root / "b.csv")
    (root / "b.csv").symlink_to(root / "a.csv")
    (root / "deep" / "up").symlink_to(root / "deep", target_is_directory=True)
    assert "was not found" in message("a.csv", DataRoots(given=(root,)), tmp_path)
    put(root / "deep" / "rows.csv")
    # A way through a circle of folders ends where the file is, and stays inside.
    assert (
        find_file("deep/up/up/rows.csv", DataRoots(given=(root,))).read_bytes() == (root / "deep/rows.csv").read_bytes()
    )
    (root / "out").symlink_to(tmp_path, target_is_directory=True)
    put(tmp_path / "secret.csv")
    assert "is a symbolic link out of its data root" in message("out/secret.csv", DataRoots(given=(root,)), tmp_path)
