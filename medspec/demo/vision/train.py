"""Train the demonstration model of grounding from scratch and write it as an ONNX model folder.

    python -m medspec.demo.vision.train [FOLDER] [--steps N]        default folder: medspec/demo/vision_model

Needs the `dev` extras. An hour on one core. The same machine writes the same bytes every time; another kind of processor
rounds differently and ends with a slightly different model.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence as Rows
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.demo.network import Shape, states_of
from medspec.demo.vision.network import TowerShape, decoder_shape, image_vectors, new_model
from medspec.demo.vision.scenes import KINDS, Box
from medspec.demo.vision.sequences import TASKS, Sequence
from medspec.demo.vision.words import IMAGE, make_tokenizer, prompt_of, reply_of
from medspec.demo.words import END_ID, PAD_ID

if TYPE_CHECKING:
    import torch

MODEL_FOLDER = Path(__file__).parents[1] / "vision_model"
SEED = 1
STEPS = 4000
ROWS = 8
"""Rows of each task in a step."""
_WARM_UP = 50
_SPREAD = 1.0
"""Pixels: how far from the true coordinate some of the probability to be learned lies."""


@attrs.frozen(kw_only=True)
class Batch:
    """Rows of one task. `pixels` are all images in order, `ids` [rows, length] prompts and replies padded on the right.

    `wanted` are the places of tokens to learn, as (row, place before it), and `targets` their ids. `here` are the vectors
    (image, place) in which an object has its middle, with its `kinds` and its `boxes` in parts of the image.
    """

    pixels: torch.Tensor
    ids: torch.Tensor
    wanted: torch.Tensor
    targets: torch.Tensor
    here: torch.Tensor
    kinds: torch.Tensor
    boxes: torch.Tensor


def make_batch(tokenizer: Any, rows: Rows[Sequence], tower: TowerShape) -> Batch:
    """Every `<image>` takes the room of the tower's vectors."""
    import numpy as np
    import torch

    places = tower.places
    image = tokenizer.token_to_id(IMAGE)
    texts, lengths, replies = [], [], []
    for row in rows:
        prompt = tokenizer.encode(prompt_of(len(row.images), row.question)).ids
        prompt = [id for token in prompt for id in ([token] * places if token == image else [token])]
        reply = [*tokenizer.encode(reply_of(row.answer)).ids, END_ID]
        texts.append(prompt + reply)
        lengths.append(len(prompt))
        replies.append(reply)
    ids = torch.full((len(rows), max(map(len, texts)) - 1), PAD_ID)
    for at, text in enumerate(texts):
        ids[at, : len(text) - 1] = torch.tensor(text[:-1])
    wanted = [(at, lengths[at] - 1 + step) for at, reply in enumerate(replies) for step in range(len(reply))]
    gray = np.stack([pixels for row in rows for pixels in row.images])
    pixels = torch.from_numpy(np.round(gray * 255).astype(np.float32) / 127.5 - 1)
    return Batch(
        pixels=pixels[:, None].expand(-1, 3, -1, -1),
        ids=ids,
        wanted=torch.tensor(wanted).T,
        targets=torch.tensor([id for reply in replies for id in reply]),
        **_objects(rows, tower),
    )


def _objects(rows: Rows[Sequence], tower: TowerShape) -> dict[str, torch.Tensor]:
    import torch

    here, kinds, boxes = [], [], []
    for at, things in enumerate(things for row in rows for things in row.things):
        for thing in things:
            here.append((at, _place(thing.box, tower)))
            kinds.append(KINDS.index(thing.kind))
            boxes.append([edge / tower.image for edge in thing.box])
    return {"here": torch.tensor(here).T, "kinds": torch.tensor(kinds), "boxes": torch.tensor(boxes)}


def _place(box: Box, tower: TowerShape) -> int:
    """The vector of an image in which a box has its middle."""
    across = tower.image // tower.patch
    column, line = ((low + high) // 2 // tower.patch for low, high in ((box[0], box[2]), (box[1], box[3])))
    return line * across + column


def run(
    weights: dict[str, torch.Tensor], tower: TowerShape, decoder: Shape, image: int, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores over the vocabulary at the wanted places `[n, vocabulary]`, and the vectors of the images."""
    from torch.nn import functional as F

    table = weights["language_model.model.embed_tokens.weight"]
    x = F.embedding(batch.ids, table)
    vectors = image_vectors(weights, tower, batch.pixels)
    x = x.masked_scatter((batch.ids == image)[..., None], vectors.flatten(0, 1))
    language = {name.removeprefix("language_model."): weight for name, weight in weights.items() if "language" in name}
    states = states_of(language, decoder, x)
    return states[batch.wanted[0], batch.wanted[1]] @ table.T, vectors


def seen_loss(head: torch.Tensor, vectors: torch.Tensor, batch: Batch) -> torch.Tensor:
    """How badly a linear layer finds the objects in the vectors of images: is one here, of which kind, in which box.

    It makes the tower learn to see from every object of every image, and not from one box a row. The layer is thrown away.
    """
    import torch
    from torch.nn import functional as F

    found = vectors @ head.T
    there = torch.zeros(found.shape[:2])
    there[batch.here[0], batch.here[1]] = 1.0
    at = found[batch.here[0], batch.here[1]]
    count = len(KINDS)
    return (
        F.binary_cross_entropy_with_logits(found[..., 0], there)
        + F.cross_entropy(at[:, 1 : 1 + count], batch.kinds)
        + 4 * F.l1_loss(at[:, 1 + count :], batch.boxes)
    )


def soft_targets(tokenizer: Any, vocabulary: int) -> torch.Tensor:
    """What is to be learned for each token id: itself, or for a coordinate also its neighbours."""
    import torch

    from medspec.demo.vision.scenes import SIZE

    table = torch.eye(vocabulary)
    numbers = torch.arange(SIZE + 1, dtype=torch.float32)
    near = torch.softmax(-0.5 * ((numbers[:, None] - numbers) / _SPREAD) ** 2, dim=1)
    for blank in ("", "\u0120"):
        ids = torch.tensor([tokenizer.token_to_id(f"{blank}{number}") for number in range(SIZE + 1)])
        table[ids[:, None], ids] = near
    return table


def overlaps(
    weights: dict[str, torch.Tensor], tower: TowerShape, decoder: Shape, tokenizer: Any, rows: Rows[Sequence]
) -> float:
    """The mean intersection over union of the likeliest coordinates, each after the true ones: a view of training only."""
    import torch

    batch = make_batch(tokenizer, rows, tower)
    with torch.no_grad():
        best = run(weights, tower, decoder, tokenizer.token_to_id(IMAGE), batch)[0].argmax(dim=-1)
    words = [tokenizer.id_to_token(id).lstrip("\u0120") for id in best.tolist()]
    steps = len(words) // len(rows)
    total = 0.0
    for at, row in enumerate(rows):
        said = [int(word) if word.isdigit() else 0 for word in words[at * steps : (at + 1) * steps][1:8:2]]
        total += _overlap(said, row.answer)
    return total / len(rows)


def _overlap(one: Rows[int], other: Rows[int]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(wide, 0) * max(high, 0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return shared / (areas - shared) if areas > shared else 0.0


def train(weights: dict[str, torch.Tensor], tower: TowerShape, decoder: Shape, tokenizer: Any, *, steps: int) -> None:
    """Change `weights` by so many steps of rows from all tasks. Prints how held-out rows go about twenty times."""
    import numpy as np
    import torch
    from torch.nn import functional as F

    from medspec.demo.muon import Muon

    matrices = [name for name, weight in weights.items() if weight.ndim == 2 and "embed" not in name]
    muon = Muon([weights[name] for name in matrices], rate=0.0)
    head = torch.zeros(1 + len(KINDS) + 4, decoder.width, requires_grad=True)
    others = [weight for name, weight in weights.items() if name not in matrices]
    adam = torch.optim.AdamW([*others, head], betas=(0.9, 0.98), weight_decay=0)
    targets, image = soft_targets(tokenizer, decoder.vocabulary), tokenizer.token_to_id(IMAGE)
    rng, tests = np.random.default_rng([SEED, 1]), np.random.default_rng([SEED, 2])
    held = {name: [make(tests) for _ in range(40)] for name, make in TASKS.items()}
    started = time.time()
    for step in range(steps):
        scale = min(1.0, (step + 1) / _WARM_UP, 1.5 * (1 - step / steps))
        muon.rate, adam.param_groups[0]["lr"] = 0.02 * scale, 0.002 * scale
        total = sight = 0.0
        for make in TASKS.values():
            batch = make_batch(tokenizer, [make(rng) for _ in range(ROWS)], tower)
            logits, vectors = run(weights, tower, decoder, image, batch)
            loss, seen = F.cross_entropy(logits, targets[batch.targets]), seen_loss(head, vectors, batch)
            torch.autograd.backward(loss + seen)
            total, sight = total + loss.item(), sight + seen.item()
        muon.step()
        adam.step()
        adam.zero_grad()
        if (step + 1) % max(1, steps // 20) == 0:
            scores = {name: round(overlaps(weights, tower, decoder, tokenizer, rows), 2) for name, rows in held.items()}
            losses = f"loss {total / len(TASKS):.2f} and {sight / len(TASKS):.2f}"
            print(f"step {step + 1:,}, {time.time() - started:.0f} s, {losses}: {scores}", flush=True)


def main() -> None:
    """Train and write the model folder."""
    import torch

    from medspec.demo.vision.model_folder import write_folder

    parser = argparse.ArgumentParser(description="train the demonstration model of grounding")
    parser.add_argument("folder", nargs="?", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    tokenizer = make_tokenizer()
    tower, decoder = TowerShape(), decoder_shape(tokenizer.get_vocab_size())
    weights = new_model(tower, decoder, SEED)
    train(weights, tower, decoder, tokenizer, steps=arguments.steps)
    done = {name: weight.detach() for name, weight in weights.items()}
    write_folder(arguments.folder, tower, decoder, done, tokenizer, steps=arguments.steps)
    print(f"wrote {arguments.folder}")


if __name__ == "__main__":
    main()
