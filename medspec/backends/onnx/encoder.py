"""An encoder in ONNX form: texts in, one vector for each token out. For metrics, not for models under test.

    FOLDER/config.json  tokenizer.json  tokenizer_config.json  onnx/model.onnx      (or model.onnx beside them)

The graph takes `input_ids` and, where it has them, `attention_mask` and `token_type_ids`; any of its outputs of shape
[texts, tokens, width] can be asked for by name: `last_hidden_state`, `hidden_states.9`.

A text longer than the context is cut at its end, as the tokens around it stay, and is counted. Graphs whose rounding
depends on everything in a batch get every text alone.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.backends.base import Options, sha256_of
from medspec.backends.devices import read_devices
from medspec.backends.onnx.layout import ModelFolder, resolve_folder
from medspec.backends.onnx.session import Opened, open_session
from medspec.errors import BackendError

if TYPE_CHECKING:
    import numpy as np
    import tokenizers

_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_KEPT_BYTES = 256 * 1024 * 1024
"""So many bytes of vectors are kept: texts that come again soon are not encoded again."""
_PADDED_FIRST = ("roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "longformer", "mpnet", "data2vec-text")
"""Families that count positions from behind the padding token, and so can see that many tokens fewer."""


@attrs.frozen(eq=False)
class TextVectors:
    """A text: its tokens (int64 of shape [tokens]), their vectors (float32 of shape [tokens, width]), and which of them are
    the text's own (bool of shape [tokens])."""

    ids: np.ndarray
    vectors: np.ndarray
    content: np.ndarray


@attrs.define(eq=False)
class TextEncoder:
    """A loaded encoder. `texts` are digests of the texts seen so far, `cut` of those that were too long."""

    folder: ModelFolder
    digest: str
    context: int | None
    batch: int
    _opened: Opened
    _tokenizer: tokenizers.Tokenizer
    _around: frozenset[int]
    _space: bool
    texts: set[bytes] = attrs.field(factory=set, init=False)
    cut: set[bytes] = attrs.field(factory=set, init=False)
    _kept: OrderedDict[tuple[str, str], TextVectors] = attrs.field(factory=OrderedDict, init=False)
    _bytes: int = attrs.field(default=0, init=False)

    def describe(self) -> dict[str, Any]:
        """For reports: what is loaded, where it runs, how many texts it has seen and how many of them were cut."""
        return {
            "digest": self.digest,
            "graph": str(self.folder.graph.relative_to(self.folder.root)),
            "dtype": self.folder.dtype,
            "device": self._opened.device,
            "context": self.context,
            "texts": len(self.texts),
            "cut": len(self.cut),
        }

    def ids(self, text: str) -> Sequence[int]:
        """The tokens of a text, cut at the context, with those around it."""
        text = text.strip()
        found = self._tokenizer.encode(f" {text}" if self._space and text else text)
        name = sha256(text.encode("utf-8", "surrogatepass")).digest()
        self.texts.add(name)
        if found.overflowing:
            self.cut.add(name)
        ids: list[int] = found.ids
        return ids

    def encode(self, texts: Sequence[str], layer: str) -> list[TextVectors]:
        """The texts, in order. Raises `BackendError` where the graph has no such output, or fails."""
        self._require(layer)
        cut = {text: self.ids(text) for text in dict.fromkeys(texts) if (text, layer) not in self._kept}
        found = {text: self._kept[text, layer] for text in texts if text not in cut}
        # A tokenizer that puts nothing around a text makes nothing of an empty one, which no graph takes.
        found |= {text: _nothing() for text, tokens in cut.items() if not tokens}
        waiting = sorted((text for text in cut if cut[text]), key=lambda text: (len(cut[text]), text))
        for start in range(0, len(waiting), self.batch):
            some = waiting[start : start + self.batch]
            for text, encoded in zip(some, self._run([cut[text] for text in some], layer), strict=True):
                found[text] = encoded
                self._keep((text, layer), encoded)
        for text in found:
            if (text, layer) in self._kept:
                self._kept.move_to_end((text, layer))
        return [found[text] for text in texts]

    def _keep(self, key: tuple[str, str], encoded: TextVectors) -> None:
        self._kept[key] = encoded
        self._bytes += encoded.vectors.nbytes
        while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].vectors.nbytes

    def _require(self, layer: str) -> None:
        names = [output.name for output in self._opened.session.get_outputs()]
        if layer not in names:
            raise BackendError(
                f"{self.folder.graph}: the encoder has no output `{layer}`; it has {', '.join(names)}: "
                'name one of them in the spec, as `layer: "NAME"`'
            )

    def _run(self, batch: list[Sequence[int]], layer: str) -> Iterator[TextVectors]:
        import numpy as np

        width = max(map(len, batch))
        ids, mask = np.zeros((2, len(batch), width), np.int64)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        given = dict(zip(_INPUTS, (ids, mask, np.zeros_like(ids)), strict=True))
        session = self._opened.session
        kinds = {entry.name: np.int32 if "int32" in entry.type else np.int64 for entry in session.get_inputs()}
        try:
            (found,) = session.run([layer], {name: given[name].astype(kind) for name, kind in kinds.items()})
        except Exception as error:  # ONNX Runtime's errors have no common class below Exception
            raise BackendError(f"{self.folder.graph}: the encoder fails on {len(batch)} texts: {error}") from error
        if found.ndim != 3 or found.shape[:2] != ids.shape:
            shape = ", ".join(map(str, found.shape))
            raise BackendError(
                f"{self.folder.graph}: its output `{layer}` holds no vector for each token: it has shape [{shape}], "
                f"for {len(batch)} texts of {width} tokens"
            )
        for tokens, vectors in zip(batch, found, strict=True):
            yield self._encoded(tokens, vectors[: len(tokens)])

    def _encoded(self, tokens: Sequence[int], vectors: np.ndarray) -> TextVectors:
        import numpy as np

        content = np.array([token not in self._around for token in tokens], dtype=bool)
        return TextVectors(np.array(tokens, np.int64), vectors.astype(np.float32), content)


def _nothing() -> TextVectors:
    import numpy as np

    return TextVectors(np.zeros(0, np.int64), np.zeros((0, 1), np.float32), np.zeros(0, bool))


def encoder_digest(folder: Path) -> str:
    """Hex sha256 over the weights, the tokenizer and the context of an encoder, which is not loaded.

    Raises `BackendError` for a folder that holds none.
    """
    return _digest(resolve_folder(folder, None))


def _digest(found: ModelFolder) -> str:
    return sha256_of(json.dumps({"files": found.digests(), "context": _context(found)}, sort_keys=True))


def open_encoder(folder: Path, options: Options) -> TextEncoder:
    """Load the encoder in `folder`. Raises `BackendError` when it cannot be loaded, or is no encoder of texts."""
    import tokenizers

    found = resolve_folder(folder, None)
    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(found.tokenizer))
    except Exception as err:  # the library raises bare Exception
        raise BackendError(f"{found.tokenizer}: not a tokenizer this version can read: {err}") from err
    opened = open_session(found.graph, device=read_devices(options.device)[0], threads=options.threads)
    wanted = [entry.name for entry in opened.session.get_inputs()]
    if "input_ids" not in wanted or (strange := [name for name in wanted if name not in _INPUTS]):
        told = f"it wants {', '.join(wanted)}" if "input_ids" not in wanted else f"it also wants {', '.join(strange)}"
        raise BackendError(f"{found.graph}: this is no encoder of texts, which takes {', '.join(_INPUTS)}: {told}")
    context = _context(found)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if context is not None:
        tokenizer.enable_truncation(context)
    alone = options.exact or any(name.startswith("DynamicQuantize") for name in found.operators)
    return TextEncoder(
        folder=found,
        digest=_digest(found),
        context=context,
        batch=1 if alone else options.rows(),
        opened=opened,
        tokenizer=tokenizer,
        around=frozenset(tokenizer.encode("").ids),
        space=_begins_words_with_a_space(found.tokenizer),
    )


def _context(found: ModelFolder) -> int | None:
    """How many tokens the model can see, those around a text included; None where no file says so."""
    context, own = found.context, found.config.get("max_position_embeddings")
    if context is None or found.config.get("model_type") not in _PADDED_FIRST or not isinstance(own, int):
        return context
    padding = found.config.get("pad_token_id")
    return min(context, own - (padding if isinstance(padding, int) else 1) - 1)


def _begins_words_with_a_space(path: Path) -> bool:
    """Whether a word has another token at the start of a text than inside it, as for byte-level tokenizers.

    Then a text gets a space before it, as in the authors' package.
    """
    step = json.loads(path.read_text(encoding="utf-8-sig")).get("pre_tokenizer") or {}
    steps = step.get("pretokenizers", [step]) if isinstance(step, dict) else []
    return any(isinstance(one, dict) and one.get("type") == "ByteLevel" for one in steps)
