"""The settings file: where it is found, what it may say, and what it is told when it says something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspec.config import Config, find_config, read_config
from medspec.errors import UsageError


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_the_working_directory_counts(tmp_path: Path) -> None:
    assert find_config(tmp_path) == Config(root=tmp_path, specs=tmp_path / "specs")


def test_all_settings_are_relative_to_the_folder_of_the_file(tmp_path: Path) -> None:
    file = write(
        tmp_path / "medspec.toml",
        'specs = "benchmarks"\nsuite = "core"\nmodel = "onnx:models/small?threads=2"\ndata = ["data", "/srv/data"]\n',
    )
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_config(below) == Config(
        root=tmp_path,
        file=file,
        specs=tmp_path / "benchmarks",
        suite="core",
        model=f"onnx:{tmp_path}/models/small?threads=2",
        data=(tmp_path / "data", Path("/srv/data")),
    )


@pytest.mark.parametrize("model", ["builtin:quickstart", "hash", "mock", "openai:gpt@http://localhost:1/v1"])
def test_a_model_that_is_no_path_is_left_as_it_is(tmp_path: Path, model: str) -> None:
    write(tmp_path / "medspec.toml", f'model = "{model}"\n')
    assert find_config(tmp_path).model == model


def test_the_nearest_file_counts_alone(tmp_path: Path) -> None:
    write(tmp_path / "medspec.toml", 'suite = "far"\nmodel = "hash"\n')
    write(tmp_path / "near" / "medspec.toml", 'suite = "near"\n')
    config = find_config(tmp_path / "near")
    assert (config.suite, config.model) == ("near", None)


def test_medspec_toml_counts_before_pyproject(tmp_path: Path) -> None:
    write(tmp_path / "medspec.toml", 'suite = "own"\n')
    write(tmp_path / "pyproject.toml", '[tool.medspec]\nsuite = "project"\n')
    assert find_config(tmp_path).suite == "own"


def test_pyproject_with_a_table(tmp_path: Path) -> None:
    write(tmp_path / "pyproject.toml", '[project]\nname = "x"\n\n[tool.medspec]\nsuite = "project"\n')
    assert find_config(tmp_path).suite == "project"


@pytest.mark.parametrize("text", ['[project]\nname = "x"\n', "this is = not [toml\n", '[tool.other]\nsuite = "x"\n'])
def test_pyproject_of_others_is_passed_by(tmp_path: Path, text: str) -> None:
    assert read_config(write(tmp_path / "pyproject.toml", text)) is None
    assert find_config(tmp_path).file is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('suit = "core"\n', ":1: there is no setting `suit`; did you mean `suite`?"),
        (
            'suite = "core"\n\ncolour = 3\n',
            ":3: there is no setting `colour`; the keys are specs, suite, model, dialect, data",
        ),
        ("suite = 3\n", ":1: `suite` must be a text in quotes"),
        ('model = ""\n', ":1: `model` must be a text in quotes"),
        ('data = "data"\n', ":1: `data` must be a list of folders"),
        ("data = [1]\n", ":1: `data` must be a list of folders"),
        ('suite = "core"\nmodel = \n', "at line 2"),
        ('suite = "a"\nsuite = "b"\n', "at line 2"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    file = write(tmp_path / "medspec.toml", text)
    with pytest.raises(UsageError) as caught:
        find_config(tmp_path)
    assert str(file) in str(caught.value)
    assert message in str(caught.value)


def test_the_line_in_pyproject_is_the_line_in_our_table(tmp_path: Path) -> None:
    file = write(tmp_path / "pyproject.toml", '[project]\nmodul = "x"\n[tool.medspec]\nmodul = "hash"\n')
    with pytest.raises(UsageError, match=r":4: there is no setting `modul`; did you mean `model`\?") as caught:
        read_config(file)
    assert caught.value.exit_code == 2


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "medspec.toml").write_bytes(b'suite = "\xff"\n')
    with pytest.raises(UsageError, match=r"not UTF-8 text \(byte 9\)"):
        find_config(tmp_path)
