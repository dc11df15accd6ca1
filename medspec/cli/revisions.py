"""The specs of another revision of the project, by git. Without git, or outside of a repository, only `diff` of files works."""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from medspec.errors import UsageError


def unpack(revision: str, root: Path, specs: Path, into: Path) -> Path:
    """Write the folder `specs` as it was in `revision` below `into`, and return where it is.

    `root` is the project's folder. Raises `UsageError` where git, the revision or the folder is not there.
    """
    if revision.startswith("-"):
        raise UsageError(f"`{revision}` is no revision")
    if not specs.is_relative_to(root):
        raise UsageError(f"{specs} lies outside of the project, so no revision of it is known")
    inside = specs.relative_to(root).as_posix()
    _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", missing=revision)
    packed = _git(root, "archive", "--format=tar", revision, "--", inside, missing=f"{revision}:{inside}")
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        # Only what specs are made of: data in the same folder may be large, and links may lead anywhere.
        members = [one for one in archive.getmembers() if one.isfile() and one.name.endswith(".medspec")]
        archive.extractall(into, members, filter="data")
    found = into / inside
    found.mkdir(parents=True, exist_ok=True)
    return found


def _git(root: Path, *arguments: str, missing: str) -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError(f"there is no file `{missing}`, and no git to ask for a revision of that name") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = f" ({said[-1].removeprefix('fatal: ')})" if said else ""
        raise UsageError(f"there is no file and no revision `{missing}` here{reason}")
    return done.stdout
