"""Packs written for members without a network, and theirs read: sealed, signed, each once.

Out goes one segment of what changed for the member after a change, sealed to its age key; in come
its feedback and entries. How far a member's packs were read is kept (`hub_marks`): a replay and a
gap are refused before anything of the pack counts. Form: `model.hub_pack`. Contract:
`tests/integration/test_hub_packs.py`.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from breakwater.errors import BadInput, NotFound
from breakwater.hub.contribute import Contribute, Request
from breakwater.hub.feedback import MOST as MOST_COUNTS
from breakwater.hub.feedback import Count, Feedback
from breakwater.hub.feeds.following import Following
from breakwater.hub.feeds.segments import Columns, view_of
from breakwater.model import hub_pack, segment_file
from breakwater.model.access import Permission, Principal
from breakwater.model.hub import FeedbackKind, Member
from breakwater.model.hub_feed import hub_name, whole
from breakwater.model.hub_pack import COUNTS, ENTRIES, FEEDBACK, GIVEN, Pack
from breakwater.model.ids import Id
from breakwater.model.segment_file import Segment
from breakwater.records import hub_feeds, hub_members, hub_stamps
from breakwater.records.database import Database, Tx

DIALECT: Final = "file"
AT_ONCE: Final = 20_000
A_REQUEST: Final = 1_000


@dataclass(frozen=True, slots=True)
class Written:
    """A pack as it goes out: the next one begins after `upto`.

    Attributes:
        member, key: what its reader must know: its number here, and our public key (32 bytes).
    """

    data: bytes
    upto: int
    rows: int
    member: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a member's pack.

    Attributes:
        upto: its number: the next one goes on from here.
        feedback, counted, given: words on entries, entries whose matches were counted, new entries.
        passed: words and counts of entries that the member may not see, or no more.
    """

    upto: int
    feedback: int
    given: int
    counted: int = 0
    passed: int = 0


class Packs:
    """Writes and reads packs."""

    def __init__(
        self, db: Database, following: Following, contribute: Contribute, feedback: Feedback
    ) -> None:
        self._db = db
        self._following = following
        self._contribute = contribute
        self._feedback = feedback

    def write(
        self, who: Principal, member: Id, after: int, keys: Sequence[str], purpose: str = ""
    ) -> Written:
        """Write what a member may have of what changed after a change.

        Args:
            who: a person who runs the hub.
            member: for whom.
            after: where its last pack ended; 0 for everything.
            keys: its age keys, `age1…`.
            purpose: what for.

        Raises:
            NotFound: no such member.
            NotAllowed: nothing goes to it now.
            BadInput: no key, a bad one, or a place that the hub never was at.
        """
        recipients = [hub_pack.recipient(key) for key in keys]
        if not recipients:
            raise BadInput("Name at least one age key of the member.")
        with self._db.read() as tx:
            asking = self._following.asked_for(tx, hub_members.get(tx, member), purpose)
            newest = hub_feeds.newest(tx)
            if after > newest:
                raise BadInput(f"The hub is at {newest}, before this place.")
            reader, columns = asking.reader(tx), Columns()
            for news in reader.every(after, newest, AT_ONCE):
                columns.add(news, tombstones=after > 0)
        name = hub_name(self._db.keys.public_key)
        segment = Segment(
            name, view_of(asking), after, newest, tuple(columns.terms), columns.sections(),
            segment_file.tombstones(columns.gone),
        )  # fmt: skip
        with self._db.transaction() as tx:
            tx.lock_changes()
            tx.audit(who.id, "hub.pack", member, after=after, upto=newest, rows=segment.rows)
        self._following.served(member, reader.fresh)
        self._following.note(member, DIALECT, rows=segment.rows, change=newest)
        file = io.BytesIO()
        segment_file.write(segment, file)
        pack = Pack(
            name, str(asking.member.number), after, newest, self._db.clock.now(),
            {ENTRIES: file.getvalue()},
        )  # fmt: skip
        made = hub_pack.write(pack, self._db.keys.sign)
        return Written(
            hub_pack.sealed(made, recipients), newest, segment.rows, asking.member.number,
            self._db.keys.public_key,
        )  # fmt: skip

    def take(self, who: Principal, member: Id, data: bytes, key: bytes) -> Taken:
        """Take a member's pack: words, counts, entries; read again after a crash, it adds nothing.

        Args:
            who: a person who runs the hub.
            member: who wrote it.
            data: the pack, unsealed.
            key: the member's public key, 32 bytes, learnt when it joined.

        Raises:
            Tampered, Conflict, BadInput: as `model.hub_pack.read`.
        """
        with self._db.read() as tx:
            one = hub_members.get(tx, member)
            place = hub_stamps.mark(tx, _place(one))
            giver = self._giver(tx, one)
        me = hub_name(self._db.keys.public_key)
        pack = hub_pack.read(data, key, reader=me, place=place)
        if pack.writer != str(one.number):
            raise BadInput("The pack is another member's.")
        said, given = _objects(pack, FEEDBACK), _lists(pack)
        heard = sum(self._say(one, row) for row in said)
        counted, unseen = self._count(one, _counts(pack))
        count = sum(self._give(giver, name, rows, data) for name, rows in given.items())
        with self._db.transaction() as tx:
            tx.lock_changes()
            hub_stamps.set_mark(tx, _place(one), pack.upto)
            tx.audit(
                who.id, "hub.unpack", member, upto=pack.upto, feedback=heard, counted=counted,
                given=count,
            )  # fmt: skip
        return Taken(pack.upto, heard, count, counted, len(said) - heard + unseen)

    def _count(self, member: Member, counts: Sequence[Count]) -> tuple[int, int]:
        """How often it met entries: those counted, and those that are not for it."""
        done = [
            self._feedback.counts(member, counts[at : at + MOST_COUNTS])
            for at in range(0, len(counts), MOST_COUNTS)
        ]
        return sum(one[0] for one in done), sum(one[1] for one in done)

    def _say(self, member: Member, row: Mapping[str, Any]) -> bool:
        """Whether it counts: an entry may be the member's no more since it wrote the pack."""
        try:
            opinion = None if row["opinion"] is None else FeedbackKind(row["opinion"])
            reasons = tuple(str(one) for one in row.get("reasons", ()))
            number, kind, note = int(row["entry"]), str(row["kind"]), str(row.get("note", ""))
        except (KeyError, TypeError, ValueError):
            raise BadInput("Feedback has entry, kind, opinion and reasons.") from None
        try:
            self._feedback.give(member, number, kind, opinion, reasons, note=note)
        except NotFound:
            return False
        return True

    def _give(
        self, giver: Principal, name: str, rows: Sequence[Mapping[str, Any]], data: bytes
    ) -> int:
        digest = hashlib.sha256(data).hexdigest()[:40]
        kept = 0
        for at in range(0, len(rows), A_REQUEST):
            request = Request(rows[at : at + A_REQUEST], key=f"{digest}-{name[:60]}-{at}")
            kept += self._contribute.give(giver, name, request).kept
        return kept

    @staticmethod
    def _giver(tx: Tx, member: Member) -> Principal:
        """Whoever gives in the member's name: a key of its own."""
        known = hub_members.keys(tx, member.id)
        if not known:
            raise BadInput("The member has no key yet. Make one: breakwater hub member key.")
        return Principal(known[0], member.name, frozenset({Permission.HUB_GIVE}))


def _place(member: Member) -> str:
    return f"in {member.number}"


def _objects(pack: Pack, name: str) -> list[Mapping[str, Any]]:
    if name not in pack.parts:
        return []
    try:
        said = json.loads(pack.parts[name])
    except ValueError:
        raise BadInput(f"{name} is not JSON.") from None
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise BadInput(f"{name} is a list of objects.")
    return said


def _counts(pack: Pack) -> list[Count]:
    """How often entries matched: whole numbers by entry and day (days since 1970-01-01 UTC)."""
    try:
        return [
            Count(*(whole(row[name]) for name in ("entry", "day", "matches", "wrong")))
            for row in _objects(pack, COUNTS)
        ]
    except KeyError:
        raise BadInput("A count has entry, day, matches and wrong.") from None


def _lists(pack: Pack) -> dict[str, list[Mapping[str, Any]]]:
    """Entries that are given, by the list they are for."""
    out: dict[str, list[Mapping[str, Any]]] = {}
    for row in _objects(pack, GIVEN):
        out.setdefault(str(row.get("list", "")), []).append(
            {name: value for name, value in row.items() if name != "list"}
        )
    return out
