"""Messages that are held and belong to no case, from records: where, how heavy, by what.

Who wrote stands nowhere; what was written only once it was asked for. Read by `held`; the live wall
and the queue say how many there are.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.access import Permission
from breakwater.model.chat import Chat, KeptComment
from breakwater.model.ids import Id
from breakwater.records import chats, kept_comments, streams
from breakwater.records.database import Tx
from breakwater.web.pages import chat_words, words
from breakwater.web.pages.models_chat import CommentRow, HeldRow, HeldView
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.speech import figure

ROWS: Final = 60


def count(tx: Tx) -> int:
    """How many wait for somebody to look."""
    return kept_comments.count_alone(tx)


def view(look: Look, *, shown: bool) -> HeldView:
    """The page; `shown` puts in what was written."""
    some = kept_comments.alone(look.tx, ROWS)
    about = {id_: chats.get(look.tx, id_) for id_ in {one.chat for one in some}}
    return HeldView(
        rows=tuple(_row(look.tx, one, about[one.chat], shown=shown) for one in some),
        more=max(0, count(look.tx) - len(some)),
        shown=shown,
        may=look.may(Permission.CASE_DECIDE),
        lets_go=look.may(Permission.STREAM_CONTROL),
    )


def listed(tx: Tx) -> dict[Id, int]:
    """How many messages of which chat the page lists."""
    some = kept_comments.alone(tx, ROWS)
    return {id_: sum(one.chat == id_ for one in some) for id_ in {one.chat for one in some}}


def _row(tx: Tx, one: KeptComment, chat: Chat, *, shown: bool) -> HeldRow:
    label = streams.get(tx, chat.stream).label if chat.stream else ""
    said = CommentRow(
        id=one.id, author="", at=words.at(one.at), nats=figure(one.nats, "0.0"),
        by=tuple(chat_words.share(share) for share in one.by), held=True, removed=False,
        said=one.text if shown else "",
    )  # fmt: skip
    return HeldRow(
        comment=said, where=label or chat_words.WRITTEN_TO[chat.kind], service=chat.service,
        url=f"/live?at={label}" if label else "",
    )  # fmt: skip
