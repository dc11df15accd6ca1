"""The settings of a project: `medspec.toml`, or `[tool.medspec]` in `pyproject.toml`.

    specs = "specs"                   # folder of the modules
    suite = "quickstart"              # what `medspec run` runs when it is told nothing
    model = "builtin:quickstart"      # and with which model
    dialect = "qwen2_5_vl"            # what the model's family expects, where that is declared
    data = ["data", "/srv/clinical"]  # where relative data paths are looked for, in this order

The file is looked for in the working directory and every folder above it; the nearest one counts, and in one folder
`medspec.toml` counts before `pyproject.toml`. Relative paths in it are relative to its own folder. A key that does not
exist is refused: a setting that is silently ignored is found out about after the run.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import attrs

from medspec.errors import UsageError
from medspec.text.suggest import nearest

KEYS = ("specs", "suite", "model", "dialect", "data")
"""Every key there is."""

# What stands behind these schemes of `model` is a path, so it is relative to the settings' folder.
_PATH_SCHEMES = ("onnx", "genai", "replay")


@attrs.frozen(kw_only=True)
class Config:
    """The settings in force. Without a file: the working directory, `specs` in it, and no defaults."""

    root: Path
    file: Path | None = None
    specs: Path
    suite: str | None = None
    model: str | None = None
    dialect: str | None = None
    data: tuple[Path, ...] = ()


def find_config(start: Path) -> Config:
    """The settings that hold in the folder `start`. Raises `UsageError` for a file that cannot be understood."""
    start = start.resolve()
    for folder in (start, *start.parents):
        for name in ("medspec.toml", "pyproject.toml"):
            file = folder / name
            if file.is_file():
                config = read_config(file)
                if config is not None:
                    return config
    return Config(root=start, specs=start / "specs")


def read_config(file: Path) -> Config | None:
    """The settings in `file`. None: a `pyproject.toml` that says nothing about medspec."""
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: this is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from error
    is_project = file.name == "pyproject.toml"
    # A broken pyproject.toml of some other tool is none of our business.
    if is_project and "tool.medspec" not in text:
        return None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: this is not TOML: {error}") from error
    if is_project:
        table = table.get("tool", {}).get("medspec")
        if table is None:
            return None
    return _checked(file, text, table)


def _checked(file: Path, text: str, table: dict[str, Any]) -> Config:
    for key in table:
        if key not in KEYS:
            guess = nearest(key, KEYS)
            help_text = f"did you mean `{guess}`?" if guess else f"the keys are {', '.join(KEYS)}"
            raise UsageError(f"{_place(file, text, key)}: there is no setting `{key}`; {help_text}")
    for key in ("specs", "suite", "model", "dialect"):
        if key in table and not (isinstance(table[key], str) and table[key]):
            raise UsageError(f"{_place(file, text, key)}: `{key}` must be a text in quotes")
    roots = table.get("data", [])
    if not isinstance(roots, list) or not all(isinstance(root, str) and root for root in roots):
        raise UsageError(f'{_place(file, text, "data")}: `data` must be a list of folders, such as data = ["data"]')
    folder = file.parent
    return Config(
        root=folder,
        file=file,
        specs=folder / table.get("specs", "specs"),
        suite=table.get("suite"),
        model=_from_folder(table.get("model"), folder),
        dialect=table.get("dialect"),
        data=tuple(folder / Path(root).expanduser() for root in roots),
    )


def _from_folder(model: str | None, folder: Path) -> str | None:
    """`onnx:models/small` said in `/p/medspec.toml` is `onnx:/p/models/small`."""
    scheme, colon, rest = (model or "").partition(":")
    if not colon or scheme not in _PATH_SCHEMES:
        return model
    return f"{scheme}:{folder / Path(rest).expanduser()}"


def _place(file: Path, text: str, key: str) -> str:
    """`file:line` of the line that sets `key`; only the file when it is written in an unusual way."""
    start = max(text.find("[tool.medspec]"), 0)
    found = re.compile(rf"""^[ \t]*["']?{re.escape(key)}["']?[ \t]*=""", re.MULTILINE).search(text, start)
    return f"{file}:{text.count(chr(10), 0, found.start()) + 1}" if found else str(file)
