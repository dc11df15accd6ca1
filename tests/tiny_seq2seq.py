"""Small random encoder-decoder models (T5, BART) as model folders in optimum's layout, and the same weights in transformers.

    tiny = write_seq2seq(tmp_path, kind="t5", layout="merged")
    tiny.reference        # the transformers model

Nothing is downloaded. The graphs are exported from a forward pass of our own over the reference's weights, since the
reference's own cannot be traced: it bakes lengths in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import onnx
import torch
from onnx import TensorProto, helper
from tiny_models import make_tokenizer, write_json

LAYERS, HEADS, HEAD_SIZE = 2, 4, 8
_LOWEST = -1e9


@attrs.frozen(eq=False)
class TinySeq2Seq:
    """A folder that was written, and the transformers model with the same weights."""

    folder: Path
    reference: Any
    tokenizer: Any


def write_seq2seq(folder: Path, *, kind: str = "t5", layout: str = "merged", seed: int = 0) -> TinySeq2Seq:
    """`kind` is `t5` or `bart`; `layout` is `merged`, `pair` (without and with past) or `plain` (no cache)."""
    tokenizer = make_tokenizer(begins=kind == "bart")
    ending = "<s> $A </s>" if kind == "bart" else "$A </s>"
    from tokenizers import processors

    tokenizer.post_processor = processors.TemplateProcessing(single=ending, special_tokens=[("<s>", 1), ("</s>", 2)])
    model = _reference(kind, tokenizer.get_vocab_size(), seed)
    folder.mkdir(parents=True, exist_ok=True)
    _export(folder, model, kind, layout)
    model.config.save_pretrained(folder)
    model.generation_config.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", {"eos_token": "</s>", "pad_token": "<pad>"})
    return TinySeq2Seq(folder, model, tokenizer)


def _reference(kind: str, vocabulary: int, seed: int) -> Any:
    import transformers

    torch.manual_seed(seed)
    ids = {"pad_token_id": 0, "eos_token_id": 2, "vocab_size": vocabulary, "d_model": HEADS * HEAD_SIZE}
    if kind == "t5":
        config = transformers.T5Config(
            **ids, d_kv=HEAD_SIZE, d_ff=48, num_layers=LAYERS, num_heads=HEADS, decoder_start_token_id=0, n_positions=96
        )
        model = transformers.T5ForConditionalGeneration(config)
    else:
        halves = {
            f"{half}_{name}": size
            for half in ("encoder", "decoder")
            for name, size in (("layers", LAYERS), ("attention_heads", HEADS), ("ffn_dim", 48))
        }
        config = transformers.BartConfig(
            **ids,
            **halves,
            bos_token_id=1,
            decoder_start_token_id=2,
            forced_bos_token_id=1,
            forced_eos_token_id=None,
            max_position_embeddings=96,
            init_std=0.3,
        )
        model = transformers.BartForConditionalGeneration(config)
    with torch.no_grad():
        # Random weights as they come write one token for ever.
        for name, weight in model.named_parameters():
            if weight.ndim == 2:
                weight.mul_(1.0 if kind == "bart" or "shared" in name else 2.5)
            elif "bias" in name:
                weight.add_(0.1 * torch.randn(weight.shape))
    if kind == "bart":
        model.generation_config.forced_bos_token_id = 1
    return model.eval()


def _attend(q: Any, k: Any, v: Any, bias: Any) -> Any:
    mixed = torch.softmax(q @ k.transpose(2, 3) + bias, dim=-1) @ v
    return mixed.transpose(1, 2).flatten(2)


def _split(x: Any) -> Any:
    return x.unflatten(2, (HEADS, HEAD_SIZE)).transpose(1, 2)


def _seen(mask: Any) -> Any:
    """What is added to scores, so that padding is not looked at."""
    return (1.0 - mask.to(torch.float32))[:, None, None] * _LOWEST


def _causal(new: Any, past: Any) -> Any:
    reach = torch.arange(past + new)[None] <= (torch.arange(new) + past)[:, None]
    return torch.where(reach, 0.0, _LOWEST)[None, None]


class _T5(torch.nn.Module):
    """What the two halves of a T5 compute."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def encode(self, ids: Any, mask: Any) -> Any:
        stack = self.model.encoder
        x, length = self.model.shared(ids), ids.shape[1]
        bias = self._positions(stack, torch.arange(length), torch.arange(length), both=True) + _seen(mask)
        for block in stack.block:
            y, part = block.layer[0].layer_norm(x), block.layer[0].SelfAttention
            x = x + part.o(_attend(_split(part.q(y)), _split(part.k(y)), _split(part.v(y)), bias))
            x = x + block.layer[1].DenseReluDense(block.layer[1].layer_norm(x))
        return stack.final_layer_norm(x)

    def decode(self, ids: Any, hidden: Any, mask: Any, past: Any) -> Any:
        stack, caches = self.model.decoder, []
        x, new = self.model.shared(ids), ids.shape[1]
        before = past[0][0].shape[2] if past else 0
        bias = self._positions(stack, torch.arange(new) + before, torch.arange(before + new), both=False)
        bias = bias + _causal(new, before)
        for at, block in enumerate(stack.block):
            y, part = block.layer[0].layer_norm(x), block.layer[0].SelfAttention
            k, v = _split(part.k(y)), _split(part.v(y))
            if past:
                k, v = torch.cat([past[at][0], k], dim=2), torch.cat([past[at][1], v], dim=2)
            x = x + part.o(_attend(_split(part.q(y)), k, v, bias))
            y, cross = block.layer[1].layer_norm(x), block.layer[1].EncDecAttention
            pair = past[at][2:] if past else (_split(cross.k(hidden)), _split(cross.v(hidden)))
            x = x + cross.o(_attend(_split(cross.q(y)), *pair, _seen(mask)))
            x = x + block.layer[2].DenseReluDense(block.layer[2].layer_norm(x))
            caches.append((k, v, *pair))
        return self.model.lm_head(stack.final_layer_norm(x) * (HEADS * HEAD_SIZE) ** -0.5), caches

    def _positions(self, stack: Any, queries: Any, keys: Any, *, both: bool) -> Any:
        attention = stack.block[0].layer[0].SelfAttention
        buckets = attention._relative_position_bucket(
            keys[None] - queries[:, None],
            bidirectional=both,
            num_buckets=attention.relative_attention_num_buckets,
            max_distance=attention.relative_attention_max_distance,
        )
        return attention.relative_attention_bias(buckets).permute(2, 0, 1)[None]


class _Bart(torch.nn.Module):
    """What the two halves of a BART compute."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def encode(self, ids: Any, mask: Any) -> Any:
        stack = self.model.model.encoder
        x = self._embedded(stack, ids, 0)
        for layer in stack.layers:
            x = layer.self_attn_layer_norm(
                x + self._attention(layer.self_attn, x, self._pair(layer.self_attn, x), _seen(mask))
            )
            x = layer.final_layer_norm(x + layer.fc2(torch.nn.functional.gelu(layer.fc1(x))))
        return x

    def decode(self, ids: Any, hidden: Any, mask: Any, past: Any) -> Any:
        stack, caches = self.model.model.decoder, []
        before = past[0][0].shape[2] if past else 0
        x = self._embedded(stack, ids, before)
        causal = _causal(ids.shape[1], before)
        for at, layer in enumerate(stack.layers):
            pair = self._pair(layer.self_attn, x)
            if past:
                pair = tuple(torch.cat([old, fresh], dim=2) for old, fresh in zip(past[at], pair, strict=False))
            x = layer.self_attn_layer_norm(x + self._attention(layer.self_attn, x, pair, causal))
            cross = past[at][2:] if past else self._pair(layer.encoder_attn, hidden)
            x = layer.encoder_attn_layer_norm(x + self._attention(layer.encoder_attn, x, cross, _seen(mask)))
            x = layer.final_layer_norm(x + layer.fc2(torch.nn.functional.gelu(layer.fc1(x))))
            caches.append((*pair, *cross))
        return self.model.lm_head(x) + self.model.final_logits_bias, caches

    def _embedded(self, stack: Any, ids: Any, before: Any) -> Any:
        places = torch.arange(ids.shape[1]) + before + stack.embed_positions.offset
        rows = torch.nn.functional.embedding(places, stack.embed_positions.weight)
        return stack.layernorm_embedding(self.model.model.shared(ids) + rows)

    def _pair(self, part: Any, x: Any) -> Any:
        return _split(part.k_proj(x)), _split(part.v_proj(x))

    def _attention(self, part: Any, x: Any, pair: Any, bias: Any) -> Any:
        return part.out_proj(_attend(_split(part.q_proj(x) * HEAD_SIZE**-0.5), *pair, bias))


class _Encoder(torch.nn.Module):
    def __init__(self, halves: Any) -> None:
        super().__init__()
        self.halves = halves

    def forward(self, ids: Any, mask: Any) -> Any:
        return self.halves.encode(ids, mask)


class _First(torch.nn.Module):
    """A decoder without past, which gives the caches of both attentions."""

    def __init__(self, halves: Any) -> None:
        super().__init__()
        self.halves = halves

    def forward(self, mask: Any, ids: Any, hidden: Any) -> Any:
        logits, caches = self.halves.decode(ids, hidden, mask, None)
        return (logits, *(value for cache in caches for value in cache))


class _Next(torch.nn.Module):
    """A decoder with past, which gives the cache of its own attention."""

    def __init__(self, halves: Any) -> None:
        super().__init__()
        self.halves = halves

    def forward(self, mask: Any, ids: Any, *past: Any) -> Any:
        old = [past[4 * at : 4 * at + 4] for at in range(LAYERS)]
        logits, caches = self.halves.decode(ids, None, mask, old)
        return (logits, *(value for cache in caches for value in cache[:2]))


def _names(start: str, parts: tuple[str, ...]) -> list[str]:
    return [f"{start}.{layer}.{part}.{what}" for layer in range(LAYERS) for part in parts for what in ("key", "value")]


BOTH = ("decoder", "encoder")


@torch.no_grad()
def _export(folder: Path, model: Any, kind: str, layout: str) -> None:
    halves = {"t5": _T5, "bart": _Bart}[kind](model)
    ids, mask = torch.randint(3, 90, (2, 7)), torch.ones(2, 7, dtype=torch.int64)
    read = {"input_ids": {0: "batch", 1: "length"}, "attention_mask": {0: "batch", 1: "length"}}
    _save(
        _Encoder(halves),
        (ids, mask),
        folder / "encoder_model.onnx",
        ["input_ids", "attention_mask"],
        ["last_hidden_state"],
        read,
    )
    hidden, start = halves.encode(ids, mask), ids[:, :3]
    first = folder / "decoder_model.onnx"
    given = {"encoder_attention_mask": {0: "batch", 1: "length"}, "input_ids": {0: "batch", 1: "new"}}
    names = [*given, "encoder_hidden_states"]
    outputs = ["logits", *_names("present", BOTH)]
    axes = {**given, "encoder_hidden_states": {0: "batch", 1: "length"}}
    _save(_First(halves), (mask, start, hidden), first, names, outputs, axes)
    if layout == "plain":
        return
    past = _First(halves)(mask, start, hidden)[1:]
    second = folder / "decoder_with_past_model.onnx"
    names = _names("past_key_values", BOTH)
    axes = {**given, **{name: {0: "batch", 2: "length" if ".encoder." in name else "past"} for name in names}}
    _save(
        _Next(halves),
        (mask, start[:, :1], *past),
        second,
        [*given, *names],
        ["logits", *_names("present", ("decoder",))],
        axes,
    )
    if layout == "merged":
        onnx.save(_merged(onnx.load(first), onnx.load(second)), folder / "decoder_model_merged.onnx")
        first.unlink()
        second.unlink()


def _save(module: Any, example: Any, path: Path, inputs: list[str], outputs: list[str], axes: Any) -> None:
    import warnings

    batch = {
        name: {0: "batch", 1: "tokens"}
        if name in ("logits", "last_hidden_state")
        else {0: "batch", 2: "length" if ".encoder." in name else "reach"}
        for name in outputs
    }
    # The new exporter needs a package more, and takes seconds for each graph.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),  # it is put back into the mode it had, and the reference with it
            example,
            str(path),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={**batch, **axes},
            dynamo=False,
            opset_version=17,
        )


def _merged(first: Any, second: Any) -> Any:
    """One graph that looks at its cache where `use_cache_branch` is true, as optimum merges two.

    With a cache it gives empty tensors for the keys and values of the encoder, which nobody may take for new ones.
    """
    inputs = {item.name: item for model in (first, second) for item in model.graph.input}
    outputs = [item.name for item in first.graph.output]
    branches = {}
    for name, model in (("else", first), ("then", second)):
        graph = model.graph
        renamed = {old: f"{name}/{old}" for node in graph.node for old in node.output if old}
        renamed.update({item.name: f"{name}/{item.name}" for item in graph.initializer})
        for node in graph.node:
            node.input[:] = [renamed.get(old, old) for old in node.input]
            node.output[:] = [renamed.get(old, old) for old in node.output]
        for item in graph.initializer:
            item.name = renamed[item.name]
        own = {item.name for item in graph.output}
        extra = [
            helper.make_node("ConstantOfShape", [f"{name}/empty"], [f"{name}/{output}"])
            for output in outputs
            if output not in own
        ]
        empty = helper.make_tensor(f"{name}/empty", TensorProto.INT64, [4], [0, HEADS, 1, HEAD_SIZE])
        given = [helper.make_tensor_value_info(f"{name}/{output}", TensorProto.FLOAT, None) for output in outputs]
        branches[name] = helper.make_graph([*graph.node, *extra], name, [], given, [*graph.initializer, empty])
    node = helper.make_node(
        "If", ["use_cache_branch"], outputs, then_branch=branches["then"], else_branch=branches["else"]
    )
    flag = helper.make_tensor_value_info("use_cache_branch", TensorProto.BOOL, [1])
    graph = helper.make_graph([node], "merged", [*inputs.values(), flag], list(first.graph.output))
    return helper.make_model(graph, opset_imports=first.opset_import, ir_version=first.ir_version)
