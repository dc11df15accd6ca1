"""Dialects: what a family of models expects of a prompt, and how its replies are cleaned.

    dialect qwen2_5_vl {
      boxes        = box(xyxy, pixel, resized: 28)
      box_text     = "<|box_start|>({x1},{y1}),({x2},{y2})<|box_end|>"
      suffix       = "Output only the coordinates."
      strip_before = "</think>"
    }

A frame is declared and never guessed from the size of a number: 0.5 may be half of an image or half a pixel.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from medspec.check.arguments import Rule, read_arguments
from medspec.check.judge_specs import DialectSpec
from medspec.check.setting_blocks import read_settings, settings_in
from medspec.plan.judge_nodes import BoxForm, Dialect
from medspec.readers.boxes import STYLES
from medspec.syntax import tree
from medspec.text.diagnostic import Report
from medspec.types.box import FRAMES, ORDERS

if TYPE_CHECKING:
    from medspec.check.checker import Checker
    from medspec.check.scope import Scope

ALL_ORDERS = (*ORDERS, "yxyx")
"""Orders that models use: those of data, and top, left, bottom, right."""

HOLES = {
    "xyxy": ("x1", "y1", "x2", "y2"),
    "yxyx": ("x1", "y1", "x2", "y2"),
    "xywh": ("x", "y", "width", "height"),
    "cxcywh": ("x", "y", "width", "height"),
}
"""What the four numbers of a box are called in `box_text`."""

_BOX = (
    Rule("order", "word", choices=ALL_ORDERS),
    Rule("frame", "word", choices=FRAMES),
    Rule("resized", "int", None, low=1),
    Rule("min_pixels", "int", None, low=1),
    Rule("max_pixels", "int", None, low=1),
)
_RULES = (
    Rule("box_text", "text", None),
    Rule("decimals", "int", None, low=0, high=10),
    Rule("image", "text", None),
    Rule("images", "word", "inline", ("inline", "first")),
    Rule("suffix", "text", ""),
    Rule("strip_before", "text", None),
    Rule("box_style", "word", None, STYLES),
    Rule("temperature", "float", None, low=0),
    Rule("max_tokens", "int", None, low=1),
    Rule("stop", "texts", None),
)
_SETTINGS = ("boxes", "boxes_in", "replace", *(rule.name for rule in _RULES))


def check_dialect(declaration: tree.DialectDecl, checker: Checker, scope: Scope) -> DialectSpec | None:
    report = scope.report
    settings = settings_in(declaration.settings, _SETTINGS, "a dialect", report)
    before = len(report.found)
    found, _ = read_settings(settings, _RULES, report)
    boxes = _box(settings["boxes"].value, report) if "boxes" in settings else None
    hidden = _is_deleted(settings.get("boxes_in"))
    boxes_in = boxes
    if "boxes_in" in settings:
        boxes_in = None if hidden else _box(settings["boxes_in"].value, report)
    replace = _pairs(settings["replace"].value, report) if "replace" in settings else ()
    _check_texts(found, settings, boxes_in, hidden, report)
    if len(report.found) > before:
        return None
    node = Dialect(
        name=declaration.name.name, boxes=boxes, boxes_in=boxes_in, hide_boxes=hidden, replace=replace, **found
    )
    return DialectSpec(
        name=declaration.name.name,
        module=scope.module.name,
        place=declaration.name.place,
        doc=declaration.doc,
        node=node,
    )


def _pairs(value: tree.Value, report: Report) -> tuple[tuple[str, str], ...]:
    """`[["<|box_start|>", "<box>"], ...]`; () after reporting."""
    pairs = []
    for entry in value.entries if isinstance(value, tree.ListValue) else ():
        texts = entry.entries if isinstance(entry, tree.ListValue) else ()
        if len(texts) == 2 and isinstance(texts[0], tree.StringValue) and isinstance(texts[1], tree.StringValue):
            pairs.append((texts[0].text, texts[1].text))
    if not isinstance(value, tree.ListValue) or len(pairs) < len(value.entries) or not all(old for old, _ in pairs):
        helps = ['write `replace = [["<|box_start|>", "<box>"]]`']
        report.add("E0301", "`replace` needs a list of pairs of texts", value.place, helps=helps)
        return ()
    return tuple(pairs)


def _is_deleted(setting: tree.Setting | None) -> bool:
    value = None if setting is None else setting.value
    return isinstance(value, tree.Call) and value.arguments is None and value.path.dotted == "deleted"


def _box(value: tree.Value, report: Report) -> BoxForm | None:
    """`box(order, frame, resized: 28)`; None after reporting."""
    if not isinstance(value, tree.Call) or value.path.dotted != "box" or value.arguments is None:
        helps = ["write `box(xyxy, mille)`, or of pixels of a resized image `box(xyxy, pixel, resized: 28)`"]
        if isinstance(value, tree.Call):
            helps.append("`boxes_in = deleted` leaves boxes out of prompts")
        report.add("E0301", "a dialect's boxes need their order and frame", value.place, helps=helps)
        return None
    before = len(report.found)
    found: dict[str, Any] = read_arguments(value, _BOX, report)
    if len(report.found) > before:
        return None
    form = BoxForm(**found)
    limits = (form.min_pixels, form.max_pixels)
    if form.frame != "pixel" and (form.resized is not None or limits != (None, None)):
        label = (value.place, f"the frame `{form.frame}` is the same for every size")
        report.add("E0301", "only pixels depend on how an image is resized", label)
        return None
    if form.resized is None and limits != (None, None):
        helps = ["say to which multiples: `resized: 28`"]
        report.add("E0301", "limits of pixels are those of a resized image", value.place, helps=helps)
        return None
    if form.min_pixels is not None and form.max_pixels is not None and form.min_pixels > form.max_pixels:
        report.add("E0309", "`min_pixels` is larger than `max_pixels`", value.place)
        return None
    return form


def _check_texts(
    found: dict[str, Any],
    settings: dict[str, tree.Setting],
    boxes_in: BoxForm | None,
    hidden: bool,
    report: Report,
) -> None:
    """What boxes and images look like in a prompt: the holes are known, and none is missing."""
    for name in ("box_text", "decimals"):
        if name in settings and boxes_in is None and (hidden or "boxes_in" not in settings and "boxes" not in settings):
            why = "boxes are left out of prompts" if hidden else "the dialect does not say its `boxes`"
            report.add("E0301", f"`{name}` says how a box is written, and none is", (settings[name].place, why))
    if found["box_text"] is not None and boxes_in is not None:
        _check_holes(settings["box_text"], found["box_text"], HOLES[boxes_in.order], True, report)
    if found["image"] is not None:
        _check_holes(settings["image"], found["image"], ("n",), False, report)
    if found["strip_before"] == "":
        report.add("E0301", "`strip_before` needs a mark", settings["strip_before"].value.place)


def _check_holes(setting: tree.Setting, text: str, known: tuple[str, ...], all_needed: bool, report: Report) -> None:
    written = re.findall(r"\{(\w+)\}", text)
    wrong = [name for name in written if name not in known]
    missing = [name for name in known if name not in written] if all_needed else []
    if wrong or missing:
        title = f"`{{{wrong[0]}}}` is not filled in here" if wrong else f"this never writes `{{{missing[0]}}}`"
        helps = [f"it is filled with: {', '.join(f'{{{name}}}' for name in known)}"]
        report.add("E0301", title, setting.value.place, helps=helps)
