"""Does this graph do what the loop takes it to do? Asked once, when a model is loaded.

Wrong padding, positions counted from another number, a cache in another layout or an unsupported head size mostly raise
no error: the model runs and answers worse. All of them make a prompt's logits depend on how it was run. So two short
prompts of different length are run alone and without cache, and again the way the loop runs them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from medspec.backends.onnx.decoder import Decoder, StepFailed, last_places
from medspec.backends.onnx.generate import pad_left
from medspec.backends.onnx.shared_rows import SharedRows
from medspec.backends.onnx.signature import Signature
from medspec.backends.onnx.slots import Slots, admit, make_slots
from medspec.errors import BackendError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_LONG, _SHORT, _STEPS = 7, 4, 2


def check_decoder(decoder: Decoder, graph: Path, ids: list[int]) -> None:
    """Compare the ways to run a prompt on the token ids of some text. Raises `BackendError` naming what differs."""
    import numpy as np

    if not ids:
        return
    long = tuple(np.resize(np.array(ids, dtype=np.int64), _LONG).tolist())
    # Where rows of one batch must be equally long, the second is another prompt of the same length.
    short = long[-_SHORT:] if decoder.signature.pads_left else long[::-1]
    try:
        alone = [_alone(decoder, prompt) for prompt in (long, short)]
        if not all(np.isfinite(logits).all() for logits in alone):
            raise BackendError(f"{graph}: self-check: the logits of a short prompt are not finite numbers")
        _compare(decoder.signature, graph, "continued from a cache", alone[:1], [_continued(decoder, long)])
        if not decoder.signature.activations_quantised:
            batched = _batched(decoder, [long, short])
            _compare(decoder.signature, graph, "in a batch, with a cache", alone, batched)
    except StepFailed as err:
        raise BackendError(f"{graph}: self-check: the graph does not run: {err}") from err


def slots_work(decoder: Decoder, ids: list[int]) -> bool:
    """Whether caches may be written in place (`slots.py`): the same two prompts that way, in rows of other length."""
    import numpy as np

    if decoder.signature.family != "gqa" or decoder.on_gpu or not ids:
        return False
    long = np.resize(np.array(ids, dtype=np.int64), _LONG).tolist()
    prompts = [long, [*long[:_SHORT], *long[:1], *long[:1]]]
    expected = [_alone(decoder, tuple(prompt)) for prompt in prompts]
    try:
        found = _in_slots(make_slots(decoder, 2, _LONG), prompts)
    except StepFailed:
        return False
    return all(
        float(np.abs(one - other).max()) <= _tolerance(decoder.signature, one)
        for one, other in zip(expected, found, strict=True)
    )


def trees_work(decoder: Decoder, ids: list[int]) -> bool:
    """Whether two continuations of one beginning may be run in one row (`trees.py`): each as if it were there alone."""
    import numpy as np

    if not decoder.signature.sees_trees or not ids:
        return False
    long = np.resize(np.array(ids, dtype=np.int64), _LONG).tolist()
    begin, tails = long[:_SHORT], [long[_SHORT:], long[1::-1]]
    expected = [_alone(decoder, (*begin, *tail))[-1] for tail in tails]
    lengths = np.cumsum([_SHORT, *map(len, tails)])
    try:
        slots = make_slots(decoder, 1, int(lengths[-1]))
        found = slots.read(0, begin, 0, lengths[1:] - 1, tails)
    except StepFailed:
        return False
    return all(
        float(np.abs(one - other).max()) <= _tolerance(decoder.signature, one)
        for one, other in zip(expected, found, strict=True)
    )


def sharing_works(decoder: Decoder, ids: list[int]) -> bool:
    """Whether rows may share a beginning (`sharing.py`): two prompts that begin alike, behind it and of other length."""
    import numpy as np

    if not decoder.signature.shares_beginnings or not ids:
        return False
    long = np.resize(np.array(ids, dtype=np.int64), _LONG).tolist()
    prompts = [long, [*long[: _SHORT - 1], *long[:1], *long[:_STEPS]]]
    expected = [_alone(decoder, tuple(prompt))[-_STEPS:] for prompt in prompts]
    try:
        slots = SharedRows(make_slots(decoder, 1, _LONG), make_slots(decoder, 2, _LONG), _SHORT - 1)
        for row, prompt in enumerate(prompts):
            admit(slots, row, prompt[:-_STEPS])
        steps = [slots.step(np.array([prompt[at] for prompt in prompts])) for at in range(-_STEPS, 0)]
    except StepFailed:
        return False
    found = list(np.stack(steps, axis=1))
    return all(
        float(np.abs(one - other).max()) <= _tolerance(decoder.signature, one)
        for one, other in zip(expected, found, strict=True)
    )


def _in_slots(slots: Slots, prompts: list[list[int]]) -> list[NDArray[numpy.float32]]:
    """The last logits of two prompts: each read in two parts, the second after a copy, the last tokens together."""
    import numpy as np

    last = np.array([], dtype=np.int64)
    slots.read(0, prompts[0][:_SHORT], 0, last)
    slots.read(0, prompts[1][:_SHORT], 1, last)  # taken back to its first token
    pieces = []
    for row, prompt in enumerate(prompts):
        if row:
            slots.copy(0, row, 2)
        done = 2 if row else 1
        pieces.append([slots.read(row, prompt[:-_STEPS], done, np.array([len(prompt) - _STEPS - 1]))[0]])
    for at in range(-_STEPS, 0):
        both = slots.step(np.array([prompt[at] for prompt in prompts]))
        for piece, logits in zip(pieces, both, strict=True):
            piece.append(logits)
    return [np.stack(piece) for piece in pieces]


def _alone(decoder: Decoder, prompt: tuple[int, ...]) -> NDArray[numpy.float32]:
    """The last logits of one prompt, run at once."""
    ids, mask = pad_left([prompt])
    return decoder.step(ids, mask, None, _last_few(ids.shape[1]))[0]


def _continued(decoder: Decoder, prompt: tuple[int, ...]) -> NDArray[numpy.float32]:
    """The same, with all but the first tokens run after the cache of those."""
    ids, mask = pad_left([prompt])
    _, cache = decoder.step(ids[:, :2], mask[:, :2], None, last_places(1, 2))
    return decoder.step(ids[:, 2:], mask, cache, _last_few(ids.shape[1] - 2))[0]


def _last_few(new: int) -> NDArray[numpy.int64]:
    import numpy as np

    return np.stack([np.zeros(_STEPS + 1, dtype=np.int64), np.arange(new - _STEPS - 1, new)], axis=1)


def _batched(decoder: Decoder, prompts: list[tuple[int, ...]]) -> list[NDArray[numpy.float32]]:
    """The same for several prompts in one batch, the last tokens one at a time."""
    import numpy as np

    ids, mask = pad_left(prompts)
    rows, width = ids.shape
    first = width - _STEPS
    logits, cache = decoder.step(ids[:, :first], mask[:, :first], None, last_places(rows, first))
    pieces = [logits]
    for at in range(first, width):
        logits, cache = decoder.step(ids[:, at : at + 1], mask[:, : at + 1], cache, last_places(rows, 1))
        pieces.append(logits)
    return list(np.stack(pieces, axis=1))


def _compare(
    signature: Signature,
    graph: Path,
    way: str,
    expected: list[NDArray[numpy.float32]],
    found: list[NDArray[numpy.float32]],
) -> None:
    import numpy as np

    for one, other in zip(expected, found, strict=True):
        allowed = _tolerance(signature, one)
        difference = float(np.abs(one - other).max())
        if not difference <= allowed:  # not `>`: NaN differs too
            raise BackendError(
                f"{graph}: self-check: a prompt {way} gets other logits than alone (largest difference "
                f"{difference:.3g}, allowed {allowed:.3g}); this version cannot run the graph correctly"
            )


def _tolerance(signature: Signature, logits: NDArray[numpy.float32]) -> float:
    """The largest difference that rounding explains."""
    if signature.activations_quantised or signature.sums_rounded:
        # Tokens round differently beside other tokens, and how far is chance. Wrong positions move logits by far more.
        return float(logits.std())
    rounded = signature.weights_blocked or "float16" in (signature.cache_type, signature.logits_type)
    # Absolute for logits of usual size, relative for models that write logits of a hundred.
    return (5e-2 if rounded else 1e-3) * max(1.0, float(abs(logits).max()) / 10)
