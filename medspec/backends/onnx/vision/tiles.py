"""Images in tiles, as the Idefics3 family shows them: every tile behind a mark of its row and column, the whole image last.

An image of one row and two columns of tiles, with two vectors each, stands in a prompt as

    <fake_token_around_image><row_1_col_1>..<fake_token_around_image><row_1_col_2>..\\n
    \\n<fake_token_around_image><global-img>..<fake_token_around_image>

and one that was not cut as the last line without its line's end. Marks that are no tokens of the tokenizer are cut into pieces
like any text, as transformers does. Refuses an encoder that gives other vectors than the folder says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from medspec.errors import BackendError

if TYPE_CHECKING:
    from medspec.backends.onnx.tokens import Tokens
    from medspec.backends.onnx.vision.features import Placed

FAMILIES = ("idefics3", "smolvlm")
"""Values of `model_type` whose images are cut into tiles."""

_AROUND = "fake_image_token", "<fake_token_around_image>"
_WHOLE = "global_image_token", "<global-img>"


@attrs.frozen(kw_only=True)
class Marks:
    """The texts of the marks. `places` is how many vectors a tile has, where processor_config.json says so."""

    image: str
    image_id: int
    around: str
    whole: str
    places: int | None
    tokens: Tokens
    _known: dict[tuple[int, int], tuple[int, ...]] = attrs.field(factory=dict)

    def placed(self, image: Placed) -> list[int]:
        """The ids of an image with its marks. Raises `BackendError` where its vectors do not share out over its tiles."""
        assert image.tiles is not None, "every processor of these families tells tiles"
        layout = self._layout(image.tiles)
        tiles = layout.count(self.image_id)
        each = image.count // tiles
        if each * tiles != image.count or each != (self.places or each):
            wanted = "" if self.places is None else f" of {self.places:,}, as image_seq_len says"
            raise BackendError(
                f"{image.picture.path}: the vision encoder gives {image.count:,} vectors for {tiles} tiles{wanted}"
            )
        ids, found = iter(image.ids), []
        for id in layout:
            found += [next(ids) for _ in range(each)] if id == self.image_id else [id]
        return found

    def _layout(self, tiles: tuple[int, int]) -> tuple[int, ...]:
        """The marks of an image of so many rows and columns, with one image token for each tile."""
        if tiles not in self._known:
            # Added tokens end what stands before them, so that a mark is cut alike wherever it stands.
            self._known[tiles] = tuple(self.tokens.encode(self._text(*tiles), chat=True))
        return self._known[tiles]

    def _text(self, rows: int, columns: int) -> str:
        lines = [
            "".join(f"{self.around}<row_{row + 1}_col_{column + 1}>{self.image}" for column in range(columns)) + "\n"
            for row in range(rows)
        ]
        return "".join(lines) + "\n" * bool(lines) + f"{self.around}{self.whole}{self.image}{self.around}"


def find_marks(image: tuple[int, str], tokens: Tokens, settings: Sequence[Mapping[str, Any]], folder: object) -> Marks:
    """The marks that a model's files name, else those of the family.

    `settings` are those of processor_config.json and of tokenizer_config.json. Raises `BackendError` for a tokenizer without
    the mark that stands around images.
    """
    processor, tokenizer = settings
    around, whole = (_named(tokenizer, *one) for one in (_AROUND, _WHOLE))
    if tokens.special_id(around) is None:
        raise BackendError(f"{folder}: `{around}`, which stands around images, is no special token of the tokenizer")
    places = processor.get("image_seq_len")
    return Marks(
        image=image[1],
        image_id=image[0],
        around=around,
        whole=whole,
        places=places if isinstance(places, int) and places > 0 else None,
        tokens=tokens,
    )


def _named(tokenizer: Mapping[str, Any], name: str, usual: str) -> str:
    """A token by its name in tokenizer_config.json, which writes it in one of two places and two forms."""
    for place in (tokenizer, tokenizer.get("extra_special_tokens"), tokenizer.get("model_specific_special_tokens")):
        found = place.get(name) if isinstance(place, Mapping) else None
        if isinstance(found, Mapping):
            found = found.get("content")
        if isinstance(found, str) and found:
            return found
    return usual
