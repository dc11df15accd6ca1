"""The catalogue of backends: one file per member, listed in `SCHEMES`."""

from medspec.backends.base import Abilities, Backend, Options, Scheme
from medspec.backends.baseline import SCHEME as BASELINE
from medspec.backends.builtin import SCHEME as BUILTIN
from medspec.backends.genai import SCHEME as GENAI
from medspec.backends.hash import SCHEME as HASH
from medspec.backends.mock import SCHEME as MOCK
from medspec.backends.onnx import SCHEME as ONNX
from medspec.backends.openai import SCHEME as OPENAI
from medspec.backends.opening import open_scheme, read_name
from medspec.backends.replay import SCHEME as REPLAY

SCHEMES: tuple[Scheme, ...] = (ONNX, GENAI, BUILTIN, OPENAI, REPLAY, BASELINE, HASH, MOCK)


def find_scheme(model: str) -> Scheme:
    """The backend that a model's name asks for. Raises `UsageError` where there is none."""
    return read_name(model, SCHEMES)[0]


def abilities_of(model: str) -> Abilities:
    """What the model of this name can do, without loading anything. Raises `UsageError` for one that names none."""
    scheme, place, _ = read_name(model, SCHEMES)
    return scheme.abilities if scheme.abilities_at is None else scheme.abilities_at(place)


def open_model(model: str, options: Options) -> Backend:
    """Load `scheme:place?setting=value`. Raises `UsageError` or `BackendError`."""
    return open_scheme(model, SCHEMES, options)
