"""The catalogue of backends: one file per member, listed in `SCHEMES`."""

from medspec.backends.base import Scheme
from medspec.backends.hash import SCHEME as HASH
from medspec.backends.mock import SCHEME as MOCK
from medspec.backends.onnx import SCHEME as ONNX
from medspec.backends.replay import SCHEME as REPLAY

SCHEMES: tuple[Scheme, ...] = (ONNX, REPLAY, HASH, MOCK)
