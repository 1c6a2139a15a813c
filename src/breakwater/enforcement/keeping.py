"""What a stopped broadcast showed is kept: pre-roll, recordings, viewers, account, prints.

In comes an order to freeze or cut; out go objects in the vault named by rows, a job that asks
for the account's data, and the broadcast's prints in the bank of stopped streams, so that its
recording is known when it comes back. What cannot be kept is a gap that is shown. When a person
finds that it is not illegal, the prints leave the bank. Used by `enforcement.streams`; tests:
`tests/integration/test_orders.py`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from breakwater.enforcement.ports import (
    NobodyTalks,
    PreRoll,
    Prints,
    Seen,
    StreamControl,
    Talk,
)
from breakwater.errors import BreakwaterError, NotFound
from breakwater.model.bank import Bank, BankAction
from breakwater.model.broadcast import Viewer
from breakwater.model.clock import iso
from breakwater.model.copies import FramePrints, Reel, ReelStatus
from breakwater.model.ids import Id
from breakwater.model.ports import Blob
from breakwater.model.stream import Order, Stream
from breakwater.model.watch import Place, SessionSource
from breakwater.observe import logger
from breakwater.records import banks, chats, jobs, reels, stream_orders, stream_people, streams
from breakwater.records.database import Database, Tx

STOPPED: Final = "STOPPED_STREAMS"
"""Bank of what was stopped here; made when it is first needed."""

SNAPSHOT_JOB: Final = "intake.snapshot"
"""Kind of the job, run by `intake`, that asks a service for an account's data."""

REEL_JOB: Final = "banks.stopped_stream"
"""Kind of the job, run by `banks`, that makes the preserved minutes known frame by frame."""

EVIDENCE: Final = "evidence"
"""Retention class of what is preserved."""

LEAST_PRINTS: Final = 4
"""Frames below which a broadcast cannot be told from others."""

COMMENTS: Final = "comments"
TALK_S: Final = 1800.0
"""Seconds of comments that are held in memory, and kept with a broadcast that is stopped."""
NOTHING_YET: Final = "The media server's recording held nothing yet."

_NOBODY: Final = NobodyTalks()
_log = logger("enforcement")


class Keeping:
    """Preserves, and remembers."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Blob,
        preroll: PreRoll,
        prints: Prints,
        spool: Path,
        talk: Talk = _NOBODY,
        resolve: Callable[[str, datetime], Place] | None = None,
        visits: Callable[[str, str], Sequence[Viewer]] = lambda _server, _name: (),
    ) -> None:
        """Take where things are kept.

        Args:
            db: the database.
            vault: for what is preserved.
            preroll: holds the last minutes of each broadcast.
            prints: holds what each looked like.
            spool: a directory for recordings on their way, emptied at once.
            talk: holds the last half hour of comments.
            resolve: where an address seemed to be at a moment.
            visits: who watched a broadcast lately, by server and name, those who left too.
        """
        self._visits = visits
        self._clock = db.clock
        self._resolve = resolve
        self._db = db
        self._vault = vault
        self._preroll = preroll
        self._prints = prints
        self._spool = spool
        self._talk = talk

    def keep(self, order: Order) -> None:
        """Preserve what a stopped broadcast showed and who was there; again adds what is new."""
        with self._db.read() as tx:
            stream = streams.get(tx, order.stream)
        self._remember(stream, order)
        self._keep_preroll(stream)
        self._keep_visits(stream)
        self._keep_people(stream)
        if not self._keep_talk(stream) and (not stream.account or stream.case is None):
            self.lost(stream, "comments", "The service told no comments.")
        with self._db.transaction() as tx:
            if stream.account and stream.case is not None:
                payload = {"stream": stream.id, "case": stream.case}
                jobs.enqueue(tx, SNAPSHOT_JOB, payload, dedup_key=f"snapshot:{stream.id}")

    def recordings(self, stream: Stream, server: StreamControl) -> bool:
        """Fetch a server's recordings into the vault before they are purged; False if one is not.

        Raises:
            Unavailable: the server does not answer.
        """
        kept = True
        with self._db.read() as tx:
            known = {one.detail for one in stream_orders.preserved(tx, stream.id) if one.blob}
        for recording in server.recordings(stream.name):
            mark = hashlib.sha256(recording.encode()).hexdigest()[:16]
            if f"recording {mark}" in known:
                continue
            kept = self._keep_recording(stream, server, recording, f"recording {mark}") and kept
        return kept

    def viewers(self, stream: Stream, seen: Sequence[Seen]) -> None:
        """Keep who played it, as the server listed them just before they were dropped.

        Each is a session too, so that tiers and places come of it; our own watcher is none.
        """
        self._put(stream, "viewers", {"connected": _peers(seen)})
        now = self._clock.now()
        told = [_viewer(one, now, self._resolve) for one in seen if not _own(one.address)]
        with self._db.transaction() as tx:
            stream_people.add_viewers(tx, stream, told, source=SessionSource.HOOK)

    def lost(self, stream: Stream, what: str, why: str) -> None:
        """Say once what could not be kept."""
        with self._db.transaction() as tx:
            known = {(one.what, one.gap) for one in stream_orders.preserved(tx, stream.id)}
            if (what, why) not in known:
                stream_orders.keep(tx, stream.id, what, gap=why)

    def forget(self, stream: Id) -> int:
        """Take a stream's prints out of the bank: it was not illegal; answers how many reels."""
        with self._db.transaction() as tx:
            mine = [one for one in _reels_of(tx, stream) if one.status is ReelStatus.ACTIVE]
            for reel in mine:
                reels.set_status(
                    tx, reel.number, ReelStatus.WITHDRAWN, by="policy",
                    reason="The broadcast was let go.",
                )  # fmt: skip
            return len(mine)

    def _remember(self, stream: Stream, order: Order) -> None:
        """Make the broadcast known by what it looked like."""
        frames = self._prints.prints(stream.id)
        useful = [one for one in frames if len(one.views)]
        if len(useful) < LEAST_PRINTS:
            self.lost(stream, "prints", "Too few frames were seen to know it again.")
            return
        with self._db.transaction() as tx:
            if not stream_orders.in_force(tx, order) or _reels_of(tx, stream.id):
                return
            made = reels.add(
                tx, bank=_bank(tx), label=stream.label, source=f"stream:{stream.id}",
                duration_s=_span(useful), frames=useful, by=order.by,
            )  # fmt: skip
            stream_orders.keep(tx, stream.id, "prints", detail=f"{len(useful)} frames")
            tx.audit(order.by, "reel.add", made.id, stream=stream.id, frames=len(useful))

    def _keep_preroll(self, stream: Stream) -> None:
        try:
            kept = self._preroll.preserve(stream.id)
        except BreakwaterError as error:
            _log.warning("preroll_not_kept", stream=stream.id, code=error.code)
            self.lost(stream, "preroll", error.title())
            return
        if kept is None:
            self.lost(stream, "preroll", "No watcher held it.")
            return
        with self._db.transaction() as tx:
            stream_orders.keep(
                tx, stream.id, "preroll", blob=kept.blob, detail=f"{kept.seconds:.0f} s"
            )
            tx.audit("enforcement", "stream.preserve", stream.id, what="preroll", blob=kept.blob)
            wanted = {"stream": stream.id, "blob": kept.blob, "bank": _bank(tx).name}
            jobs.enqueue(tx, REEL_JOB, wanted, dedup_key=f"reel:{kept.blob}")

    def _keep_visits(self, stream: Stream) -> None:
        """Who watched and left before it was stopped becomes a session; our own watcher none."""
        seen = [one for one in self._visits(stream.server, stream.name) if not _own(one.address)]
        if self._resolve is not None:
            seen = [
                replace(one, place=self._resolve(one.address, one.joined_at or self._clock.now()))
                for one in seen
            ]
        if seen:
            with self._db.transaction() as tx:
                stream_people.add_viewers(tx, stream, seen, source=SessionSource.HOOK)

    def _keep_people(self, stream: Stream) -> None:
        """Who sent and who watched, as told, in one sealed file."""
        with self._db.read() as tx:
            senders = stream_people.addresses(tx, stream.id)
            watched = stream_people.viewers(tx, stream.id)
        if not senders and not watched:
            return
        self._put(
            stream,
            "viewers",
            {
                "senders": [_person(one.account, one.address, one.port) for one in senders],
                "told": [
                    _person(one.account, one.address, one.port)
                    | {
                        "joined": iso(one.joined_at) if one.joined_at else None,
                        "left": iso(one.left_at) if one.left_at else None,
                    }
                    for one in watched
                ],
            },
        )

    def _keep_talk(self, stream: Stream) -> bool:
        """What was written in the last half hour, sealed; whether it was kept, or why not was said.

        A freeze keeps what there is then, and so does a cut that follows.
        """
        try:
            said = self._talk.since(stream.id, TALK_S)
        except BreakwaterError as error:
            _log.warning("comments_not_kept", stream=stream.id, code=error.code)
            self.lost(stream, COMMENTS, error.title())
            return True
        with self._db.read() as tx:
            chat = chats.of_stream(tx, stream.id)
            known = any(
                one.what == COMMENTS and one.blob for one in stream_orders.preserved(tx, stream.id)
            )
        if said:
            self._put(stream, COMMENTS, {"comments": [dict(one) for one in said]}, of="comments")
            return True
        if chat is None or not chat.messages:
            return False
        if not known:
            self.lost(stream, COMMENTS, "What was written is held in memory, and was gone.")
        return True

    def _put(self, stream: Stream, what: str, facts: dict[str, Any], *, of: str = "people") -> None:
        blob = self._vault.put(io.BytesIO(json.dumps(facts).encode()), purpose=EVIDENCE)
        counted = sum(len(rows) for rows in facts.values() if isinstance(rows, list))
        with self._db.transaction() as tx:
            stream_orders.keep(tx, stream.id, what, blob=blob, detail=f"{counted} {of}")
            tx.audit("enforcement", "stream.preserve", stream.id, what=what, blob=blob)

    def _keep_recording(
        self, stream: Stream, server: StreamControl, recording: str, detail: str
    ) -> bool:
        with tempfile.TemporaryFile(dir=self._spool) as sink:
            said = server.fetch_recording(recording, sink)
            if not said.done:
                self.lost(stream, "recording", said.detail)
                return False
            if not sink.seek(0, os.SEEK_END):
                self.lost(stream, "recording", NOTHING_YET)
                return True
            sink.seek(0)
            blob = self._vault.put(sink, purpose=EVIDENCE)
        with self._db.transaction() as tx:
            stream_orders.keep(tx, stream.id, "recording", blob=blob, detail=detail)
            tx.audit("enforcement", "stream.preserve", stream.id, what="recording", blob=blob)
        return True


def _bank(tx: Tx) -> Bank:
    try:
        return banks.get(tx, STOPPED)
    except NotFound:
        return banks.create(
            tx, name=STOPPED, purpose="Broadcasts that were stopped here, known by their frames.",
            source="own streams", action=BankAction.HOLD,
        )  # fmt: skip


def _reels_of(tx: Tx, stream: Id) -> list[Reel]:
    try:
        bank = banks.get(tx, STOPPED)
    except NotFound:
        return []
    return reels.by_source(tx, bank, f"stream:{stream}")


def _span(frames: Sequence[FramePrints]) -> float:
    return float(frames[-1].time_s - frames[0].time_s)


def _own(address: str) -> bool:
    """Whether it is this host: our watcher, which plays it as a viewer does."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return not address


def _viewer(one: Seen, now: datetime, resolve: Callable[[str, datetime], Place] | None) -> Viewer:
    joined = now - timedelta(seconds=one.seconds)
    place = None if resolve is None else resolve(one.address, joined)
    return Viewer("", one.address, one.port, joined, now, agent=one.agent[:512], place=place)


def _peers(seen: Sequence[Seen]) -> list[dict[str, Any]]:
    return [_person("", one.address, one.port) | {"client": one.client} for one in seen]


def _person(account: str, address: str, port: int | None) -> dict[str, Any]:
    return {"account": account, "address": address, "port": port}
