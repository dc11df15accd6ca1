"""A small random image-text model that cuts images into tiles, as a model folder, and the same weights in transformers.

tiny = write_idefics(tmp_path, family="smolvlm", seed=1)
tiny.expected(text, images)      the greedy tokens of transformers, prompt and pixels by its own processor
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import onnx
import tokenizers
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from tiny_graphs import Export, Shape, make_decoder
from tiny_models import make_tokenizer, write_json

TILE, PATCH, SHRINK, LONGEST = 32, 8, 2, 128
"""Pixels a side of a tile and of a patch, patches a side that become one vector, pixels of the longest edge."""

PLACES = (TILE // PATCH // SHRINK) ** 2

TEMPLATE = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
"""A template of the kind that these models have: it goes through the parts of a turn, and knows no turn that is a text."""

_CLASSES = {
    "idefics3": ("Idefics3Config", "Idefics3ForConditionalGeneration", "Idefics3ImageProcessorPil"),
    "smolvlm": ("SmolVLMConfig", "SmolVLMForConditionalGeneration", "SmolVLMImageProcessorPil"),
}


@attrs.frozen(eq=False)
class TinyIdefics:
    """A folder that was written, and the transformers model and processor of it."""

    folder: Path
    model: Any
    processor: Any
    tokenizer: tokenizers.Tokenizer

    def inputs(self, text: str, images: Sequence[Image.Image]) -> Mapping[str, Any]:
        """What transformers' processor makes of a prompt with `<image>` in it."""
        shown = {"images": [list(images)]} if images else {}
        return dict(self.processor(text=[text], return_tensors="pt", **shown).items())

    def expected(self, text: str, images: Sequence[Image.Image], *, tokens: int = 12) -> list[int]:
        """The greedy tokens of the transformers model, up to an end token."""
        given = self.inputs(text, images)
        with torch.no_grad():
            out = self.model.generate(**given, max_new_tokens=tokens, do_sample=False)
        found = out[0, given["input_ids"].shape[1] :].tolist()
        return found[: found.index(2)] if 2 in found else found


def write_idefics(
    folder: Path, *, family: str = "idefics3", seed: int = 0, template: bool = False, **processor: Any
) -> TinyIdefics:
    """Write a random model of `family`; `processor` are settings of its image processor beside the usual ones."""
    import transformers

    config_of, model_of, images_of = (getattr(transformers, name) for name in _CLASSES[family])
    tokenizer = _tokenizer()
    shape = Shape(
        style="llama", layers=2, hidden=64, inner=96, heads=4, kv_heads=2, head_size=16,
        vocabulary=tokenizer.get_vocab_size(), context=1024,
    )  # fmt: skip
    image = tokenizer.token_to_id("<image>")
    text = {
        "model_type": "llama", "vocab_size": shape.vocabulary, "hidden_size": 64, "intermediate_size": 96,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
        "max_position_embeddings": shape.context, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
        "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0,
    }  # fmt: skip
    vision = {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
        "image_size": TILE, "patch_size": PATCH,
    }  # fmt: skip
    config = config_of(
        text_config=text, vision_config=vision, scale_factor=SHRINK, image_token_id=image, pad_token_id=0,
        bos_token_id=1, eos_token_id=2, tie_word_embeddings=False,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = model_of._from_config(config, attn_implementation="eager").eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(8 if weight.ndim > 1 else 1)
    settings = {
        "image_processor_type": f"{images_of.__name__.removesuffix('Pil')}", "size": {"longest_edge": LONGEST},
        "max_image_size": {"longest_edge": TILE}, "do_image_splitting": True, "do_pad": True, "do_resize": True,
        "do_rescale": True, "do_normalize": True, "do_convert_rgb": True, "resample": 1,
        "rescale_factor": 1 / 255, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], **processor,
    }  # fmt: skip
    _write_files(folder, model, shape, tokenizer, settings, TEMPLATE if template else None)
    wrapped = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    theirs = _processor_of(family)(
        image_processor=images_of.from_pretrained(folder),
        tokenizer=wrapped,
        image_seq_len=PLACES,
        chat_template=TEMPLATE if template else None,
    )
    return TinyIdefics(folder, model, theirs, tokenizer)


def _processor_of(family: str) -> Any:
    """The processor of Idefics3. SmolVLM's own wants packages for films; what it writes for an image is taken from it."""
    from transformers import Idefics3Processor
    from transformers.models.smolvlm.processing_smolvlm import get_image_prompt_string

    class Written(Idefics3Processor):  # type: ignore[misc]
        def replace_image_token(self, image_inputs: Any, image_idx: int, **_: Any) -> str:
            rows, columns = (sum(image_inputs[name], [])[image_idx] for name in ("rows", "cols"))
            marks = {"fake_token_around_image": self.fake_image_token, "image_token": self.image_token}
            return str(
                get_image_prompt_string(
                    rows, columns, self.image_seq_len, **marks, global_image_token=self.global_image_tag
                )
            )

    return Idefics3Processor if family == "idefics3" else Written


def _tokenizer() -> tokenizers.Tokenizer:
    """Byte-level, with the marks of up to four rows and columns as special tokens, and more of them as texts."""
    made = make_tokenizer(begins=False)
    marks = [f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)]
    made.add_special_tokens(
        ["<fake_token_around_image>", "<image>", "<global-img>", "<end_of_utterance>", "<|im_start|>", *marks]
    )
    return made


def _write_files(folder: Path, model: Any, shape: Shape, tokenizer: Any, settings: Any, template: str | None) -> None:
    graphs = folder / "onnx"
    graphs.mkdir(parents=True, exist_ok=True)
    state = {key: value.detach().numpy() for key, value in model.state_dict().items()}
    weights = {key.replace("model.text_model.", "model."): value for key, value in state.items()}
    onnx.save(make_decoder(shape, Export(vectors=True), weights), graphs / "decoder_model_merged.onnx")
    onnx.save(_table(weights["model.embed_tokens.weight"]), graphs / "embed_tokens.onnx")
    _export(_Seeing(model.model), graphs / "vision_encoder.onnx")
    model.config.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", {**config, "architectures": [type(model).__name__]})
    write_json(folder / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0})
    write_json(folder / "preprocessor_config.json", settings)
    write_json(folder / "processor_config.json", {"image_seq_len": PLACES})
    tokens = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "model_max_length": 10**30}
    write_json(folder / "tokenizer_config.json", tokens | ({"chat_template": template} if template else {}))
    tokenizer.save(str(folder / "tokenizer.json"))


def _table(values: np.ndarray) -> onnx.ModelProto:
    node = helper.make_node("Gather", ["table", "input_ids"], ["inputs_embeds"])
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch_size", "sequence_length"])
    out = helper.make_tensor_value_info(
        "inputs_embeds", TensorProto.FLOAT, ["batch_size", "sequence_length", values.shape[1]]
    )
    graph = helper.make_graph([node], "embed_tokens", [ids], [out], [numpy_helper.from_array(values, "table")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


class _Seeing(torch.nn.Module):
    """The tower and the connector for tiles [1, tiles, 3, side, side]; their own forward picks tiles by their values."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model, self.tower = model, model.vision_model
        side = TILE // PATCH
        with torch.no_grad():
            seen = torch.ones(1, side, side, dtype=torch.bool)
            embedded = self.tower.embeddings(torch.zeros(1, 3, TILE, TILE), seen)
            self.places = embedded - self.tower.embeddings.patch_embedding.bias

    def forward(self, pixels: Any, mask: Any) -> Any:
        pixels, mask = pixels.flatten(0, 1), mask.flatten(0, 1).to(torch.float32)
        x = self.tower.embeddings.patch_embedding(pixels).flatten(2).transpose(1, 2) + self.places
        seen = torch.nn.functional.max_pool2d(mask[:, None], PATCH, PATCH).flatten(1)
        bias = (1.0 - seen)[:, None, None] * -1e9
        for layer in self.tower.encoder.layers:
            own, y = layer.self_attn, layer.layer_norm1(x)
            q, k, v = (part(y).unflatten(2, (4, 8)).transpose(1, 2) for part in (own.q_proj, own.k_proj, own.v_proj))
            mixed = torch.softmax(q @ k.transpose(2, 3) * 8**-0.5 + bias, dim=-1) @ v
            x = x + own.out_proj(mixed.transpose(1, 2).flatten(2))
            x = x + layer.mlp(layer.layer_norm2(x))
        return self.model.connector(self.tower.post_layernorm(x))


@torch.no_grad()
def _export(module: Any, path: Path) -> None:
    example = (torch.zeros(1, 3, 3, TILE, TILE), torch.ones(1, 3, TILE, TILE, dtype=torch.bool))
    names = ["pixel_values", "pixel_attention_mask"]
    axes = {name: {0: "batch_size", 1: "num_images"} for name in names} | {"image_features": {0: "tiles"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), example, str(path), input_names=names, output_names=["image_features"], dynamic_axes=axes,
            dynamo=False, opset_version=17,
        )  # fmt: skip
