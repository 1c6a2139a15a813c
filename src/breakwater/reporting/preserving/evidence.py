"""What there is around a case, read in one snapshot: rows, bytes, and papers written from rows.

In: a case, decided or ordered to be kept. Out: `Evidence`: rows that are held where they stand
(uploads, the broadcast, chats, account data, reports), objects of the vault to be digested, papers
to be written (who watched, what was said, how the broadcast went), and gaps with their reasons.
A paper of the same facts is the same text, so that looking again adds only what is new. Read by
`keep`; tests: `tests/contract/test_preserving.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final

from breakwater.model.case import Case, CaseKind
from breakwater.model.chat import Chat
from breakwater.model.clock import iso
from breakwater.model.decision import DecisionKind, Outcome
from breakwater.model.hold import Kept
from breakwater.model.ids import Id
from breakwater.model.stream import Stream
from breakwater.model.upload import Upload
from breakwater.records import (
    accounts,
    cases,
    chat_alarms,
    chats,
    decisions,
    filings,
    kept_comments,
    received,
    stream_alerts,
    stream_orders,
    stream_people,
    streams,
    uploads,
    watch_acts,
)
from breakwater.records.database import Tx
from breakwater.records.hold_items import Thing

PAPER: Final = "paper"
"""`HoldItem.table` of a paper: written here for the hold, and destroyed with it."""

MOST: Final = 20_000
"""Comments that one paper holds."""

PICTURES: Final = {"preroll": Kept.PREROLL, "recording": Kept.RECORDING, "still": Kept.STILL}
"""What `enforcement` keeps of a stopped broadcast and shows something."""

WRITTEN: Final = {"viewers": Kept.VIEWERS, "comments": Kept.COMMENTS, "account": Kept.ACCOUNT}
NO_ACCOUNT: Final = "No account is known."
NO_DATA: Final = "The service has told nothing of this account."
NO_VIEWERS: Final = "The service told no viewers."
NO_COMMENTS: Final = "No comment of the broadcast was kept."
_LEFT_OUT: Final = frozenset({
    "change", "version", "viewers", "risk", "risks", "seen_at", "seen_share", "priority",
})  # fmt: skip
"""What changes without saying anything: a paper would be another each time it is looked at."""


@dataclass(frozen=True, slots=True)
class Media:
    """An object of the vault, before it is digested.

    Attributes:
        upload: whose bytes it is, where it is an upload's.
        sha256: as it was received, hexadecimal; empty: not known.
    """

    what: Kept
    name: str
    blob: Id
    since: datetime
    upload: Id | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """Facts to be written down, as JSON."""

    what: Kept
    name: str
    text: bytes
    since: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is around a case."""

    case: Case
    rows: tuple[Thing, ...]
    media: tuple[Media, ...]
    papers: tuple[Paper, ...]


def look(tx: Tx, case: Id) -> Evidence:
    """Read what there is.

    Raises:
        NotFound: no such case.
    """
    found = cases.get(tx, case)
    mine = _uploads(tx, found)
    stream = streams.find(tx, found.subject) if found.kind is CaseKind.STREAM else None
    talk = _chats(tx, found, stream)
    rows = [*locked(tx, found), *_account_rows(tx, found, stream, talk)]
    media = [*_media(mine), *_received(tx, case)]
    papers = [_upload_paper(tx, one) for one in mine]
    if stream is not None:
        for one in stream_orders.preserved(tx, stream.id):
            what = PICTURES.get(one.what) or WRITTEN.get(one.what)
            if what is not None and one.blob is not None:
                media.append(Media(what, f"{one.what} {one.detail}".strip(), one.blob, one.at))
            elif what is not None and one.gap:
                rows.append(Thing(what, stream.label, one.at, gap=one.gap))
        papers.append(_stream_paper(tx, stream))
        watched = _viewers_paper(tx, stream)
        papers += [watched] if watched else []
        if watched is None:
            rows.append(Thing(Kept.VIEWERS, stream.label, stream.started_at, gap=NO_VIEWERS))
    for chat in talk:
        said = _talk_paper(tx, found, chat)
        papers += [said] if said else []
        if said is None and chat.messages:
            rows.append(Thing(_talk(chat), "chat", chat.began_at, gap=NO_COMMENTS))
    return Evidence(found, tuple(rows), tuple(media), tuple(papers))


def locked(tx: Tx, case: Case) -> list[Thing]:
    """Rows that are held at once, before anything is digested or written."""
    rows = [Thing(Kept.CASE, f"case {case.number}", case.opened_at, table="cases", row=case.id)]
    rows += [
        Thing(Kept.UPLOAD, f"upload {one.id}", one.received_at, table="uploads", row=one.id)
        for one in _uploads(tx, case)
    ]
    stream = streams.find(tx, case.subject) if case.kind is CaseKind.STREAM else None
    if stream is not None:
        rows.append(
            Thing(Kept.STREAM, stream.label, stream.started_at, table="streams", row=stream.id)
        )
    rows += [
        Thing(_talk(one), "chat", one.began_at, table="chats", row=one.id)
        for one in _chats(tx, case, stream)
    ]
    rows += [
        Thing(
            Kept.REPORT, f"report {one.number} to {one.destination}", one.created_at,
            table="filings", row=one.id,
        )
        for one in filings.of_case(tx, case.id)
        if one.finished_at is not None
    ]  # fmt: skip
    return rows


def text_of(facts: Mapping[str, Any]) -> bytes:
    """Facts as the one JSON text they have."""
    return json.dumps(plain(facts), sort_keys=True, ensure_ascii=False, indent=1).encode()


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line a kind of value
    """Nouns as JSON has them, without what changes and says nothing."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return iso(value)
    if is_dataclass(value) and not isinstance(value, type):
        names = (one.name for one in fields(value) if one.name not in _LEFT_OUT)
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, frozenset):
        return sorted(str(plain(one)) for one in value)
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _uploads(tx: Tx, case: Case) -> list[Upload]:
    """Uploads of the case's own account that it is about: its subject, and what its decision keeps."""
    said = [one for one in decisions.of_case(tx, case.id) if one.stands]
    wanted = {case.subject}
    for one in said:
        if one.kind is DecisionKind.ILLEGAL or one.kind.keeps:
            reached = decisions.effects(tx, one.id)
            wanted |= {t.upload for t in reached if t.outcome in {Outcome.KEPT, Outcome.CONFIRMED}}
    found = uploads.many(tx, sorted(wanted)).values()
    mine = [one for one in found if one.id == case.subject or one.origin.account == case.account]
    return sorted(mine, key=lambda one: (one.received_at, one.id))


def _chats(tx: Tx, case: Case, stream: Stream | None) -> list[Chat]:
    found = {one.id: one for one in chats.of_case(tx, case.id)}
    beside = None if stream is None else chats.of_stream(tx, stream.id)
    if beside is not None:
        found[beside.id] = beside
    return [found[one] for one in sorted(found)]


def _talk(chat: Chat) -> Kept:
    return Kept.MESSAGES if chat.stream is None else Kept.COMMENTS


def _media(mine: list[Upload]) -> Iterator[Media]:
    for one in mine:
        if one.blob is not None:
            yield Media(
                Kept.MEDIA, f"upload {one.id}", one.blob, one.received_at, one.id, one.sha256
            )


def _received(tx: Tx, case: Id) -> Iterator[Media]:
    report = received.of_case(tx, case)
    for file in received.files_of(tx, report.id) if report is not None else ():
        if file.blob is not None:
            name = f"file {file.place} of a received report"
            yield Media(Kept.MEDIA, name, file.blob, file.received_at, None, file.sha256)


def _account_rows(
    tx: Tx, case: Case, stream: Stream | None, talk: list[Chat]
) -> Iterator[Thing]:  # fmt: skip
    """What services told of every account around the case, or that they told nothing."""
    names = {case.account} | ({stream.account} if stream is not None else set())
    if stream is not None:
        names |= {one.account for one in stream_people.addresses(tx, stream.id)}
    names |= {one.author for chat in talk for one in _comments(tx, case, chat)}
    if not names - {""}:
        yield Thing(Kept.ACCOUNT, "account", case.opened_at, gap=NO_ACCOUNT)
    for name in sorted(names - {""}):
        told = accounts.snapshots(tx, case.service, name, gaps=False)
        for one in told:
            yield Thing(
                Kept.ACCOUNT, "account data", one.taken_at, table="account_snapshots", row=one.id
            )
        if not told and name == case.account:
            yield Thing(Kept.ACCOUNT, "account data", case.opened_at, gap=NO_DATA)


def _comments(tx: Tx, case: Case, chat: Chat) -> list[Any]:
    """Comments around a case: its own, and those of the chat that are no other case's."""
    mine = {one.id: one for one in kept_comments.of_case(tx, case.id, MOST)}
    mine |= {
        one.id: one
        for one in kept_comments.of_chat(tx, chat.id, MOST)
        if one.case in {case.id, None}
    }
    return sorted((one for one in mine.values() if one.chat == chat.id), key=lambda o: (o.at, o.id))


def _upload_paper(tx: Tx, one: Upload) -> Paper:
    facts = {"upload": one, "verdicts": uploads.history(tx, one.id)}
    return Paper(Kept.UPLOAD, f"facts of upload {one.id}", text_of(facts), one.received_at)


def _stream_paper(tx: Tx, stream: Stream) -> Paper:
    orders = stream_orders.of_stream(tx, stream.id)
    facts = {
        "broadcast": stream,
        "senders": stream_people.addresses(tx, stream.id),
        "alerts": stream_alerts.of_stream(tx, stream.id),
        "orders": [{"order": one, "answers": stream_orders.acks(tx, one.id)} for one in orders],
    }
    return Paper(Kept.STREAM, f"record of {stream.label}", text_of(facts), stream.started_at)


def _viewers_paper(tx: Tx, stream: Stream) -> Paper | None:
    watched = stream_people.viewers(tx, stream.id)
    acts = watch_acts.of_stream(tx, stream.id, clear=True)
    if not watched and not acts:
        return None
    facts = {"watched": watched, "acts": acts}
    return Paper(Kept.VIEWERS, f"viewers of {stream.label}", text_of(facts), stream.started_at)


def _talk_paper(tx: Tx, case: Case, chat: Chat) -> Paper | None:
    said = _comments(tx, case, chat)
    if not said:
        return None
    alarms = [one for one in chat_alarms.of_chat(tx, chat.id, MOST) if one.case in {case.id, None}]
    facts = {"reference": chat.reference, "comments": said, "alarms": alarms}
    return Paper(_talk(chat), f"what was written in chat {chat.id}", text_of(facts), chat.began_at)
