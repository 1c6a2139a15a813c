"""Hashes of people's own pictures: taken for a little work, looked for, told of, withdrawn.

Every caller is nobody in particular: whoever has the code is its owner. What comes in goes into
the bank `OWN_PICTURES`, made when it is first needed, which holds and never blocks
(`model.bank.allowed_action`). A value that a reviewer refused stays refused however often it is
sent. Tests: `tests/integration/test_own_pictures.py`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.errors import BadInput, NotFound, TooManyRequests
from breakwater.model.bank import OWN_PICTURES, Bank, BankAction, EntryStatus
from breakwater.model.case import CaseKind, Priority
from breakwater.model.event import EventType
from breakwater.model.own_picture import (
    MOST_PICTURES,
    OwnPicture,
    Told,
    effort,
    new_code,
    read_code,
    worked,
)
from breakwater.own_pictures.ports import Challenges, Door, Starting
from breakwater.recognition.feed import IndexFeed
from breakwater.records import banks, cases, entries, own_pictures
from breakwater.records.database import Database, Tx

SOMEBODY: Final = "somebody"
"""Who acts, in the audit log: nobody knows."""
SOURCE: Final = "submitted by a person, not checked"
"""What a reviewer reads beside a match."""
USE: Final = "own-picture"
SEND: Final = "own pictures sent"
ASK: Final = "own pictures asked"
HOUR: Final = timedelta(hours=1)
OFF: Final = "This service takes no hashes of people's own pictures."
UNKNOWN: Final = "No request has this code. Look again: one sign may be wrong."


@dataclass(frozen=True, slots=True)
class Work:
    """What must be worked out before a request is taken.

    Attributes:
        challenge: as text.
        bits: SHA-256 of `challenge:nonce` begins with so many zero bits.
    """

    challenge: str
    bits: int


class OwnPictures:
    """The door for the person in the picture."""

    def __init__(
        self,
        *,
        db: Database,
        feed: IndexFeed,
        challenges: Challenges,
        door: Door,
        starting: Starting,
        enabled: bool,
    ) -> None:
        """Take what it stands on.

        Args:
            db: the database.
            feed: told of new entries before the caller has the code.
            challenges: what work is done on.
            door: how much may come in.
            starting: how new entries begin.
            enabled: whether the operator opened it.
        """
        self._db = db
        self._feed = feed
        self._challenges = challenges
        self._door = door
        self._starting = starting
        self.enabled = enabled

    def work(self) -> Work:
        """What the next sender must work out: more, the more others sent within the hour."""
        self._let_in(ASK)
        with self._db.read() as tx:
            bits = effort(own_pictures.sent_since(tx, tx.now - HOUR))
        return Work(_text(self._challenges.issue(USE, str(bits))), bits)

    def send(self, pictures: Sequence[OwnPicture], work: Work, nonce: str) -> str:
        """Look for pictures from now on; answers the code, which nobody else ever knows.

        Raises:
            BadInput: no picture, too many, or the work is not done, too old or used before.
            TooManyRequests: too many people send at this moment.
        """
        self._let_in(SEND)
        known = list({one.sha256: one for one in pictures}.values())
        if not 1 <= len(known) <= MOST_PICTURES:
            raise BadInput(f"Send 1 to {MOST_PICTURES} pictures at once.")
        challenge = _bytes(work.challenge)
        self._challenges.check(challenge, USE, str(work.bits))
        if not worked(work.challenge, nonce, work.bits):
            raise BadInput("The work for this request is not done. Ask for a new one.")
        code = new_code()
        with self._db.transaction() as tx:
            self._challenges.spend(tx, challenge)
            numbers = self._add(tx, known)
            request = own_pictures.create(tx, code, numbers)
            tx.audit(SOMEBODY, "own_picture.send", request.id, pictures=len(known))
        self._feed.catch_up()
        return code

    def status(self, code: str) -> Told:
        """What became of the pictures of a code.

        Raises:
            BadInput: no code.
            NotFound: nobody was given it.
        """
        self._let_in(ASK)
        plain = read_code(code)
        with self._db.read() as tx:
            request = own_pictures.find(tx, plain)
            if request is None:
                raise NotFound(UNKNOWN)
            return own_pictures.told(tx, request)

    def withdraw(self, code: str) -> Told:
        """Look for the pictures of a code no more; uploads that only they held are released.

        Raises:
            BadInput: no code.
            NotFound: nobody was given it.
        """
        self._let_in(ASK)
        plain = read_code(code)
        with self._db.transaction() as tx:
            tx.lock_changes()
            request = own_pictures.find(tx, plain)
            if request is None:
                raise NotFound(UNKNOWN)
            if request.ended_at is None:
                own_pictures.end(tx, request)
                mine = {number for of in request.entries for number in of}
                gone = self._take_back(tx, mine - own_pictures.wanted(tx, mine))
                tx.audit(SOMEBODY, "own_picture.withdraw", request.id, hashes=len(gone))
            done = own_pictures.find(tx, plain)
            told = own_pictures.told(tx, done or request)
        self._feed.catch_up()
        return told

    def _let_in(self, name: str) -> None:
        if not self.enabled:
            raise NotFound(OFF)
        wait = self._door(name)
        if wait > 0:
            raise TooManyRequests("Many people use this page now.", retry_after=wait)

    def _add(self, tx: Tx, pictures: Sequence[OwnPicture]) -> list[list[int]]:
        """Entries of each picture; new ones begin as the flood of all of them has it."""
        bank = bank_of(tx)
        since = entries.arrived(tx, bank, since=tx.now - HOUR)
        adding = sum(len(one.signals) for one in pictures)
        status = self._starting(arrived=since, adding=adding)
        before = tx.change()
        out = []
        for one in pictures:
            rows = [(signal.kind, signal.value, quality) for signal, quality in one.signals]
            out.append(entries.add(tx, bank, rows, status=status, source=SOURCE, by=SOMEBODY))
        fresh = [entry.number for of in out for entry in of if entry.change > before]
        if fresh and status is EntryStatus.ACTIVE:
            tx.emit(EventType.ENTRY_ADDED, bank.id, numbers=fresh)
        elif fresh:
            why = "Hashes that people sent flood this bank; they wait until a person has looked."
            _alarm(tx, bank, why)
        return [[entry.number for entry in of] for of in out]

    @staticmethod
    def _take_back(tx: Tx, numbers: set[int]) -> list[int]:
        """Withdraw entries nobody wants; one that was refused stays, so that it stays refused."""
        known = entries.many(tx, numbers)
        said = own_pictures.answers(tx, numbers)
        gone = [
            number
            for number, entry in sorted(known.items())
            if entry.status is EntryStatus.ACTIVE
            or (entry.status is EntryStatus.QUARANTINED and number not in said)
        ]
        for number in gone:
            entries.set_status(
                tx, number, EntryStatus.WITHDRAWN, by=SOMEBODY, reason="withdrawn by its sender"
            )
        if gone:
            tx.emit(EventType.ENTRY_WITHDRAWN, entries.get(tx, gone[0]).id, numbers=gone)
        return gone


def bank_of(tx: Tx) -> Bank:
    """The bank of what people sent, made when it is first needed."""
    try:
        return banks.get(tx, OWN_PICTURES)
    except NotFound:
        return banks.create(
            tx,
            name=OWN_PICTURES,
            purpose="Pictures that people know of themselves. Nobody has checked them: they hold.",
            source=SOURCE,
            permitted_use="detection here; never given on",
            action=BankAction.HOLD,
        )


def _alarm(tx: Tx, bank: Bank, why: str) -> None:
    """One open case for a flood, not one a request."""
    waits = [one for one in cases.by_subject(tx, bank.id) if one.state.value != "closed"]
    if not waits:
        cases.open(tx, kind=CaseKind.QUARANTINE, subject=bank.id, why=why, priority=Priority.HIGH)


def _text(challenge: bytes) -> str:
    return base64.urlsafe_b64encode(challenge).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found or _text(found) != text:
        raise BadInput("That is no challenge of ours. Ask for a new one.")
    return found
