"""`baseline:NAME`: answers that need no model, for the floor that a grounding score stands on.

    baseline:whole_image     the box of the whole image
    baseline:copy_box        the first box that stands in the prompt; without one, it says so, and the answer is unread

They speak in fractions of the image, left, top, right, bottom: run them with a dialect whose boxes are `box(xyxy, unit)` and
whose `box_text` is `[{x1}, {y1}, {x2}, {y2}]`, such as `shared.dialects.baseline`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from medspec.backends.base import Abilities, Options, Reply, Request, Scheme, sha256_of
from medspec.errors import BackendError
from medspec.text.suggest import nearest

ABILITIES = Abilities(text=True, images=True)

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_BOX = re.compile(rf"\[{_NUMBER}(?:, {_NUMBER}){{3}}\]")
_VERSION = 1


def whole_image(prompt: str) -> str:
    """The whole image, as fractions of it."""
    return "[0, 0, 1, 1]"


def copy_box(prompt: str) -> str:
    """The first box in the prompt, as it is written there."""
    found = _BOX.search(prompt)
    return "There is no box to copy." if found is None else found[0]


BASELINES: Mapping[str, Callable[[str], str]] = {"whole_image": whole_image, "copy_box": copy_box}
"""From the text of a prompt to a reply, by name."""


@attrs.frozen
class Floor:
    """One of `BASELINES`."""

    name: str
    abilities = ABILITIES

    @property
    def digest(self) -> str:
        return sha256_of(f"baseline {_VERSION} {self.name}")

    def describe(self) -> dict[str, Any]:
        return {"backend": "baseline", "version": _VERSION, "baseline": self.name, "is": "a baseline, no model"}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        for index, request in enumerate(requests):
            if request.options is not None:
                raise BackendError(f"`baseline:{self.name}` writes text, and task `{request.task}` scores options")
            prompt = request.plain_prompt
            yield index, Reply(prompt_sha256=sha256_of(prompt), text=BASELINES[self.name](prompt))

    def close(self) -> None:
        pass


def open_baseline(place: str, settings: Mapping[str, str], options: Options) -> Floor:
    """Raises `BackendError` for a name that does not exist, and for settings, of which there are none."""
    if settings:
        raise BackendError(f"`baseline` has no settings, and `{next(iter(settings))}` is given")
    if place not in BASELINES:
        close = nearest(place, BASELINES)
        advice = f"did you mean `baseline:{close}`? " if close else ""
        raise BackendError(f"there is no baseline {place!r}; {advice}there are: {', '.join(BASELINES)}")
    return Floor(place)


SCHEME = Scheme("baseline", "answers without a model, for grounding: whole_image, copy_box", open_baseline, ABILITIES)
