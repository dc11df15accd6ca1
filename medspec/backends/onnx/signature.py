"""What a decoder graph takes and gives, read from its declared inputs and outputs.

Nothing is assumed from the model's name: exporters differ in number types, optional inputs and cache names. The family
is decided by operator types, since names of inputs lie about it (a `position_ids` may be there and unused).

    generic   attention is spelled out in small operators or takes a full mask; a batch may be padded on the left
    gqa       `GroupQueryAttention`: the mask is reduced to one length per row, so padding on the left is silently wrong

Refuses graphs that need what a text prompt cannot give, or that have no cache.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

import attrs

from medspec.backends.onnx.graph_file import EIGHT_BIT_SUMS
from medspec.backends.onnx.picked_logits import PLACES
from medspec.backends.onnx.sharing import BEGINNING, SHARES
from medspec.backends.onnx.trees import POSITIONS, SEEN
from medspec.errors import BackendError

_CACHE_IN, _CACHE_OUT = "past_key_values.", "present."
_ENTRIES = ("input_ids", "inputs_embeds")
_OPTIONAL = frozenset(
    {"attention_mask", "position_ids", "use_cache_branch", "num_logits_to_keep", PLACES, POSITIONS, SEEN, SHARES}
)
_NUMBER_TYPES = {
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
}


class Declared(Protocol):
    """An input or output as ONNX Runtime describes it; a dimension is a number, a name, or None."""

    name: str
    type: str
    shape: list[int | str | None]


@attrs.frozen(kw_only=True)
class CacheSlot:
    """One cache tensor [rows, heads, positions, head size] and the output it comes back as."""

    past: str
    present: str
    heads: int
    head_size: int


@attrs.frozen
class Input:
    """The element type of a declared input, as numpy names it, and its number of dimensions."""

    type: str
    rank: int


@attrs.frozen(kw_only=True)
class Signature:
    """A decoder graph as the loop sees it. `inputs` are the declared ones except the cache, by name."""

    family: str
    inputs: Mapping[str, Input]
    cache: tuple[CacheSlot, ...]
    cache_type: str
    logits_type: str
    vocabulary: int | None
    """Number of token ids the logits cover; None when the graph does not say."""
    activations_quantised: bool
    """Whether numbers are rounded by a scale that depends on the whole batch, so neighbours change a row's reply."""
    weights_blocked: bool
    """Whether weights are packed in blocks of a few bits."""
    sums_rounded: bool
    """Whether these are multiplied with numbers rounded to 8 bits. The last digit of a sum decides how, and it depends on how
    many rows and tokens there are: that adds up to 0.3 in logits of 10, from layer to layer. So rows are run one after another."""

    @property
    def takes_vectors(self) -> bool:
        """Whether it takes vectors in place of token ids."""
        return "inputs_embeds" in self.inputs

    @property
    def has_grid_positions(self) -> bool:
        """Whether a position has three parts, of which two are row and column in an image (the Qwen-VL family)."""
        return "position_ids" in self.inputs and self.inputs["position_ids"].rank == 3

    @property
    def pads_left(self) -> bool:
        """Whether rows of different length may share a batch, with padding on the left."""
        return self.family == "generic" and {"attention_mask", "position_ids"} <= set(self.inputs)

    @property
    def sees_trees(self) -> bool:
        """Whether one row may hold several continuations of one beginning (`trees.py`)."""
        return SEEN in self.inputs

    @property
    def shares_beginnings(self) -> bool:
        """Whether rows of a step may attend to one beginning of all of them (`sharing.py`)."""
        return SHARES in self.inputs and not self.has_grid_positions

    @property
    def continues_batches(self) -> bool:
        """Whether several rows may take several tokens each after a cache; `GroupQueryAttention` refuses that."""
        return self.family == "generic"


def read_signature(
    graph: Path,
    inputs: Collection[Declared],
    outputs: Collection[Declared],
    operators: Collection[str],
    config: Mapping[str, Any],
) -> Signature:
    """Describe the graph. Raises `BackendError` naming the input or output that does not fit."""
    inputs = [item for item in inputs if not item.name.startswith(BEGINNING)]
    declared = {item.name: item for item in inputs}
    given = {item.name: item for item in outputs}
    pasts = [item for item in inputs if item.name.startswith(_CACHE_IN)]
    entries = [name for name in _ENTRIES if name in declared]
    if len(entries) != 1:
        raise BackendError(
            f"{graph}: the graph must have one input of {' and '.join(_ENTRIES)}; it has {_names(declared)}"
        )
    if "logits" not in given:
        raise BackendError(f"{graph}: the graph has no output `logits`; it has {_names(given)}")
    unknown = [name for name in declared if not name.startswith(_CACHE_IN) and name not in _OPTIONAL | set(entries)]
    if unknown:
        raise BackendError(f"{graph}: `onnx:` cannot feed these inputs of the graph: {', '.join(sorted(unknown))}")
    if not pasts:
        raise BackendError(
            f"{graph}: the graph has no key-value cache (inputs `{_CACHE_IN}*`); "
            "export it for the task text-generation-with-past"
        )
    slots = tuple(_slot(graph, item, given, config) for item in pasts)
    types = {_number_type(graph, item) for item in pasts}
    if len(types) > 1:
        raise BackendError(f"{graph}: the cache mixes number types: {', '.join(sorted(types))}")
    width = given["logits"].shape[-1] if given["logits"].shape else None
    return Signature(
        family="gqa" if "GroupQueryAttention" in operators else "generic",
        inputs={item.name: Input(_number_type(graph, item), len(item.shape)) for item in inputs if item not in pasts},
        cache=slots,
        cache_type=types.pop(),
        logits_type=_number_type(graph, given["logits"]),
        vocabulary=width if isinstance(width, int) else _config_number(config, "vocab_size"),
        activations_quantised=any(name.startswith("DynamicQuantize") for name in operators),
        weights_blocked=any(name.startswith("MatMulNBits") for name in operators),
        sums_rounded=EIGHT_BIT_SUMS in operators,
    )


def _slot(graph: Path, past: Declared, given: Mapping[str, Declared], config: Mapping[str, Any]) -> CacheSlot:
    present = _CACHE_OUT + past.name.removeprefix(_CACHE_IN)
    if present not in given:
        raise BackendError(f"{graph}: the cache input {past.name} has no output {present}")
    if len(past.shape) != 4:
        shape = ", ".join(str(size) for size in past.shape)
        raise BackendError(f"{graph}: the cache input {past.name} has the shape [{shape}]; four dimensions are known")
    heads = _number(past.shape[1]) or _config_heads(config)
    head_size = _number(past.shape[3]) or _config_head_size(config)
    if heads is None or head_size is None:
        raise BackendError(f"{graph}: neither the graph nor config.json says how large the cache {past.name} is")
    known = {_config_number(config, "num_key_value_heads"), _config_number(config, "num_attention_heads")} - {None}
    # A model with one head for all queries writes 1, and says elsewhere in its configuration that it is one.
    if known and heads not in known | {1}:
        said = " or ".join(str(count) for count in sorted(filter(None, known)))
        raise BackendError(
            f"{graph}: the cache {past.name} has {heads} heads, and config.json says {said}; "
            "graph and configuration do not belong together"
        )
    return CacheSlot(past=past.name, present=present, heads=heads, head_size=head_size)


def _number_type(graph: Path, item: Declared) -> str:
    if item.type not in _NUMBER_TYPES:
        raise BackendError(f"{graph}: {item.name} has the type {item.type}; known are {', '.join(_NUMBER_TYPES)}")
    return _NUMBER_TYPES[item.type]


def _number(size: int | str | None) -> int | None:
    return size if isinstance(size, int) and size > 0 else None


def _config_number(config: Mapping[str, Any], key: str) -> int | None:
    nested = config.get("text_config")
    value = config.get(key, nested.get(key) if isinstance(nested, Mapping) else None)
    return value if isinstance(value, int) and value > 0 else None


def _config_heads(config: Mapping[str, Any]) -> int | None:
    for key in ("num_key_value_heads", "num_attention_heads", "n_head"):
        found = _config_number(config, key)
        if found is not None:
            return found
    return None


def _config_head_size(config: Mapping[str, Any]) -> int | None:
    found = _config_number(config, "head_dim")
    if found is not None:
        return found
    hidden = _config_number(config, "hidden_size") or _config_number(config, "n_embd")
    heads = _config_number(config, "num_attention_heads") or _config_number(config, "n_head")
    return hidden // heads if hidden and heads else None


def _names(items: Mapping[str, object]) -> str:
    return ", ".join(sorted(items)) or "none"
