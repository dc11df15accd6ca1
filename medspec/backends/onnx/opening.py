"""Opening a decoder graph: changed so that it computes no more than is read, where it still says the same then.

The most that can be changed is tried first. A changed graph that does not load, or does not pass the self-check, is put
aside for one with less changed; what the graph as it came in its file does wrong is an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from medspec.backends.base import Options
from medspec.backends.onnx.decoder import Decoder
from medspec.backends.onnx.graph_edit import Change, ChangedGraph, changed
from medspec.backends.onnx.layout import ModelFolder
from medspec.backends.onnx.picked_logits import pick_last, pick_logits
from medspec.backends.onnx.self_check import check_decoder
from medspec.backends.onnx.session import Opened, open_session, why_cpu
from medspec.backends.onnx.sharing import share_beginnings
from medspec.backends.onnx.signature import read_signature
from medspec.backends.onnx.tokens import Tokens, require_fit
from medspec.backends.onnx.trees import see_trees
from medspec.backends.onnx.vision.embedder import Embedder
from medspec.errors import BackendError


def open_decoder(
    folder: ModelFolder, options: Options, tokens: Tokens, embedder: Embedder | None, check_ids: list[int]
) -> tuple[Opened, Decoder]:
    """The session and its decoder, which passed the self-check on `check_ids`. Raises `BackendError`."""
    for changes in _changes(folder, options):
        graph = changed(folder.graph, *changes)
        if graph is not None:
            try:
                return _opened(folder, options, tokens, embedder, check_ids, graph)
            except BackendError:
                continue
    return _opened(folder, options, tokens, embedder, check_ids, None)


def _changes(folder: ModelFolder, options: Options) -> list[Sequence[Change]]:
    # Where a scale is taken over all positions, leaving some out would move the others; and a product of one row is
    # added up in another order than one of many.
    if options.exact or any(name.startswith("DynamicQuantize") for name in folder.operators):
        return []
    if "GroupQueryAttention" in folder.operators and why_cpu(options.device) is not None:
        return [(pick_logits, share_beginnings), (pick_logits, see_trees), (pick_logits,), (pick_last,)]
    return [(pick_logits,), (pick_last,)]  # on a GPU, telling who sees whom takes the operator's fast ways from it


def _opened(
    folder: ModelFolder,
    options: Options,
    tokens: Tokens,
    embedder: Embedder | None,
    check_ids: list[int],
    graph: ChangedGraph | None,
) -> tuple[Opened, Decoder]:
    opened = open_session(folder.graph, device=options.device, threads=options.threads, changed=graph)
    inputs, outputs = opened.session.get_inputs(), opened.session.get_outputs()
    signature = read_signature(folder.graph, inputs, outputs, folder.operators, folder.config)
    require_fit(tokens, folder.tokenizer, signature.vocabulary)
    if signature.takes_vectors and embedder is None:
        raise BackendError(
            f"{folder.graph}: it takes vectors in place of token ids, and there is no embed_tokens.onnx beside it"
        )
    decoder = Decoder(signature, opened, embedder)
    check_decoder(decoder, folder.graph, check_ids)
    return opened, decoder
