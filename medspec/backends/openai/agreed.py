"""Addresses that a spec or a run's folder names, and not whoever types the command: they are used when that person agrees.

A spec can come from anybody, and so can the folder of a run. What they name gets rows and a key only where its host is in
`MEDSPEC_ENDPOINTS`, or where it is typed. This machine's own addresses need no agreement.

    MEDSPEC_ENDPOINTS="api.example.org models.example.org:8443"
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from medspec.errors import UsageError
from medspec.text.web_address import is_loopback

VARIABLE = "MEDSPEC_ENDPOINTS"
"""The environment variable with the hosts, separated by blanks or commas."""


def require_agreed(url: str, what: str, typed: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raises `UsageError` unless the host of `url` is agreed to; `what` names it there, `typed` is the other way to agree."""
    host = urlsplit(url).netloc.lower()
    agreed = environment.get(VARIABLE, "").lower().replace(",", " ").split()
    if is_loopback(url) or host in agreed:
        return
    raise UsageError(
        f"{what} is at {url}, which you did not name: it would get rows and your key. If that is meant, "
        f"say so with {VARIABLE}={host}, or type it: `{typed}`"
    )
