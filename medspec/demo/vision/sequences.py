"""Rows of the eight grounding tasks, made of invented scans: images in order, a question, and the one box that answers it.

The tasks are those of MedSG-Bench in small. Every maker takes a random generator and gives a `Sequence`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from medspec.demo.vision.scenes import (
    KINDS,
    SIZE,
    Box,
    Scene,
    draw,
    make_ground,
    make_scene,
    make_thing,
    mark,
    overlap,
)

if TYPE_CHECKING:
    import numpy

    from medspec.demo.vision.scenes import Image, Thing

ORDINALS = ("first", "second", "third", "fourth")
_SHIFT = 5


@attrs.frozen(kw_only=True)
class Sequence:
    """One row. `target` is the place of the image, from 0, that `answer` lies in; `reference` the marked box of the first.

    `things` are the objects of each image, for training to look at; () where an image shows only a piece.
    """

    images: tuple[Image, ...]
    question: str
    answer: Box
    target: int
    things: tuple[tuple[Thing, ...], ...]
    reference: Box | None = None


def registered_difference(rng: numpy.random.Generator) -> Sequence:
    """Two images that are equal but for one object."""
    return _difference(rng, shift=0)


def shifted_difference(rng: numpy.random.Generator) -> Sequence:
    """The same, the second image moved by a few pixels; the object is in the second."""
    return _difference(rng, shift=_SHIFT)


def multi_view(rng: numpy.random.Generator) -> Sequence:
    """Three views of a body; the object of one kind is marked in the first and looked for in another."""
    kind, *others = _kinds(rng, 3)
    views = [make_scene(rng, (kind, *others)) for _ in range(3)]
    target = int(rng.integers(1, 3))
    question = f"The marked object is the same in all views. Locate it in the {ORDINALS[target]} image."
    return _marked(views, target, question)


def object_tracking(rng: numpy.random.Generator) -> Sequence:
    """Four frames in which two objects move; the one that is marked in the first is looked for in the last."""
    kinds = _kinds(rng, 2)
    while True:
        first = make_scene(rng, tuple(kinds), margin=2)
        moves = rng.integers(-3, 4, (2, 2))
        frames = [_moved(first, moves * step) for step in range(4)]
        if all(_fits(frame) for frame in frames):
            break
    return _marked(frames, 3, "Follow the marked object. Locate it in the fourth image.")


def concept(rng: numpy.random.Generator) -> Sequence:
    """An object cut out, and a scan that shows it among others."""
    scene = make_scene(rng, tuple(_kinds(rng, 3)))
    cut = make_ground(rng) * 0
    draw(cut, scene.things[0])
    question = "Locate the object of the first image in the second image."
    things = (scene.things[:1], scene.things)
    return Sequence(images=(cut, scene.drawn()), question=question, answer=scene.things[0].box, target=1, things=things)


def patch(rng: numpy.random.Generator) -> Sequence:
    """A scan and two of its regions; one of them is looked for."""
    scene = make_scene(rng, tuple(_kinds(rng, 3)))
    source = scene.drawn()
    regions = [_around(rng, thing) for thing in scene.things[:2]]
    crops = tuple(_enlarged(source, region) for region in regions)
    asked = int(rng.integers(0, 2))
    question = f"Locate the {ORDINALS[asked]} region in the source image."
    things: tuple[tuple[Thing, ...], ...] = (scene.things, (), ())
    return Sequence(images=(source, *crops), question=question, answer=regions[asked], target=0, things=things)


def cross_modal(rng: numpy.random.Generator) -> Sequence:
    """Two scans of one body in opposite brightness; an object is marked in the first."""
    scene = make_scene(rng, tuple(_kinds(rng, 3)))
    right, down = (int(by) for by in rng.integers(-3, 4, 2))
    other = _moved(scene, [[right, down]] * 3)
    images = [scene.drawn(), 1.0 - other.drawn()]
    mark(images[0], scene.things[0].box)
    question = "Locate the marked object of the first image in the second image."
    return Sequence(
        images=tuple(images),
        question=question,
        answer=other.things[0].box,
        target=1,
        things=(scene.things, other.things),
        reference=scene.things[0].box,
    )


def referring(rng: numpy.random.Generator) -> Sequence:
    """Three scans with different objects; one object is named, and nobody says which image it is in."""
    kinds = _kinds(rng, 6)
    scenes = [make_scene(rng, tuple(kinds[2 * place : 2 * place + 2])) for place in range(3)]
    target, which = int(rng.integers(0, 3)), int(rng.integers(0, 2))
    thing = scenes[target].things[which]
    return Sequence(
        images=tuple(scene.drawn() for scene in scenes),
        question=f"Locate the {thing.kind}.",
        answer=thing.box,
        target=target,
        things=tuple(scene.things for scene in scenes),
    )


TASKS: dict[str, Callable[[numpy.random.Generator], Sequence]] = {
    "registered_difference": registered_difference,
    "shifted_difference": shifted_difference,
    "multi_view": multi_view,
    "object_tracking": object_tracking,
    "concept": concept,
    "patch": patch,
    "cross_modal": cross_modal,
    "referring": referring,
}
"""The eight tasks in the order of the benchmark."""


def _kinds(rng: numpy.random.Generator, count: int) -> list[str]:
    return [str(kind) for kind in rng.permutation(KINDS)[:count]]


def _difference(rng: numpy.random.Generator, *, shift: int) -> Sequence:
    import numpy as np

    scene = make_scene(rng, (None, None), margin=8)
    while True:
        extra = make_thing(rng, margin=8)
        if not any(overlap(extra.box, thing.box) for thing in scene.things):
            break
    with_extra = attrs.evolve(scene, things=(*scene.things, extra))
    question = "Locate the difference of the two images."
    if shift:
        right, down = (int(by) for by in rng.integers(-shift, shift + 1, 2))
        moved = tuple(thing.moved(right, down) for thing in with_extra.things)
        images = (scene.drawn(), np.roll(with_extra.drawn(), (down, right), axis=(0, 1)))
        return Sequence(images=images, question=question, answer=moved[-1].box, target=1, things=(scene.things, moved))
    pair = [(scene.drawn(), scene.things), (with_extra.drawn(), with_extra.things)]
    target = int(rng.integers(0, 2))
    (one, one_things), (two, two_things) = pair if target else pair[::-1]
    return Sequence(
        images=(one, two), question=question, answer=extra.box, target=target, things=(one_things, two_things)
    )


def _marked(scenes: list[Scene], target: int, question: str) -> Sequence:
    images = [scene.drawn() for scene in scenes]
    reference = scenes[0].things[0].box
    mark(images[0], reference)
    return Sequence(
        images=tuple(images),
        question=question,
        answer=scenes[target].things[0].box,
        target=target,
        things=tuple(scene.things for scene in scenes),
        reference=reference,
    )


def _moved(scene: Scene, moves: object) -> Scene:
    pairs = [(int(right), int(down)) for right, down in moves]  # type: ignore[attr-defined]
    things = tuple(thing.moved(*pair) for thing, pair in zip(scene.things, pairs, strict=True))
    return attrs.evolve(scene, things=things)


def _fits(scene: Scene) -> bool:
    one, other = (thing.box for thing in scene.things)
    inside = all(min(box[:2]) >= 0 and max(box[2:]) <= SIZE for box in (one, other))
    return inside and not overlap(one, other)


def _around(rng: numpy.random.Generator, thing: Thing) -> Box:
    """A square of 24 to 32 pixels that holds the object."""
    side = int(rng.integers(24, 33))
    left, top, right, bottom = thing.box
    lowest, highest = (max(right - side, 0), max(bottom - side, 0)), (min(left, SIZE - side), min(top, SIZE - side))
    x = int(rng.integers(lowest[0], highest[0] + 1))
    y = int(rng.integers(lowest[1], highest[1] + 1))
    return x, y, x + side, y + side


def _enlarged(source: Image, region: Box) -> Image:
    """A region at the size of a whole image, every pixel repeated as its neighbours are."""
    import numpy as np

    left, top, right, bottom = region
    rows = top + np.arange(SIZE) * (bottom - top) // SIZE
    columns = left + np.arange(SIZE) * (right - left) // SIZE
    return source[np.ix_(rows, columns)]
