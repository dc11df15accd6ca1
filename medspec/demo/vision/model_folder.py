"""Write the grounding model as a model folder in the layout of image-text models, with a card that says what it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspec.demo.model_folder import llama_config
from medspec.demo.vision.words import IMAGE
from medspec.demo.words import END, END_ID, PAD, PAD_ID

if TYPE_CHECKING:
    import torch

    from medspec.demo.network import Shape
    from medspec.demo.vision.network import TowerShape


def write_folder(
    folder: Path,
    tower: TowerShape,
    decoder: Shape,
    weights: Mapping[str, torch.Tensor],
    tokenizer: Any,
    *,
    steps: int,
) -> None:
    """Write the three graphs below `folder/onnx`, and tokenizer, configuration and card beside them."""
    from medspec.demo.vision.export import make_graphs

    graphs = make_graphs(tower, decoder, {name: weight.numpy() for name, weight in weights.items()})
    (folder / "onnx").mkdir(parents=True, exist_ok=True)
    for name, model in graphs.items():
        (folder / "onnx" / f"{name}.onnx").write_bytes(model.SerializeToString(deterministic=True))
    (folder / "tokenizer.json").write_text(tokenizer.to_str(pretty=True) + "\n", encoding="utf-8", newline="")
    for name, content in _configurations(tower, decoder, tokenizer).items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8", newline="")
    count = sum(weight.numel() for weight in weights.values())
    card = _CARD.format(count=count, layers=decoder.layers, tower=tower.layers, places=tower.places, steps=steps)
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8", newline="")


def _configurations(tower: TowerShape, decoder: Shape, tokenizer: Any) -> dict[str, dict[str, Any]]:
    vision = {
        "model_type": "siglip_vision_model",
        "image_size": tower.image,
        "patch_size": tower.patch,
        "hidden_size": tower.width,
        "intermediate_size": tower.hidden,
        "num_hidden_layers": tower.layers,
        "num_attention_heads": tower.heads,
        "hidden_act": "gelu_pytorch_tanh",
        "layer_norm_eps": tower.epsilon,
        "vision_use_head": False,
    }
    return {
        "config.json": {
            "architectures": ["LlavaForConditionalGeneration"],
            "model_type": "llava",
            "image_token_index": tokenizer.token_to_id(IMAGE),
            "projector_hidden_act": "gelu",
            "vision_feature_layer": -1,
            "vision_feature_select_strategy": "full",
            "tie_word_embeddings": True,
            "text_config": llama_config(decoder),
            "vision_config": vision,
        },
        "generation_config.json": {"eos_token_id": END_ID, "pad_token_id": PAD_ID, "do_sample": False},
        "preprocessor_config.json": {
            "image_processor_type": "SiglipImageProcessor",
            "do_resize": True,
            "size": {"height": tower.image, "width": tower.image},
            "resample": 3,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            "image_mean": [0.5, 0.5, 0.5],
            "image_std": [0.5, 0.5, 0.5],
            "do_convert_rgb": True,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "add_bos_token": False,
            "eos_token": END,
            "pad_token": PAD,
            "padding_side": "left",
            "clean_up_tokenization_spaces": False,
            "model_max_length": decoder.context,
        },
    }


_CARD = """\
**This is a demonstration model. It is of no medical use, and nothing it says about an image is a finding.**

# The grounding model of the quickstart

It shows that medspec's path for image sequences works on a machine without a network. It knows invented scans of 64 x 64 pixels,
objects of six kinds, and the questions of eight tasks that are those of MedSG-Bench in small; see `medspec.demo.vision`.

A vision tower of the SigLIP kind ({tower} layers, {places} vectors an image), two linear layers, and a decoder of the Llama kind
({layers} layers): {count:,} weights in all, in the form of LLaVA. A tokenizer of whole words and whole numbers.

    python -m medspec.demo.vision.make_data      writes specs/grounding/data
    python -m medspec.demo.vision.train          trains from scratch ({steps:,} steps, one thread) and writes this folder

## What it scores

Mean intersection over union on the 25 rows of each task, beside an answer that is always the whole image:

| task | whole image | model |
|---|---|---|
| `concept` (an object that the first image shows alone) | 0.045 | 0.646 |
| `object_tracking` (a marked object, three frames later) | 0.044 | 0.430 |
| `cross_modal` (a marked object, in opposite brightness) | 0.045 | 0.429 |
| `shifted_difference` (two images, one of them moved, equal but for one object) | 0.040 | 0.361 |
| `patch` (a region that another image shows enlarged) | 0.202 | 0.224 |
| `registered_difference` (two images, not moved, equal but for one object) | 0.036 | 0.171 |
| `referring` (an object by name, in one of three images) | 0.041 | 0.153 |
| `multi_view` (a marked object in another view) | 0.043 | 0.092 |
| mean | 0.062 | 0.313 |

So it finds what it is shown, follows it through images and sees a good part of what differs between two; where a name must be
known, another view be understood or an enlarged region be found, it is little better than a guess.

The weights start from random numbers; no other image, text or model was used. Test images are drawn by the same code as those of
training, with other random numbers.
"""
