"""The graphs of an encoder-decoder model, opened and run, in the three forms that exporters write.

    encoder_model.onnx + decoder_model_merged.onnx                            with a cache, where `use_cache_branch` is true
    encoder_model.onnx + decoder_model.onnx + decoder_with_past_model.onnx    the first token, and all others
    encoder_model.onnx + decoder_model.onnx                                   no cache: every step runs the whole reply again

Rows of a batch are padded in the prompt only, which the mask hides; replies all begin at the same place. Refuses graphs
that take something else than text, naming the input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Options
from medspec.backends.onnx.decoder import StepFailed
from medspec.backends.onnx.exports import CONTINUER, READER
from medspec.backends.onnx.layout import ModelFolder
from medspec.backends.onnx.session import Opened, open_session
from medspec.errors import BackendError

if TYPE_CHECKING:
    import numpy
    import onnxruntime
    from numpy.typing import NDArray

_PAST, _PRESENT = "past_key_values.", "present."
_TYPES = {
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
}
_ENCODER_TAKES = frozenset({"input_ids", "attention_mask"})
_DECODER_TAKES = frozenset({"input_ids", "encoder_attention_mask", "encoder_hidden_states", "use_cache_branch"})


@attrs.frozen
class Graph:
    """One opened graph: its path, the element type and rank of its inputs, and the names of its outputs."""

    path: Path
    opened: Opened
    inputs: Mapping[str, tuple[str, int]]
    outputs: tuple[str, ...]
    shapes: Mapping[str, Sequence[int | str | None]]

    @property
    def past(self) -> tuple[str, ...]:
        """The inputs that are its cache."""
        return tuple(name for name in self.inputs if name.startswith(_PAST))

    def run(self, feeds: Mapping[str, Any]) -> dict[str, onnxruntime.OrtValue]:
        """Run with what of `feeds` it takes: arrays, or values of an earlier run. Caches stay on the device."""
        binding = self.opened.session.io_binding()
        held = []
        try:
            for name, (kind, _) in self.inputs.items():
                value = feeds[name]
                if not hasattr(value, "data_ptr"):
                    value = self._placed(value, kind)
                held.append(value)
                binding.bind_ortvalue_input(name, value)
            for name in self.outputs:
                if name.startswith(_PRESENT):
                    binding.bind_output(name, self.opened.device, self.opened.number)
                else:
                    binding.bind_output(name, "cpu")
            self.opened.session.run_with_iobinding(binding)
        except MemoryError as err:
            raise StepFailed("not enough memory") from err
        except Exception as err:  # ONNX Runtime's errors have no common class below Exception
            raise StepFailed(next(iter(str(err).strip().splitlines()), repr(err))) from err
        return dict(zip(self.outputs, binding.get_outputs(), strict=True))

    def placed(self, name: str, value: NDArray[Any]) -> onnxruntime.OrtValue:
        """An array as the input `name`, where the graph runs."""
        return self._placed(value, self.inputs[name][0])

    def _placed(self, value: NDArray[Any], kind: str) -> onnxruntime.OrtValue:
        import numpy as np
        import onnxruntime

        array = np.asarray(value, dtype=kind, order="C")
        return onnxruntime.OrtValue.ortvalue_from_numpy(array, self.opened.device, self.opened.number)


@attrs.frozen(kw_only=True)
class State:
    """Where a batch stands: its prompts as the encoder left them, and the caches of the decoder by input name."""

    hidden: NDArray[Any]
    mask: NDArray[numpy.int64]
    """[rows, longest prompt], 1 where a token is."""
    written: NDArray[numpy.int64]
    """[rows, so far]: what the decoder has read."""
    caches: Mapping[str, Any] | None = None

    def take(self, rows: Sequence[int]) -> State:
        """The state of some of the rows, each as often as it is named."""
        at = list(rows)
        caches = None
        if self.caches is not None:
            caches = {name: _array(value)[at] for name, value in self.caches.items()}
        return State(hidden=self.hidden[at], mask=self.mask[at], written=self.written[at], caches=caches)


@attrs.frozen(kw_only=True)
class Graphs:
    """An encoder-decoder model that can be run. `continuer` is the graph with a cache, `decoder` itself where it is merged."""

    encoder: Graph
    decoder: Graph
    continuer: Graph | None
    start: tuple[int, ...]
    """What every reply begins with before its first token: the start token, and a token the model is told to begin with."""

    @property
    def vocabulary(self) -> int | None:
        """Number of token ids the logits cover; None when the graph does not say."""
        width = list(self.decoder.shapes["logits"])[-1:]
        return width[0] if width and isinstance(width[0], int) else None

    @property
    def on_gpu(self) -> bool:
        return self.decoder.opened.device != "cpu"

    def read(self, prompts: Sequence[Sequence[int]]) -> State:
        """Run the encoder on `prompts`. Raises `StepFailed`."""
        import numpy as np

        ids, mask = pad_right(prompts)
        hidden = self.encoder.run({"input_ids": ids, "attention_mask": mask})[self.encoder.outputs[0]]
        return State(hidden=hidden.numpy(), mask=mask, written=np.zeros((len(prompts), 0), dtype=np.int64))

    def step(self, state: State, ids: NDArray[numpy.int64]) -> tuple[NDArray[numpy.float32], State]:
        """Let the decoder read `ids` [rows, new]; the logits [rows, new, ids] and the new state. Raises `StepFailed`."""
        import numpy as np

        written = np.concatenate([state.written, ids], axis=1)
        graph = self.decoder if state.caches is None or self.continuer is None else self.continuer
        first = graph is self.decoder and state.caches is None
        feeds: dict[str, Any] = {
            "input_ids": written if self.continuer is None else ids,
            "encoder_attention_mask": state.mask,
            "encoder_hidden_states": state.hidden,
            "use_cache_branch": np.array([not first]),
            **(_empty(graph, len(ids)) if first else state.caches or {}),
        }
        given = graph.run(feeds)
        logits = given["logits"].numpy().astype(np.float32, copy=False)[:, -ids.shape[1] :]
        caches = None
        if self.continuer is not None:
            # Keys and values of the prompt come from the first step only: later ones are left out, or empty.
            old = {} if first else {name: value for name, value in feeds.items() if ".encoder." in name}
            fresh = {_PAST + name.removeprefix(_PRESENT): value for name, value in given.items() if name != "logits"}
            caches = {**fresh, **old}
        return logits, attrs.evolve(state, written=written, caches=caches)


def _array(value: Any) -> Any:
    return value.numpy() if hasattr(value, "data_ptr") else value


def _empty(graph: Graph, rows: int) -> dict[str, Any]:
    """Caches of no positions."""
    import numpy as np

    found = {}
    for name in graph.past:
        _, heads, _, size = graph.shapes[name]
        found[name] = np.zeros((rows, int(heads or 0), 0, int(size or 0)), dtype=graph.inputs[name][0])
    return found


def pad_right(prompts: Sequence[Sequence[int]]) -> tuple[NDArray[numpy.int64], NDArray[numpy.int64]]:
    """Prompts as one block [rows, longest] with padding on the right, and its mask (1 where a token is)."""
    import numpy as np

    ids = np.zeros((len(prompts), max(len(prompt) for prompt in prompts)), dtype=np.int64)
    mask = np.zeros_like(ids)
    for at, prompt in enumerate(prompts):
        ids[at, : len(prompt)] = prompt
        mask[at, : len(prompt)] = 1
    return ids, mask


def open_graphs(folder: ModelFolder, options: Options) -> Graphs:
    """Open all graphs of the folder. Raises `BackendError` for one that cannot be run."""
    encoder = _open(folder.beside[READER], options, _ENCODER_TAKES)
    decoder = _open(folder.graph, options, _DECODER_TAKES)
    continuer = _open(folder.beside[CONTINUER], options, _DECODER_TAKES) if CONTINUER in folder.beside else None
    if "logits" not in decoder.outputs:
        raise BackendError(f"{decoder.path}: the graph has no output `logits`; it has {', '.join(decoder.outputs)}")
    if decoder.past:
        continuer = decoder
    if continuer is not None:
        _require_caches(decoder, continuer)
    return Graphs(encoder=encoder, decoder=decoder, continuer=continuer, start=_start(folder))


def _open(path: Path, options: Options, takes: frozenset[str]) -> Graph:
    opened = open_session(path, device=options.device, threads=options.threads)
    inputs, outputs = opened.session.get_inputs(), opened.session.get_outputs()
    unknown = sorted(item.name for item in inputs if item.name not in takes and not item.name.startswith(_PAST))
    if unknown:
        raise BackendError(f"{path}: `onnx:` cannot feed these inputs of the graph: {', '.join(unknown)}")
    strange = next((item for item in inputs if item.type not in _TYPES), None)
    if strange is not None:
        raise BackendError(f"{path}: {strange.name} has the type {strange.type}; known are {', '.join(_TYPES)}")
    return Graph(
        path,
        opened,
        {item.name: (_TYPES[item.type], len(item.shape)) for item in inputs},
        tuple(item.name for item in outputs if item.name in ("last_hidden_state", "logits") or _PRESENT in item.name)
        or (outputs[0].name,),
        {item.name: item.shape for item in (*inputs, *outputs)},
    )


def _require_caches(decoder: Graph, continuer: Graph) -> None:
    """Refuse a graph whose cache nothing fills."""
    for name in continuer.past:
        present = _PRESENT + name.removeprefix(_PAST)
        if present not in decoder.outputs:
            raise BackendError(
                f"{continuer.path}: nothing fills the cache input {name}: {decoder.path.name} has no {present}"
            )
        shape = continuer.shapes[name]
        if len(shape) != 4 or not all(isinstance(shape[at], int) for at in (1, 3)):
            raise BackendError(
                f"{continuer.path}: the cache input {name} does not say how many heads it has, and how large"
            )


def _start(folder: ModelFolder) -> tuple[int, ...]:
    places = (folder.generation_config, folder.config)
    start = next(
        (place["decoder_start_token_id"] for place in places if _is_id(place.get("decoder_start_token_id"))), None
    )
    if start is None:
        raise BackendError(f"{folder.root}: config.json does not say what a reply begins with (decoder_start_token_id)")
    forced = next((place["forced_bos_token_id"] for place in places if _is_id(place.get("forced_bos_token_id"))), None)
    return (start,) if forced is None else (start, forced)


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
