"""From one reply to one typed answer, of the model under test or of a judge."""

from __future__ import annotations

from typing import Any

from medspec.backends.base import Reply
from medspec.errors import InternalError
from medspec.plan.nodes import Read
from medspec.readers import find_reader
from medspec.readers.base import Unread

FAILED = "failed"
"""The reason of an answer that could not be read because there is no reply."""

REFUSED = "refused"


def read_reply(reply: Reply, read: Read, row: dict[str, Any]) -> Any:
    """The typed answer in one reply, or `Unread`. Never raises for a reply."""
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
    return reader.decode(reply.text, read.reader.answer, row, settings)
