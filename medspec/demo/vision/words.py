"""The tokenizer of the grounding model: whole words, whole numbers, and a token for images.

Every word of the questions, every coordinate with and without a blank before it. Cutting and joining are those of
byte-level tokenizers, so text comes back as it was.
"""

from __future__ import annotations

from typing import Any

from medspec.demo.vision.scenes import KINDS, SIZE
from medspec.demo.words import END, END_ID, PAD

IMAGE = "<image>"
UNKNOWN = "<unknown>"

_TEXTS = (
    "Locate the difference of the two images.",
    "The marked object is the same in all views. Locate it in the first second third fourth image.",
    "Follow the marked object. Locate it in the fourth image.",
    "Locate the object of the first image in the second image.",
    "Locate the first second third fourth region in the source image.",
    "Locate the marked object of the first image in the second image.",
    "\nAnswer: [0, 0, 0, 0]",
)


def make_tokenizer() -> Any:
    """A tokenizer of the `tokenizers` library. The ids of `PAD` and `END` are those of the text model."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    cut = pre_tokenizers.ByteLevel(add_prefix_space=False)
    numbers = [f"{blank}{number}" for blank in ("", " ") for number in range(SIZE + 1)]
    texts = [*_TEXTS, *numbers, *(f"{kind} {kind}" for kind in KINDS)]
    words = [word for text in texts for word, _ in cut.pre_tokenize_str(text)]
    vocabulary = {word: at for at, word in enumerate(dict.fromkeys([PAD, END, UNKNOWN, IMAGE, *words]))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = cut
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(word, special=True) for word in (PAD, END, UNKNOWN, IMAGE)])
    assert tokenizer.token_to_id(END) == END_ID
    return tokenizer


def prompt_of(images: int, question: str) -> str:
    """What the model is asked, as the spec writes it."""
    return f"{IMAGE * images}\n{question}\nAnswer:"


def reply_of(box: tuple[int, ...]) -> str:
    """What it learns to say: the box in pixels."""
    return f" [{box[0]}, {box[1]}, {box[2]}, {box[3]}]"
