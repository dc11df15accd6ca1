"""Small random image-text models as model folders, and the same weights in transformers.

tiny = write_llava(tmp_path, seed=1)
tiny.reference()      the transformers model with the same weights
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from medspec.demo.network import Shape
from medspec.demo.vision.model_folder import write_folder
from medspec.demo.vision.network import TowerShape, decoder_shape, new_model
from medspec.demo.vision.words import make_tokenizer


@attrs.frozen(eq=False)
class TinyVision:
    """A folder that was written, and what is in it."""

    folder: Path
    tower: TowerShape
    decoder: Shape
    weights: Mapping[str, NDArray[np.float32]]
    tokenizer: Any

    def reference(self) -> Any:
        """`LlavaForConditionalGeneration` with the same weights, in float32."""
        import torch
        import transformers

        config = transformers.AutoConfig.from_pretrained(self.folder)
        model = transformers.LlavaForConditionalGeneration(config).eval()
        state = {_named(name): torch.from_numpy(values.copy()) for name, values in self.weights.items()}
        missing, unexpected = model.load_state_dict(state, strict=False)
        # LLaVA takes what the tower's last layer gives, before its last norm.
        unused = {name for name in missing if "post_layernorm" in name}
        assert not unexpected and set(missing) - unused <= {"lm_head.weight"}, (missing, unexpected)
        model.tie_weights()
        return model


def write_llava(folder: Path, *, seed: int = 0) -> TinyVision:
    """A random model in the form of LLaVA, with weights large enough for replies that vary."""
    import torch

    tokenizer = make_tokenizer()
    tower, decoder = TowerShape(), decoder_shape(tokenizer.get_vocab_size())
    weights = {name: weight.detach() for name, weight in new_model(tower, decoder, seed).items()}
    generator = torch.Generator().manual_seed(seed)
    for name, weight in weights.items():
        if name.startswith("language_model.model.layers") and weight.ndim == 2:
            weights[name] = weight * 2.5
        elif weight.ndim == 1:
            weights[name] = weight + 0.1 * torch.randn(weight.shape, generator=generator)
    write_folder(folder, tower, decoder, weights, tokenizer, steps=0)
    return TinyVision(folder, tower, decoder, {name: weight.numpy() for name, weight in weights.items()}, tokenizer)


def _named(name: str) -> str:
    """Where newer versions of transformers keep the weight."""
    name = name.replace("vision_tower.vision_model.", "vision_tower.")  # as of version 5
    if name.startswith("language_model.model."):
        return "model.language_model." + name.removeprefix("language_model.model.")
    return f"model.{name}"
