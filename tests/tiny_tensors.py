"""Small random classifiers and detectors as model folders, and the same weights in transformers.

tiny = write_classifier(tmp_path, labels=("no", "yes"))      BERT, input_ids -> logits
tiny = write_seeing(tmp_path, kind="vit", labels=(...))      ViT, pixel_values -> logits
tiny = write_seeing(tmp_path, kind="yolos", labels=(...))    YOLOS, pixel_values -> logits, pred_boxes
tiny = write_detector(tmp_path, kind="detr", ...)            DETR, pixel_values, pixel_mask -> logits, pred_boxes
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from tiny_models import make_tokenizer, write_json

_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
IMAGE_SIZE = 32


@attrs.frozen(eq=False)
class TinyTensors:
    """A folder that was written, and the transformers model with the same weights."""

    folder: Path
    reference: Any
    tokenizer: Any = None


class _Text(torch.nn.Module):
    """What a BERT computes; its own forward makes masks of the lengths it was traced with."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Any, mask: Any, kinds: Any) -> Any:
        parts = self.model.bert.embeddings
        places = parts.position_embeddings(torch.arange(ids.shape[1]))[None]
        x = parts.LayerNorm(parts.word_embeddings(ids) + parts.token_type_embeddings(kinds) + places)
        bias = (1.0 - mask.to(torch.float32))[:, None, None] * -1e9
        for layer in self.model.bert.encoder.layer:
            own = layer.attention.self
            q, k, v = (part(x).unflatten(2, (4, 8)).transpose(1, 2) for part in (own.query, own.key, own.value))
            mixed = torch.softmax(q @ k.transpose(2, 3) * 8**-0.5 + bias, dim=-1) @ v
            x = layer.attention.output(mixed.transpose(1, 2).flatten(2), x)
            x = layer.output(layer.intermediate(x), x)
        return self.model.classifier(self.model.bert.pooler(x))


class _Image(torch.nn.Module):
    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Any) -> Any:
        found = self.model(pixel_values=pixels)
        return (found.logits, found.pred_boxes) if "pred_boxes" in found else found.logits


def write_classifier(
    folder: Path, *, labels: Sequence[str], several: bool = False, seed: int = 0, context: int = 64
) -> TinyTensors:
    """A classifier of texts, of one label or of `several` at once."""
    import transformers
    from tokenizers import processors

    tokenizer = make_tokenizer(begins=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    config = transformers.BertConfig(
        **_SIZES,
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=context,
        id2label=dict(enumerate(labels)),
        initializer_range=0.3,
    )
    if several:
        config.problem_type = "multi_label_classification"
    torch.manual_seed(seed)
    model = transformers.BertForSequenceClassification(config).eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    row = torch.ones(2, 5, dtype=torch.int64)
    folder.mkdir(parents=True, exist_ok=True)
    axes = {name: {0: "rows", 1: "length"} for name in names} | {"logits": {0: "rows"}}
    _export(_Text(model), (row, row, row), folder, names, ["logits"], axes)
    _configure(folder, config, "BertForSequenceClassification")
    tokenizer.save(str(folder / "tokenizer.json"))
    return TinyTensors(folder, model, tokenizer)


def write_seeing(
    folder: Path, *, kind: str, labels: Sequence[str], several: bool = False, seed: int = 0
) -> TinyTensors:
    """A classifier of images (`vit`), of one label or of `several` at once, or a detector (`yolos`)."""
    import transformers

    size = {"image_size": IMAGE_SIZE if kind == "vit" else [IMAGE_SIZE, IMAGE_SIZE], "patch_size": 8}
    names = {"id2label": dict(enumerate(labels)), "initializer_range": 0.3}
    torch.manual_seed(seed)
    if kind == "vit":
        config = transformers.ViTConfig(**_SIZES, **size, **names)
        if several:
            config.problem_type = "multi_label_classification"
        model = transformers.ViTForImageClassification(config).eval()
    else:
        config = transformers.YolosConfig(**_SIZES, **size, **names, num_detection_tokens=6)
        model = transformers.YolosForObjectDetection(config).eval()
        with torch.no_grad():
            for part in (model.class_labels_classifier, model.bbox_predictor):
                for weight in part.parameters():
                    weight.add_(0.3 * torch.randn(weight.shape))
    outputs = ["logits"] if kind == "vit" else ["logits", "pred_boxes"]
    folder.mkdir(parents=True, exist_ok=True)
    pixels = torch.zeros(1, 3, IMAGE_SIZE, IMAGE_SIZE)
    _export(_Image(model), (pixels,), folder, ["pixel_values"], outputs, {})
    _configure(folder, config, type(model).__name__)
    side = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}
    write_json(folder / "preprocessor_config.json", {"image_processor_type": "ViTImageProcessor", "size": side})
    return TinyTensors(folder, model)


def _configure(folder: Path, config: Any, architecture: str) -> None:
    config.save_pretrained(folder)
    found = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", {**found, "architectures": [architecture]})


@torch.no_grad()
def _export(module: Any, example: Any, folder: Path, inputs: list[str], outputs: list[str], axes: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            example,
            str(folder / "model.onnx"),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            dynamo=False,
            opset_version=17,
        )


class _Masked(_Image):
    """A detector that is told which pixels are padding."""

    def forward(self, pixels: Any, mask: Any) -> Any:
        found = self.model(pixel_values=pixels, pixel_mask=mask)
        return found.logits, found.pred_boxes


def write_detector(
    folder: Path,
    *,
    kind: str,
    labels: Sequence[str],
    processor: Mapping[str, Any],
    mask_size: int | None = None,
    seed: int = 0,
) -> TinyTensors:
    """A detector with a tower of convolutions: `detr` compares labels, `conditional_detr` takes each for itself.

    `processor` is its preprocessor_config.json. With `mask_size` the graph takes masks of that many pixels a side only.
    """
    import transformers

    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 16, 32], depths=[1, 1, 1, 1], layer_type="basic", out_features=["stage4"]
    )
    shape = {
        "d_model": 32, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48, "num_queries": 7,
        "backbone_config": backbone, "use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None,
        "id2label": dict(enumerate(labels)),
    }  # fmt: skip
    name = {"detr": "Detr", "conditional_detr": "ConditionalDetr"}[kind]
    config = getattr(transformers, f"{name}Config")(**shape)
    torch.manual_seed(seed)
    model = getattr(transformers, f"{name}ForObjectDetection")._from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for part, weight in model.named_parameters():
            weight.mul_(8 if weight.ndim > 1 and "backbone" not in part else 1)
        for head in (model.class_labels_classifier, model.bbox_predictor):
            for weight in head.parameters():
                weight.add_(0.3 * torch.randn(weight.shape))
    folder.mkdir(parents=True, exist_ok=True)
    side = mask_size or IMAGE_SIZE
    example = (torch.zeros(1, 3, IMAGE_SIZE, IMAGE_SIZE), torch.ones(1, side, side, dtype=torch.int64))
    axes: dict[str, Any] = {"pixel_values": {2: "height", 3: "width"}}
    if mask_size is None:
        axes["pixel_mask"] = {1: "height", 2: "width"}
    names = (["pixel_values", "pixel_mask"], ["logits", "pred_boxes"])
    _export(_Masked(model), example, folder, *names, axes)
    _configure(folder, config, f"{name}ForObjectDetection")
    write_json(folder / "preprocessor_config.json", dict(processor))
    return TinyTensors(folder, model)
