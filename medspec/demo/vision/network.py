"""The demonstration model of grounding in torch: a small vision tower, a projection, and the decoder of the text model.

The tower has the arithmetic of SigLIP, the whole that of LLaVA, and the weights the names of a LLaVA checkpoint: patches of
an image become vectors, and these stand in the text where its `<image>` tokens are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from medspec.demo.network import Shape, new_weights
from medspec.demo.vision.scenes import SIZE

if TYPE_CHECKING:
    import torch

    Weights = dict[str, torch.Tensor]

TOWER = "vision_tower.vision_model"
PROJECTION = "multi_modal_projector"


@attrs.frozen(kw_only=True)
class TowerShape:
    """The sizes of the vision tower. `image` and `patch` are pixels, `width` and `hidden` counts of numbers."""

    image: int = SIZE
    patch: int = 16
    width: int = 160
    layers: int = 2
    heads: int = 5
    hidden: int = 320
    epsilon: float = 1e-6

    @property
    def places(self) -> int:
        """How many vectors one image becomes."""
        return (self.image // self.patch) ** 2


def decoder_shape(vocabulary: int) -> Shape:
    """The decoder: the text model's, with room for the vectors of some images."""
    return Shape(vocabulary=vocabulary, context=512)


def new_model(tower: TowerShape, decoder: Shape, seed: int) -> Weights:
    """Random weights under the names of a LLaVA checkpoint, `[out, in]` each, ready for training."""
    import torch

    generator = torch.Generator().manual_seed(seed + 1)
    weights = {f"language_model.{name}": weight for name, weight in new_weights(decoder, seed).items()}

    def normal(*size: int, scale: float) -> torch.Tensor:
        return (torch.randn(*size, generator=generator) * scale).requires_grad_()

    def linear(name: str, out: int, into: int, scale: float | None = None) -> None:
        weights[f"{name}.weight"] = normal(out, into, scale=scale or into**-0.5)
        weights[f"{name}.bias"] = torch.zeros(out, requires_grad=True)

    def norm(name: str) -> None:
        weights[f"{name}.weight"] = torch.ones(tower.width, requires_grad=True)
        weights[f"{name}.bias"] = torch.zeros(tower.width, requires_grad=True)

    pixels = 3 * tower.patch**2
    weights[f"{TOWER}.embeddings.patch_embedding.weight"] = normal(
        tower.width, 3, tower.patch, tower.patch, scale=pixels**-0.5
    )
    weights[f"{TOWER}.embeddings.patch_embedding.bias"] = torch.zeros(tower.width, requires_grad=True)
    weights[f"{TOWER}.embeddings.position_embedding.weight"] = normal(tower.places, tower.width, scale=0.5)
    for layer in range(tower.layers):
        name = f"{TOWER}.encoder.layers.{layer}"
        norm(f"{name}.layer_norm1")
        norm(f"{name}.layer_norm2")
        for part in ("q_proj", "k_proj", "v_proj"):
            linear(f"{name}.self_attn.{part}", tower.width, tower.width)
        linear(f"{name}.self_attn.out_proj", tower.width, tower.width, scale=0.05)
        linear(f"{name}.mlp.fc1", tower.hidden, tower.width)
        linear(f"{name}.mlp.fc2", tower.width, tower.hidden, scale=0.03)
    linear(f"{PROJECTION}.linear_1", decoder.width, tower.width)
    linear(f"{PROJECTION}.linear_2", decoder.width, decoder.width)
    return weights


def image_vectors(weights: Weights, tower: TowerShape, pixels: torch.Tensor) -> torch.Tensor:
    """What the tower makes of images `[count, 3, height, width]` with values from -1 to 1: `[count, places, width]`."""
    from torch.nn import functional as F

    stem = f"{TOWER}.embeddings"
    patches = F.conv2d(
        pixels, weights[f"{stem}.patch_embedding.weight"], weights[f"{stem}.patch_embedding.bias"], stride=tower.patch
    )
    x = patches.flatten(2).transpose(1, 2) + weights[f"{stem}.position_embedding.weight"]

    def norm(y: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(y, (tower.width,), weights[f"{name}.weight"], weights[f"{name}.bias"], tower.epsilon)

    def linear(y: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(y, weights[f"{name}.weight"], weights[f"{name}.bias"])

    for layer in range(tower.layers):
        name = f"{TOWER}.encoder.layers.{layer}"
        y = norm(x, f"{name}.layer_norm1")
        q, k, v = (
            linear(y, f"{name}.self_attn.{part}").view(*y.shape[:2], tower.heads, -1).transpose(1, 2)
            for part in ("q_proj", "k_proj", "v_proj")
        )
        seen = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + linear(seen, f"{name}.self_attn.out_proj")
        y = linear(norm(x, f"{name}.layer_norm2"), f"{name}.mlp.fc1")
        x = x + linear(F.gelu(y, approximate="tanh"), f"{name}.mlp.fc2")
    return linear(F.gelu(linear(x, f"{PROJECTION}.linear_1")), f"{PROJECTION}.linear_2")
