"""Train the demonstration language model from scratch and write it as an ONNX model folder.

    python -m medspec.demo.train_text [FOLDER] [--steps N]        default folder: medspec/demo/text_model

Needs the `dev` extras. One thread, minutes on one slow core. The same machine writes the same bytes every time; another
kind of processor rounds differently and ends with a slightly different model.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from medspec.demo.lessons import Lesson, make_lessons, sample_texts
from medspec.demo.make_data import DEMO_TASKS, make_rows
from medspec.demo.network import Shape, hidden_states, logits_of, new_weights
from medspec.demo.prompts import TaskText, task_texts
from medspec.demo.words import END_ID, PAD_ID, train_tokenizer

if TYPE_CHECKING:
    import torch

MODEL_FOLDER = Path(__file__).parent / "text_model"
SEED = 1
STEPS = 420
TEXT_SHARES = {"note_question": 2.0}
"""The weight of the loss over a lesson's own text, beside that over its reply."""
_WARM_UP = 20
_NO_TARGET = -100


@attrs.frozen(kw_only=True)
class Batch:
    """Token ids `[rows, length]`, padded on the right, and the next token to learn at each place (-100: none)."""

    ids: torch.Tensor
    targets: torch.Tensor


def make_batch(tokenizer: Any, lessons: Sequence[Lesson]) -> Batch:
    """Prompt, reply and end token of every lesson; only the reply and the end are to be learned."""
    import torch

    prompts = [encoding.ids for encoding in tokenizer.encode_batch([prompt for prompt, _ in lessons])]
    replies = [[*encoding.ids, END_ID] for encoding in tokenizer.encode_batch([reply for _, reply in lessons])]
    length = max(len(prompt) + len(reply) for prompt, reply in zip(prompts, replies, strict=True)) - 1
    ids = torch.full((len(lessons), length), PAD_ID)
    targets = torch.full((len(lessons), length), _NO_TARGET)
    for row, (prompt, reply) in enumerate(zip(prompts, replies, strict=True)):
        whole = prompt + reply
        ids[row, : len(whole) - 1] = torch.tensor(whole[:-1])
        targets[row, len(prompt) - 1 : len(whole) - 1] = torch.tensor(reply)
    return Batch(ids=ids, targets=targets)


def accuracy(weights: dict[str, torch.Tensor], shape: Shape, tokenizer: Any, lessons: Sequence[Lesson]) -> float:
    """The share of lessons whose whole reply, end included, is the likeliest at every place."""
    import torch

    batch = make_batch(tokenizer, lessons)
    asked = batch.targets != _NO_TARGET
    with torch.no_grad():
        best = logits_of(weights, hidden_states(weights, shape, batch.ids)).argmax(dim=-1)
    return float(((best == batch.targets) | ~asked).all(dim=1).double().mean())


def train(shape: Shape, tokenizer: Any, texts: dict[str, TaskText], *, steps: int) -> dict[str, torch.Tensor]:
    """Weights after so many steps. Prints how it goes on held-out rows about ten times."""
    import torch
    from torch.nn import functional as F

    from medspec.demo.muon import Muon

    weights = new_weights(shape, SEED)
    matrices = [name for name, weight in weights.items() if weight.ndim == 2 and "embed" not in name]
    muon = Muon([weights[name] for name in matrices], rate=0.0)
    adam = torch.optim.AdamW(
        [w for name, w in weights.items() if name not in matrices], betas=(0.9, 0.98), weight_decay=0
    )
    rng = random.Random(f"{SEED} lessons")
    tests = {name: list(_file_lessons(texts, name, "test")) for name in texts}
    started = time.process_time()
    for step in range(steps):
        progress = step / steps
        scale = min(1.0, (step + 1) / _WARM_UP, 2 * (1 - progress))
        muon.rate, adam.param_groups[0]["lr"] = 0.02 * scale, 0.003 * scale
        for task in DEMO_TASKS:
            batch = make_batch(tokenizer, make_lessons(rng, texts, task))
            asked = batch.targets != _NO_TARGET
            states = hidden_states(weights, shape, batch.ids)
            loss = F.cross_entropy(logits_of(weights, states[asked]), batch.targets[asked])
            if task.name in TEXT_SHARES:
                # To guess the words of a note is to look back at earlier ones: what the question needs too.
                following = batch.ids[:, 1:]
                read = following != PAD_ID
                text = F.cross_entropy(logits_of(weights, states[:, :-1][read]), following[read])
                loss = loss + TEXT_SHARES[task.name] * text
            torch.autograd.backward(loss)
        muon.step()
        adam.step()
        adam.zero_grad()
        if (step + 1) % max(1, steps // 10) == 0 or step + 1 == steps:
            scores = {name: round(accuracy(weights, shape, tokenizer, rows), 3) for name, rows in tests.items()}
            print(f"step {step + 1:,}, {time.process_time() - started:.0f} s: held out {scores}", flush=True)
    return {name: weight.detach() for name, weight in weights.items()}


def _file_lessons(texts: dict[str, TaskText], name: str, split: str) -> Iterator[Lesson]:
    task = next(task for task in DEMO_TASKS if task.name == name)
    for row in make_rows(task, split):
        yield texts[name].prompt(row), texts[name].reply(row)


def main() -> None:
    """Train, write the model folder, and compare the graph with the network it was made from."""
    import torch

    from medspec.demo.model_folder import write_folder

    parser = argparse.ArgumentParser(description="train the demonstration language model")
    parser.add_argument("folder", nargs="?", type=Path, default=MODEL_FOLDER)
    parser.add_argument("--steps", type=int, default=STEPS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    texts = task_texts()
    tokenizer = train_tokenizer(sample_texts(texts, rounds=20, seed=SEED), size=Shape().vocabulary)
    shape = Shape(vocabulary=tokenizer.get_vocab_size())
    weights = train(shape, tokenizer, texts, steps=arguments.steps)
    scores = {name: accuracy(weights, shape, tokenizer, list(_file_lessons(texts, name, "test"))) for name in texts}
    write_folder(arguments.folder, shape, weights, tokenizer, scores=scores, steps=arguments.steps)
    print(f"wrote {arguments.folder}")


if __name__ == "__main__":
    main()
