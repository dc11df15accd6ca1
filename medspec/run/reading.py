"""From one reply to one typed answer, of the model under test or of a judge."""

from __future__ import annotations

from typing import Any

from medspec.backends.base import Reply
from medspec.errors import InternalError
from medspec.plan.nodes import Read
from medspec.plan.speak import type_in
from medspec.readers import find_reader
from medspec.readers.base import Unread
from medspec.run.speech import Sizes, from_model, reply_text

FAILED = "failed"
"""The reason of an answer that could not be read because there is no reply."""

REFUSED = "refused"


def read_reply(reply: Reply, read: Read, row: dict[str, Any], sizes: Sizes | None = None) -> Any:
    """The typed answer in one reply, or `Unread`. Never raises for a reply.

    `sizes` are those of the row's images, for models that write boxes in another frame than the answer's.
    """
    reader = find_reader(read.reader.name)
    if reader is None:
        raise InternalError(f"there is no reader `{read.reader.name}`")
    settings = dict(read.reader.settings)
    if reply.failure is not None:
        return Unread(FAILED, reply.text)
    if reply.finish == "refused":
        return Unread(REFUSED, reply.text)
    if reader.asks == "logits":
        if reply.scores is None or reader.decode_scores is None:
            return Unread("needs_scores", reply.text)
        return reader.decode_scores(reply.scores, read.reader.answer, row, settings)
    type_, dialect = read.reader.answer, read.dialect
    text = reply_text(reply.text, dialect)
    if dialect is None or dialect.boxes is None or sizes is None:
        return reader.decode(text, type_, row, settings)
    answer = reader.decode(text, type_in(type_, dialect.boxes), row, settings)
    return from_model(answer, reply.text, type_, dialect.boxes, row, sizes)
