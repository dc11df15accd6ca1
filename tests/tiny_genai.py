"""Tiny models of `tiny_models.py` in the layout of onnxruntime-genai, as its builder lays them out.

tiny = write_genai(tmp_path, style="qwen3", family="gqa", seed=1)
SCHEME.open(str(tiny.folder), {}, Options())
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tiny_models import TinyModel, write_json, write_llama

_SEARCH = {"do_sample": True, "temperature": 0.3, "top_k": 50, "repetition_penalty": 1.4, "no_repeat_ngram_size": 2}


def write_genai(
    folder: Path,
    *,
    family: str = "gqa",
    providers: tuple[str, ...] = (),
    extra: Mapping[str, Any] | None = None,
    **how: Any,
) -> TinyModel:
    """Write a random decoder below `folder`, with genai_config.json in place of config.json.

    `search` of the configuration says what would change every reply if it were listened to. `extra` goes to its
    section `model`, `how` to `write_llama`.
    """
    tiny = write_llama(folder, family=family, **how)
    for name in ("config.json", "generation_config.json"):
        (folder / name).unlink()
    write_json(folder / "genai_config.json", genai_config(tiny, family=family, providers=providers, extra=extra or {}))
    return tiny


def genai_config(
    tiny: TinyModel, *, family: str, providers: tuple[str, ...] = (), extra: Mapping[str, Any]
) -> dict[str, Any]:
    """What the builder writes for the model: caches written in place where the graph can."""
    shape = tiny.shape
    inputs = {
        "input_ids": "input_ids",
        "attention_mask": "attention_mask",
        "past_key_names": "past_key_values.%d.key",
        "past_value_names": "past_key_values.%d.value",
    }
    if family == "generic":
        inputs["position_ids"] = "position_ids"
    decoder = {
        "session_options": {"log_id": "onnxruntime-genai", "provider_options": [{name: {}} for name in providers]},
        "filename": str(tiny.graph.relative_to(tiny.folder)),
        "head_size": shape.head_size,
        "hidden_size": shape.hidden,
        "inputs": inputs,
        "outputs": {
            "logits": "logits",
            "present_key_names": "present.%d.key",
            "present_value_names": "present.%d.value",
        },
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.kv_heads,
    }
    model = {
        "bos_token_id": 1,
        "eos_token_id": [2],
        "pad_token_id": 0,
        "context_length": shape.context,
        "decoder": decoder,
        "type": shape.style,
        "vocab_size": shape.vocabulary,
        **extra,
    }
    search = {**_SEARCH, "max_length": shape.context, "past_present_share_buffer": family == "gqa"}
    return {"model": model, "search": search}
