"""The backend `builtin:NAME`: the models medspec ships, opened by name: `quickstart` reads text, `grounding` images too.

They are demonstration models: small, trained on invented text, and of no medical use. `describe` says so, so that
every report and table made with one can say so too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from medspec.backends.base import Abilities, Backend, Options, Reply, Request, Scheme
from medspec.errors import BackendError
from medspec.text.suggest import nearest

_DEMO = Path(__file__).parents[1] / "demo"

MODELS: Mapping[str, Path] = {"quickstart": _DEMO / "text_model", "grounding": _DEMO / "vision_model"}
"""The models by name: their folders in the package."""

NOTE = "a demonstration model trained on invented data; of no medical use"


@attrs.define
class Builtin:
    """A shipped model: what it does is done by the backend it is loaded with."""

    name: str
    loaded: Backend
    abilities: Abilities

    @property
    def digest(self) -> str:
        """That of the model's folder: `builtin:quickstart` and `onnx:` with its folder are the same model."""
        return self.loaded.digest

    def describe(self) -> dict[str, Any]:
        """What the loaded model says of itself, with `demonstration`: true and a `note` for people."""
        return {**self.loaded.describe(), "scheme": "builtin", "name": self.name, "demonstration": True, "note": NOTE}

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Reply]]:
        return self.loaded.answer(requests)

    def close(self) -> None:
        self.loaded.close()


def _abilities_at(place: str) -> Abilities:
    from medspec.backends.onnx import abilities_at

    return abilities_at(MODELS.get(place, MODELS["quickstart"]))


def _open(place: str, settings: Mapping[str, str], options: Options) -> Backend:
    from medspec.backends.onnx import SCHEME as ONNX

    folder = MODELS.get(place)
    if folder is None:
        close = nearest(place, MODELS)
        advice = f"did you mean `builtin:{close}`? " if close else ""
        raise BackendError(f"there is no shipped model {place!r}; {advice}there are: {', '.join(sorted(MODELS))}")
    loaded = ONNX.open(str(folder), settings, options)
    return Builtin(place, loaded, loaded.abilities)


SCHEME = Scheme(
    name="builtin",
    summary="a demonstration model that comes with medspec; of no medical use",
    open=_open,
    abilities=Abilities(text=True, logits=True, prefix="batch"),
    abilities_at=_abilities_at,
)
