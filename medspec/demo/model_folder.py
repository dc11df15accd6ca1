"""Write the demonstration model as a model folder: graph, tokenizer, configuration, and a card that says what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspec.demo.network import Shape
from medspec.demo.words import END, END_ID, PAD, PAD_ID

if TYPE_CHECKING:
    import torch

FILES = (
    "MODEL_CARD.md",
    "config.json",
    "generation_config.json",
    "model.onnx",
    "tokenizer.json",
    "tokenizer_config.json",
)
"""Everything a model folder holds."""


def write_folder(
    folder: Path,
    shape: Shape,
    weights: Mapping[str, torch.Tensor],
    tokenizer: Any,
    *,
    scores: Mapping[str, float],
    steps: int,
) -> None:
    """Write every file of `FILES` into `folder`. `scores` are accuracies on the test rows, for the card."""
    from medspec.demo.export import make_graph

    folder.mkdir(parents=True, exist_ok=True)
    model = make_graph(shape, {name: weight.numpy() for name, weight in weights.items()})
    (folder / "model.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=True) + "\n", encoding="utf-8", newline="")
    configurations = {
        "config.json": llama_config(shape),
        "generation_config.json": {"eos_token_id": END_ID, "pad_token_id": PAD_ID, "do_sample": False},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "add_bos_token": False,
            "eos_token": END,
            "pad_token": PAD,
            "padding_side": "left",
            "clean_up_tokenization_spaces": False,
            "model_max_length": shape.context,
        },
    }
    for name, content in configurations.items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="")
    count = sum(weight.numel() for weight in weights.values())
    card = _CARD.format(
        count=count,
        layers=shape.layers,
        width=shape.width,
        heads=shape.heads,
        kv_heads=shape.kv_heads,
        vocabulary=shape.vocabulary,
        context=shape.context,
        steps=steps,
        **{name: f"{score:.3f}" for name, score in scores.items()},
    )
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8", newline="")


def llama_config(shape: Shape) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "intermediate_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "head_dim": shape.head_size,
        "hidden_act": "silu",
        "max_position_embeddings": shape.context,
        "rms_norm_eps": shape.epsilon,
        "rope_theta": shape.theta,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": END_ID,
        "pad_token_id": PAD_ID,
        "dtype": "float32",
    }


_CARD = """\
**This is a demonstration model. It is of no medical use, and nothing it writes is advice.**

# The quickstart model

It shows that medspec's whole path works on a machine without a network: `medspec run` runs the quickstart suite with it.
It knows a few hundred words and three tasks, all invented by `medspec.demo`, and answers anything else with noise.

## What it is

A decoder of the Llama kind with {count:,} weights: {layers} layers of width {width}, {heads} query heads, {kv_heads} key
and value heads, rotary positions, tied embeddings. A byte-level BPE of {vocabulary:,} tokens, digits one by one, no chat
template, no token before the text. Context {context} tokens; in training no text was longer than about 100.

`model.onnx` is float32 and has the inputs and outputs that optimum gives decoder models (opset 18, plain operators only).

## How it was made

    python -m medspec.demo.make_data      writes specs/quickstart/data
    python -m medspec.demo.train_text     trains from scratch ({steps:,} steps, one thread, minutes) and writes this folder

Training rows are made as they are needed by the code that wrote the `train` files, so there are more of them than in the
files. The weights start from random numbers; no other text and no other model was used.

## What it scores

Accuracy on the 240 `test` rows of each task, from the trained network:

| task | chance | accuracy |
|---|---|---|
| `note_question` (yes, no, maybe; by likelihood) | 0.333 | {note_question} |
| `fact_question` (four options; by likelihood) | 0.250 | {fact_question} |
| `triage` (four labels; the word it writes) | 0.250 | {triage} |

What test rows share with training, and what they do not:

- `note_question`: the words are shared. Every test note is of somebody of an even age, every training note of an odd one, so
  no note stands in both.
- `fact_question`: the facts are shared, else no model could know them. Every fact is asked in the one wording in which
  training never asks it, with options in an order drawn anew.
- `triage`: complaints and signs are shared, their pairs are not.
"""
