"""What moderators decided, as labels to learn from: of messages, of authors, of chats.

A message that is evidence of a case counts as found, unless a person let it go or said that it is
ordinary; an author as found with any of their messages; a chat as its case was decided. What
nothing was found in has no text any more, so it labels chats and no messages: ordinary traffic is
what negatives are taken from. Names of accounts leave as keyed pseudonyms. Read by
`breakwater comments labels`; tests: `tests/contract/test_comment_labels.py`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, TextIO

from breakwater.errors import NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.chat import Chat, KeptComment, KeptState
from breakwater.model.ids import Id
from breakwater.records import cases, chat_alarms, chats, decisions, kept_comments
from breakwater.records.database import Database, Tx

PAGE: Final = 500
MARKED: Final = "comment_label"
LET_GO: Final = "comments_released"
"""Steps in a case's history that speak of single comments."""

NAME: Final = 16
"""Hex digits of a pseudonym that are written: accounts of one service stay apart."""

Row = dict[str, Any]


class LabelOf(StrEnum):
    """What is labelled."""

    MESSAGE = "message"
    AUTHOR = "author"
    STREAM = "stream"


class Labels:
    """What people say of single comments, and all of it as rows."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def mark(self, who: Principal, stream: Id, comment: Id, *, found: bool) -> None:
        """Say of a comment that is kept of a broadcast's chat whether it is what is looked for.

        Raises:
            NotAllowed: not by this role.
            NotFound: it is not kept of this chat, or it is in no case.
        """
        with self._db.transaction() as tx:
            chat = chats.of_stream(tx, stream)
            _mark(tx, who, None if chat is None else chat.id, comment, found=found)

    def mark_of(self, who: Principal, chat: Id, comment: Id, *, found: bool) -> None:
        """The same of any chat, of a post, profile or conversation too.

        Raises:
            NotAllowed: not by this role.
            NotFound: it is not kept of this chat, or it is in no case.
        """
        with self._db.transaction() as tx:
            _mark(tx, who, chat, comment, found=found)

    def write(self, by: Principal, sink: TextIO, of: LabelOf = LabelOf.MESSAGE) -> int:
        """Write labels as CSV with a line of names; answers how many rows.

        Args:
            by: who takes them out; written to the audit log.
            sink: a text file.
            of: messages in the form that `breakwater comments train` reads, authors, or chats.
        """
        fields, rows = _FORMS[of]
        writer = csv.DictWriter(sink, fields)
        writer.writeheader()
        count = 0
        with self._db.read() as tx:
            for row in rows(tx):
                writer.writerow(row)
                count += 1
        with self._db.transaction() as tx:
            tx.audit(by.id, "comments.export", "comments", rows=count, of=of.value)
        return count


def _mark(tx: Tx, who: Principal, chat: Id | None, comment: Id, *, found: bool) -> None:
    if who.person is None or not who.may(Permission.CASE_DECIDE):
        raise NotAllowed("Comments are labelled by people whose role allows it.")
    tx.lock_changes()
    one = kept_comments.get(tx, comment)
    if one.chat != chat or one.case is None:
        raise NotFound(f"comment {comment}")
    cases.note(tx, one.case, by=who.person, what=MARKED, comment=comment, found=found)
    tx.audit(who.person, "comment.label", comment, found=found, case=one.case)


def _preserved(tx: Tx) -> Iterator[tuple[Chat, KeptComment, bool]]:
    """Comments that are evidence, with their chat and whether they count as found."""
    known: dict[Id, Chat] = {}
    said: dict[Id, Mapping[str, bool]] = {}
    after: Id | None = None
    while some := kept_comments.page(tx, KeptState.PRESERVED, after=after, limit=PAGE):
        for one in some:
            chat = known.get(one.chat) or chats.get(tx, one.chat)
            known[one.chat] = chat
            if one.case is not None and one.case not in said:
                said[one.case] = _marks(tx, one.case)
            found = said[one.case].get(one.id, True) if one.case is not None else True
            yield chat, one, found
        after = some[-1].id


def _marks(tx: Tx, case: Id) -> dict[str, bool]:
    """What people said of single comments of a case; the last word counts."""
    said: dict[str, bool] = {}
    for step in cases.history(tx, case):
        if step.what == MARKED:
            said[str(step.facts["comment"])] = bool(step.facts["found"])
        elif step.what == LET_GO:
            said |= dict.fromkeys(map(str, step.facts["comments"]), False)
    return said


def _author(tx: Tx, chat: Chat, author: str) -> str:
    key = kept_comments.author_key(tx, chat.service, author)
    return "" if key is None else key.hex()[:NAME]


def _messages(tx: Tx) -> Iterator[Row]:
    for chat, one, found in _preserved(tx):
        yield {
            "text": _plain(one.text), "label": int(found), "group": one.case or chat.id,
            "ts": one.at.isoformat(), "lang": "" if chat.lang == "und" else chat.lang,
            "stream": chat.id, "author": _author(tx, chat, one.author),
        }  # fmt: skip


def _authors(tx: Tx) -> Iterator[Row]:
    sums: dict[tuple[str, str, str], list[float]] = {}
    for chat, one, found in _preserved(tx):
        key = (_author(tx, chat, one.author), str(one.case or chat.id), chat.id)
        row = sums.setdefault(key, [0.0, 0.0, 0.0])
        row[0] = max(row[0], float(found))
        row[1] += 1
        row[2] += one.nats
    for (author, group, stream), (most, count, nats) in sums.items():
        yield {
            "author": author, "label": int(most), "group": group, "stream": stream,
            "messages": int(count), "nats": round(nats, 3),
        }  # fmt: skip


def _streams(tx: Tx) -> Iterator[Row]:
    before: Id | None = None
    while some := chats.page(tx, before=before, limit=PAGE):
        for chat in some:
            alarms = [one for one in chat_alarms.of_chat(tx, chat.id, PAGE) if one.case is not None]
            for case in dict.fromkeys(one.case for one in alarms):
                said = None if case is None else decisions.standing(tx, case)
                if said is None or not said.kind.ends:
                    continue
                mine = [one for one in alarms if one.case == case]
                yield {
                    "stream": chat.id, "label": int(said.kind.keeps), "group": case,
                    "ts": said.at.isoformat(), "lang": "" if chat.lang == "und" else chat.lang,
                    "band": chat.band, "alarms": len(mine),
                    "evidence": round(max(one.evidence for one in mine), 3),
                }  # fmt: skip
        before = some[-1].id


def _plain(text: str) -> str:
    """As a file of UTF-8 can hold it."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


_FORMS: Final[Mapping[LabelOf, tuple[tuple[str, ...], Callable[[Tx], Iterator[Row]]]]] = {
    LabelOf.MESSAGE: (("text", "label", "group", "ts", "lang", "stream", "author"), _messages),
    LabelOf.AUTHOR: (("author", "label", "group", "stream", "messages", "nats"), _authors),
    LabelOf.STREAM: (
        ("stream", "label", "group", "ts", "lang", "band", "alarms", "evidence"), _streams,
    ),
}  # fmt: skip
