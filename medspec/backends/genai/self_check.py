"""What of the library's ways this graph does right; asked once, when a model is loaded.

Whatever way a prompt is run, the logits after it are the same, or the way is not taken: a row taken back to an earlier
token, rows of different length side by side, rows of the same length. A graph that gives other logits when a prompt is
read in two parts is refused, since nothing can be written with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from medspec.backends.genai.batches import read_side_by_side
from medspec.backends.genai.folder import GenaiFolder
from medspec.backends.genai.library import Loaded
from medspec.backends.genai.row import OneRow
from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.graph_file import EIGHT_BIT_SUMS
from medspec.errors import BackendError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Logits = NDArray[numpy.float32]

_LONG, _SHORT = 7, 4
_ROOM = 2


@attrs.frozen
class Ways:
    """What works: `rewinds` a row taken back, `padded` rows of different length side by side, `equal` of the same length."""

    vocabulary: int
    all_logits: bool
    rewinds: bool
    padded: bool
    equal: bool

    @property
    def batches(self) -> str:
        """In a word, for people."""
        return "padded" if self.padded else "of equal length" if self.equal else "none"


def check_ways(loaded: Loaded, folder: GenaiFolder, ids: list[int]) -> Ways:
    """Try the ways on the token ids of some text. Raises `BackendError` where a prompt cannot be run at all."""
    import numpy as np

    long = np.resize(np.array(ids or [0], dtype=np.int64), _LONG).tolist()
    place = folder.files.graph
    try:
        generator = loaded.generator(1, _LONG)
        generator.append_tokens(np.array(long, dtype=np.int32))
        width, given = generator.get_logits().shape[-1], generator.get_output("logits").shape[1]
        prompts = [long, long[-_SHORT:], long[::-1]]
        alone = [_in_parts(loaded, prompt, [len(prompt)]) for prompt in prompts]
        before = [_in_parts(loaded, prompt[:-_ROOM], [len(prompt) - _ROOM]) for prompt in prompts]
        parts = _in_parts(loaded, long, [_LONG - 2, _LONG - 1, _LONG])
    except (RuntimeError, MemoryError, StepFailed) as err:
        where = f" (it runs on the CPU: {loaded.cpu_reason})" if loaded.cpu_reason else ""
        raise BackendError(f"{place}: self-check: the model does not run{where}: {err}") from err
    if not all(np.isfinite(logits).all() for logits in alone):
        raise BackendError(f"{place}: self-check: the logits of a short prompt are not finite numbers")
    allowed = _tolerance(folder, alone[0])
    difference = _largest(alone[0], parts)
    if difference > allowed:
        raise BackendError(
            f"{place}: self-check: a prompt in several parts gets other logits than at once (largest difference "
            f"{difference:.3g}, allowed {allowed:.3g}); this version cannot run the model correctly"
        )

    def works(run: Callable[[], Logits], expected: list[Logits]) -> bool:
        try:
            return _largest(np.stack(expected), run()) <= allowed
        except (RuntimeError, MemoryError, StepFailed, ValueError):
            return False

    return Ways(
        vocabulary=width,
        all_logits=given == _LONG,
        rewinds=works(lambda: _taken_back(loaded, long, prompts[2]), [alone[0], alone[0]]),
        padded=works(lambda: _side_by_side(loaded, prompts[:2]), [*before[:2], *alone[:2]]),
        equal=works(
            lambda: _side_by_side(loaded, [prompts[0], prompts[2]]), [before[0], before[2], alone[0], alone[2]]
        ),
    )


def _in_parts(loaded: Loaded, prompt: list[int], ends: list[int]) -> Logits:
    """The logits [ids] after a prompt that is read up to each of `ends`."""
    import numpy as np

    row, done = OneRow(loaded, len(prompt), True, True), 0
    for end in ends:
        logits = row.read(0, prompt[:end], done, np.array([end - 1]))
        done = end
    last: Logits = logits[0]
    return last


def _taken_back(loaded: Loaded, prompt: list[int], other: list[int]) -> Logits:
    """The same twice [2, ids]: behind its own first tokens after another prompt stood in the row, and from its first."""
    import numpy as np

    row, last = OneRow(loaded, len(prompt), True, True), np.array([len(prompt) - 1])
    row.read(0, [*prompt[:2], *other[2:]], 0, last)
    pieces = [row.read(0, prompt, 2, last)]
    row.read(0, other, 0, last)
    return np.concatenate([*pieces, row.read(0, prompt, 0, last)])


def _side_by_side(loaded: Loaded, prompts: list[list[int]]) -> Logits:
    """The logits [2 * rows, ids] of several prompts: before their last tokens, and after these one by one."""
    import numpy as np

    side, first = read_side_by_side(loaded, [prompt[:-_ROOM] for prompt in prompts], _ROOM)
    for at in range(-_ROOM, 0):
        logits = side.next([prompt[at] for prompt in prompts])
    return np.concatenate([first, logits])


def _largest(one: Logits, other: Logits) -> float:
    import numpy as np

    difference = float(np.abs(one - other).max())
    return float("inf") if np.isnan(difference) else difference


def _tolerance(folder: GenaiFolder, logits: Logits) -> float:
    """The largest difference that rounding explains; relative for models that write logits of a hundred."""
    operators = folder.files.operators
    if EIGHT_BIT_SUMS in operators or any(name.startswith("DynamicQuantize") for name in operators):
        return float(
            logits.std()
        )  # how far rounding goes is a matter of chance; wrong positions move logits by far more
    rounded = folder.files.dtype != "fp32" or any(name.startswith("MatMulNBits") for name in operators)
    return (5e-2 if rounded else 1e-3) * max(1.0, float(abs(logits).max()) / 10)
