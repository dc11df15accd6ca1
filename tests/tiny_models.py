"""Small random language models as complete model folders, and the same weights in transformers.

    tiny = write_llama(tmp_path, style="qwen3", family="gqa", seed=1)
    SCHEME.open(str(tiny.folder), {}, Options())
    tiny.reference()          # the transformers model with the same weights

Nothing is downloaded. Only `reference` imports torch and transformers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import onnx
import tokenizers
from numpy.typing import NDArray
from tiny_graphs import Export, Shape, make_decoder, round_to_four_bits

_SENTENCES = [
    "The patient was seen in clinic today and had no new complaints.",
    "A question about the heart: does the drug lower blood pressure? yes, no, maybe.",
    "Answer with one letter: A, B, C or D. The answer is the fever and the cough.",
]
SPECIALS = ("<pad>", "<s>", "</s>", "<|turn|>", "<|end|>")
"""The special tokens of every tiny tokenizer; the ids are their places."""

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|turn|>{{ message['role'] }}\n{{ message['content'] }}<|end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|turn|>assistant\n{% endif %}"
)

_ARCHITECTURES = {"llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"}


@attrs.frozen(eq=False)
class TinyModel:
    """A model folder that was written, and what is in it."""

    folder: Path
    graph: Path
    shape: Shape
    weights: Mapping[str, NDArray[np.float32]]
    tokenizer: tokenizers.Tokenizer

    def reference(self) -> Any:
        """The transformers model with the same weights, in float32, greedy by default."""
        import torch
        import transformers

        config = transformers.AutoConfig.for_model(**_config(self.shape))
        model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
        state = {name: torch.from_numpy(values.copy()) for name, values in self.weights.items()}
        missing, unexpected = model.load_state_dict(state, strict=False)
        assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
        if missing:
            model.tie_weights()
        return model


def write_llama(
    folder: Path,
    *,
    style: str = "llama",
    family: str = "generic",
    seed: int = 0,
    export: Export | None = None,
    graph: str = "model.onnx",
    configs: str = ".",
    data_files: int = 0,
    context: int = 128,
    layers: int = 2,
    hidden: int = 64,
    chat_template: str | None = None,
    change: Mapping[str, NDArray[np.float32]] | None = None,
) -> TinyModel:
    """Write a random decoder with its tokenizer and configuration below `folder`.

    `style` is `llama` (adds a beginning token), `qwen2` (biases) or `qwen3` (query and key norms, tied embeddings).
    `graph` is the path of the graph and `configs` that of all other files, both below `folder`. With `data_files` the
    weights lie in that many files beside the graph. `export` says how the graph is written (`family` when None),
    `change` replaces weights.
    """
    tokenizer = make_tokenizer(begins=style == "llama")
    shape = Shape(
        style=style,
        layers=layers,
        hidden=hidden,
        inner=hidden * 3 // 2,
        heads=hidden // 16,
        kv_heads=hidden // 32,
        head_size=16,
        vocabulary=tokenizer.get_vocab_size() + 3,  # real models round up, too
        context=context,
    )
    weights = {**_weights(shape, seed), **(change or {})}
    export = export or Export(family=family)
    if export.four_bits:
        weights = {name: round_to_four_bits(old) if "_proj.weight" in name else old for name, old in weights.items()}
    model = make_decoder(shape, export, weights)
    path = folder / graph
    path.parent.mkdir(parents=True, exist_ok=True)
    if data_files:
        _move_weights_out(model, path, data_files)
    onnx.save(model, path)
    place = folder / configs
    place.mkdir(parents=True, exist_ok=True)
    write_json(place / "config.json", _config(shape))
    write_json(place / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0})
    settings = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "model_max_length": 10**30}
    if chat_template is not None:
        settings["chat_template"] = chat_template
    write_json(place / "tokenizer_config.json", settings)
    tokenizer.save(str(place / "tokenizer.json"))
    return TinyModel(folder, path, shape, weights, tokenizer)


def make_tokenizer(*, begins: bool) -> tokenizers.Tokenizer:
    """A byte-level BPE tokenizer; with `begins` it puts `<s>` before every text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        special_tokens=list(SPECIALS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_SENTENCES, trainer)
    if begins:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return tokenizer


def write_json(path: Path, value: object) -> None:
    """Write `value` as JSON, making the folder when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")


def _config(shape: Shape) -> dict[str, Any]:
    config: dict[str, Any] = {
        "model_type": shape.style,
        "architectures": [_ARCHITECTURES[shape.style]],
        "hidden_size": shape.hidden,
        "intermediate_size": shape.inner,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_size,
        "vocab_size": shape.vocabulary,
        "max_position_embeddings": shape.context,
        "rms_norm_eps": shape.epsilon,
        "rope_theta": shape.theta,
        "tie_word_embeddings": shape.style == "qwen3",
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    return config


def _weights(shape: Shape, seed: int) -> dict[str, NDArray[np.float32]]:
    """Random weights under the names of a transformers checkpoint, large enough for replies that vary."""
    random = np.random.default_rng(seed)

    def normal(*size: int, scale: float) -> NDArray[np.float32]:
        return (random.standard_normal(size) * scale).astype(np.float32)

    def near_one(size: int) -> NDArray[np.float32]:
        return (1 + 0.1 * random.standard_normal(size)).astype(np.float32)

    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    made = {"model.embed_tokens.weight": normal(shape.vocabulary, shape.hidden, scale=0.5)}
    for layer in range(shape.layers):
        name = f"model.layers.{layer}"
        for part, size in (("q", queries), ("k", keys), ("v", keys)):
            made[f"{name}.self_attn.{part}_proj.weight"] = normal(size, shape.hidden, scale=0.2)
            if shape.style == "qwen2":
                made[f"{name}.self_attn.{part}_proj.bias"] = normal(size, scale=0.2)
        made[f"{name}.self_attn.o_proj.weight"] = normal(shape.hidden, queries, scale=0.2)
        if shape.style == "qwen3":
            made[f"{name}.self_attn.q_norm.weight"] = near_one(shape.head_size)
            made[f"{name}.self_attn.k_norm.weight"] = near_one(shape.head_size)
        made[f"{name}.mlp.gate_proj.weight"] = normal(shape.inner, shape.hidden, scale=0.2)
        made[f"{name}.mlp.up_proj.weight"] = normal(shape.inner, shape.hidden, scale=0.2)
        made[f"{name}.mlp.down_proj.weight"] = normal(shape.hidden, shape.inner, scale=0.2)
        made[f"{name}.input_layernorm.weight"] = near_one(shape.hidden)
        made[f"{name}.post_attention_layernorm.weight"] = near_one(shape.hidden)
    made["model.norm.weight"] = near_one(shape.hidden)
    if shape.style != "qwen3":
        made["lm_head.weight"] = normal(shape.vocabulary, shape.hidden, scale=0.2)
    return made


def _move_weights_out(model: onnx.ModelProto, path: Path, count: int) -> None:
    """Put large weights into `model.onnx_data`, `model.onnx_data_1`, ..., in turns."""
    contents = [bytearray() for _ in range(count)]
    names = [f"{path.name}_data" + (f"_{number}" if number else "") for number in range(count)]
    large = [tensor for tensor in model.graph.initializer if len(tensor.raw_data) >= 100]
    for number, tensor in enumerate(large):
        content = contents[number % count]
        entries = {"location": names[number % count], "offset": len(content), "length": len(tensor.raw_data)}
        content.extend(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
    for name, content in zip(names, contents, strict=True):
        (path.parent / name).write_bytes(content)
