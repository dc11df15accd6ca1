"""The demonstration model in torch: a small Llama-style decoder, for training only.

Same arithmetic as the ONNX graph in `export`: RMS norm before each block, rotary positions on halves, SwiGLU, tied
embeddings, fewer key and value heads than query heads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    import torch


@attrs.frozen(kw_only=True)
class Shape:
    """The sizes of the network. `head_size` is a width in numbers, `context` a count of tokens."""

    vocabulary: int = 1536
    width: int = 128
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    head_size: int = 32
    hidden: int = 288
    theta: float = 10000.0
    epsilon: float = 1e-5
    context: int = 512


def new_weights(shape: Shape, seed: int) -> dict[str, torch.Tensor]:
    """Random weights under the names Llama checkpoints use, `[out, in]` each, ready for training."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def normal(*size: int, scale: float) -> torch.Tensor:
        return (torch.randn(*size, generator=generator) * scale).requires_grad_()

    weights = {"model.embed_tokens.weight": normal(shape.vocabulary, shape.width, scale=0.1)}
    inner = shape.heads * shape.head_size
    kv_inner = shape.kv_heads * shape.head_size
    scale = shape.width**-0.5
    deep = scale / (2 * shape.layers) ** 0.5
    for layer in range(shape.layers):
        name = f"model.layers.{layer}"
        weights[f"{name}.input_layernorm.weight"] = torch.ones(shape.width, requires_grad=True)
        weights[f"{name}.self_attn.q_proj.weight"] = normal(inner, shape.width, scale=scale)
        weights[f"{name}.self_attn.k_proj.weight"] = normal(kv_inner, shape.width, scale=scale)
        weights[f"{name}.self_attn.v_proj.weight"] = normal(kv_inner, shape.width, scale=scale)
        weights[f"{name}.self_attn.o_proj.weight"] = normal(shape.width, inner, scale=deep)
        weights[f"{name}.post_attention_layernorm.weight"] = torch.ones(shape.width, requires_grad=True)
        weights[f"{name}.mlp.gate_proj.weight"] = normal(shape.hidden, shape.width, scale=scale)
        weights[f"{name}.mlp.up_proj.weight"] = normal(shape.hidden, shape.width, scale=scale)
        weights[f"{name}.mlp.down_proj.weight"] = normal(shape.width, shape.hidden, scale=deep)
    weights["model.norm.weight"] = torch.ones(shape.width, requires_grad=True)
    return weights


def hidden_states(weights: dict[str, torch.Tensor], shape: Shape, ids: torch.Tensor) -> torch.Tensor:
    """What the network makes of token ids `[batch, length]`, the first at position 0: `[batch, length, width]`."""
    from torch.nn import functional as F

    return states_of(weights, shape, F.embedding(ids, weights["model.embed_tokens.weight"]))


def states_of(weights: dict[str, torch.Tensor], shape: Shape, x: torch.Tensor) -> torch.Tensor:
    """What the network makes of vectors in place of token ids, `[batch, length, width]`, in the same form."""
    from torch.nn import functional as F

    batch, length, _ = x.shape
    cos, sin = _rotation(shape, length)
    for layer in range(shape.layers):
        part: Any = {key.rsplit(".", 2)[-2]: value for key, value in weights.items() if f"layers.{layer}." in key}
        y = F.rms_norm(x, (shape.width,), part["input_layernorm"], shape.epsilon)
        q = (y @ part["q_proj"].T).view(batch, length, shape.heads, shape.head_size).transpose(1, 2)
        k = (y @ part["k_proj"].T).view(batch, length, shape.kv_heads, shape.head_size).transpose(1, 2)
        v = (y @ part["v_proj"].T).view(batch, length, shape.kv_heads, shape.head_size).transpose(1, 2)
        groups = shape.heads // shape.kv_heads
        k = _rotate(k, cos, sin).repeat_interleave(groups, dim=1)
        v = v.repeat_interleave(groups, dim=1)
        seen = F.scaled_dot_product_attention(_rotate(q, cos, sin), k, v, is_causal=True)
        x = x + seen.transpose(1, 2).reshape(batch, length, -1) @ part["o_proj"].T
        y = F.rms_norm(x, (shape.width,), part["post_attention_layernorm"], shape.epsilon)
        x = x + (F.silu(y @ part["gate_proj"].T) * (y @ part["up_proj"].T)) @ part["down_proj"].T
    return F.rms_norm(x, (shape.width,), weights["model.norm.weight"], shape.epsilon)


def logits_of(weights: dict[str, torch.Tensor], states: torch.Tensor) -> torch.Tensor:
    """Unscaled scores over the vocabulary, from `hidden_states`."""
    return states @ weights["model.embed_tokens.weight"].T


def _rotation(shape: Shape, length: int) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    steps = torch.arange(0, shape.head_size, 2, dtype=torch.float32) / shape.head_size
    angles = torch.arange(length, dtype=torch.float32)[:, None] * shape.theta**-steps
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def _rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    import torch

    half = x.shape[-1] // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), dim=-1) * sin
