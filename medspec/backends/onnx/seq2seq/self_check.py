"""Does this model do what the loop takes it to do? Two short prompts, alone and without a cache, and the way batches are run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.seq2seq.graphs import Graphs
from medspec.errors import BackendError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_SHORT, _STEPS = 3, 3


def check_graphs(graphs: Graphs, ids: list[int], *, quantised: bool) -> None:
    """Compare the ways to run on the token ids of some text. Raises `BackendError` naming what differs.

    Where activations are `quantised`, the scale of the rounding is another one for every batch, and rows are run alone.
    """
    import numpy as np

    if not ids:
        return
    prompts = [ids, ids[-_SHORT:]]
    written = np.array([[*graphs.start, *np.resize(ids, _STEPS).tolist()]], dtype=np.int64)
    try:
        alone = [graphs.step(graphs.read([prompt]), written)[0][0] for prompt in prompts]
        if not all(np.isfinite(logits).all() for logits in alone):
            raise BackendError(
                f"{graphs.decoder.path}: self-check: the logits of a short prompt are not finite numbers"
            )
        _compare(graphs, "continued from a cache", alone[:1], _stepwise(graphs, prompts[:1], written), quantised)
        if not quantised:
            _compare(graphs, "in a batch, with a cache", alone, _stepwise(graphs, prompts, written), quantised)
    except StepFailed as err:
        raise BackendError(f"{graphs.decoder.path}: self-check: the graph does not run: {err}") from err


def _stepwise(graphs: Graphs, prompts: list[list[int]], written: NDArray[numpy.int64]) -> list[NDArray[numpy.float32]]:
    """The logits of each prompt where all are one batch, and one token is read at a time."""
    import numpy as np

    state = graphs.read(prompts)
    pieces = []
    for at in range(written.shape[1]):
        logits, state = graphs.step(state, np.repeat(written[:, at : at + 1], len(prompts), axis=0))
        pieces.append(logits)
    return list(np.concatenate(pieces, axis=1))


def _compare(
    graphs: Graphs,
    way: str,
    expected: list[NDArray[numpy.float32]],
    found: list[NDArray[numpy.float32]],
    quantised: bool,
) -> None:
    import numpy as np

    half = any(kind == "float16" for kind, _ in graphs.decoder.inputs.values())
    for one, other in zip(expected, found, strict=True):
        allowed = float(one.std()) if quantised else (5e-2 if half else 1e-3) * max(1.0, float(abs(one).max()) / 10)
        difference = float(np.abs(one - other).max())
        if not difference <= allowed:  # not `>`: NaN differs too
            raise BackendError(
                f"{graphs.decoder.path}: self-check: a prompt {way} gets other logits than alone (largest difference "
                f"{difference:.3g}, allowed {allowed:.3g}); this version cannot run the graph correctly"
            )
