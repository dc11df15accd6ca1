"""The tokenizer of the demonstration model: byte-level BPE over its own few hundred words, digits one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

PAD, END = "<|pad|>", "<|end|>"
PAD_ID, END_ID = 0, 1


def train_tokenizer(texts: Sequence[str], *, size: int) -> Any:
    """A `tokenizers.Tokenizer` with at most `size` tokens. It adds no token of its own accord, and has no unknown one."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    # Single digits, so that ages never seen in training are still made of known parts.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=[PAD, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sorted(set(texts)), trainer)
    return tokenizer
