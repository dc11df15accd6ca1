"""Where this user's caches lie. What is kept there costs time when it is lost, never a result."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder for medspec's caches; it need not exist."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "medspec"
