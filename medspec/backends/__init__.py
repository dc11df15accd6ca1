"""The catalogue of backends: one file per member, listed in `SCHEMES`."""

from medspec.backends.base import Backend, Options, Scheme
from medspec.backends.builtin import SCHEME as BUILTIN
from medspec.backends.hash import SCHEME as HASH
from medspec.backends.mock import SCHEME as MOCK
from medspec.backends.onnx import SCHEME as ONNX
from medspec.backends.opening import open_scheme, read_name
from medspec.backends.replay import SCHEME as REPLAY

SCHEMES: tuple[Scheme, ...] = (ONNX, BUILTIN, REPLAY, HASH, MOCK)


def find_scheme(model: str) -> Scheme:
    """The backend that a model's name asks for. Raises `UsageError` where there is none."""
    return read_name(model, SCHEMES)[0]


def open_model(model: str, options: Options) -> Backend:
    """Load `scheme:place?setting=value`. Raises `UsageError` or `BackendError`."""
    return open_scheme(model, SCHEMES, options)
