"""What people and keys do with known videos: add, vouch, withdraw.

A reel comes from a file or from an upload that a person decided to be illegal. Its prints, and
what a closer look compares with, are made in the jail. It is found from the next frame on,
before the caller has the answer. An automatic cut needs two who vouch for it. Videos that
passed before are looked through in the background (`banks.retroactive_reels`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Final

from breakwater.errors import BadInput, Conflict, DecoderFault, NotFound
from breakwater.fingerprint.video import frame_hashes
from breakwater.media.sandbox import JailPool
from breakwater.media.spool import Spool
from breakwater.model.access import Principal
from breakwater.model.copies import Reel, ReelPrints, ReelStatus
from breakwater.model.decision import CONFIRMED
from breakwater.model.ids import Id
from breakwater.model.media import Family, Fault, MediaLimits, Undecodable
from breakwater.model.upload import Upload
from breakwater.recognition import grey
from breakwater.recognition.align import Aligner
from breakwater.records import banks, reels, streams, uploads
from breakwater.records.database import Database
from breakwater.records.vault import Vault

LANE: Final = "reels"

STREAM_JOB: Final = "banks.stopped_stream"
"""Kind of the job that makes a stopped broadcast known by its preserved last minutes."""

STOPPED_BY: Final = "enforcement"


@dataclass(frozen=True, slots=True)
class NewReel:
    """What a caller says about a video that shall be known.

    Attributes:
        bank: name of the bank.
        label: for people; no names of persons.
        source: who gave it.
        type: its content type; empty when unknown.
    """

    bank: str
    label: str = ""
    source: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class _Surveyed:
    """What the jail made of a known video."""

    prints: ReelPrints
    duration_s: float
    known: bytes | None


class Reels:
    """The verbs of known videos."""

    def __init__(
        self, *, db: Database, pool: JailPool, vault: Vault, aligner: Aligner, limits: MediaLimits
    ) -> None:
        self._db = db
        self._pool = pool
        self._vault = vault
        self._aligner = aligner
        self._limits = limits

    def add(self, source: Spool, new: NewReel, by: Principal) -> Reel:
        """Make a video known; a bank's reel of the same file is vouched for instead.

        Raises:
            NotFound: no such bank.
            BadInput: it cannot be read, is no video, or has nothing to be recognised by.
            DecoderFault: our fault.
        """
        with self._db.read() as tx:
            banks.get(tx, new.bank)
        return self._add(self._survey(source.reader, new.type), new, by, source.digests[2])

    def add_decided(self, upload: Id, new: NewReel, by: Principal) -> Reel:
        """Make an uploaded video known that a person decided to be illegal.

        Raises:
            NotFound: no such upload, or another service's; no such bank.
            Conflict: nobody decided so, or its bytes are not kept.
            BadInput: it is no video, or has nothing to be recognised by.
        """
        with self._db.read() as tx:
            banks.get(tx, new.bank)
            found = uploads.get(tx, upload)
        if by.service and found.service != by.service:
            raise NotFound(f"upload {upload}")
        blob = _decided(found)
        made = self._survey(lambda: self._vault.open(blob), found.type)
        return self._add(made, new, by, bytes.fromhex(found.sha256))

    def add_stopped(self, stream: Id, blob: Id, bank: str) -> Reel | None:
        """Make a stopped broadcast known by what was preserved of it, frame by frame.

        Its watcher's key frames make it known at once; these prints lie closer together, so
        that a copy with other key frames is found too. Key points and sound for a closer look
        follow when it is searched already. None when it was let go meanwhile, or what was
        preserved cannot be read.
        """
        with self._db.read() as tx:
            if not streams.get(tx, stream).stopped:
                return None
        with self._vault.open(blob) as file:
            made = self._pool.prints(file, declared="", limits=self._limits, lane=LANE)
        if isinstance(made, Undecodable) or not len(made[0].views):
            return None
        prints, duration_s = made
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = streams.get(tx, stream)
            if not found.stopped:
                return None
            reel = reels.add(
                tx, bank=banks.get(tx, bank), label=found.label, source=f"stream:{stream}",
                duration_s=duration_s, frames=tuple(prints.frames()), by=STOPPED_BY,
            )  # fmt: skip
            tx.audit(STOPPED_BY, "reel.add", reel.id, stream=stream, frames=reel.frames)
        self._aligner.catch_up()
        known = self._looked(lambda: self._vault.open(blob), "")
        if isinstance(known, grey.Known):
            with self._db.transaction() as tx:
                reels.keep_look(tx, reel.number, known.pack())
        return reel

    def vouch(self, number: int, by: Principal) -> Reel:
        """Say that a reel is right; twice by the same person counts once.

        Raises:
            NotFound: no such reel.
            Conflict: it is withdrawn.
        """
        with self._db.transaction() as tx:
            reel = reels.vouch(tx, number, by=by.person or by.id)
            tx.audit(by.id, "reel.vouch", reel.id, sources=reel.sources)
        return reel

    def withdraw(self, number: int, by: Principal, reason: str = "") -> Reel:
        """For ever: it is not found any more before this answers, and verdicts are judged again.

        Raises:
            NotFound: no such reel.
            Conflict: it is withdrawn already.
        """
        with self._db.transaction() as tx:
            reel = reels.set_status(tx, number, ReelStatus.WITHDRAWN, by=by.id, reason=reason)
            tx.audit(by.id, "reel.withdraw", reel.id, number=number)
        self._aligner.catch_up()
        return reel

    def get(self, number: int) -> Reel:
        """One reel.

        Raises:
            NotFound: no such reel.
        """
        with self._db.read() as tx:
            return reels.get(tx, number)

    def page(self, bank: str, *, after: int = 0, limit: int = 100) -> list[Reel]:
        """Reels of a bank by number.

        Raises:
            NotFound: no such bank.
        """
        with self._db.read() as tx:
            return reels.page(tx, banks.get(tx, bank), after=after, limit=limit)

    def _survey(
        self, opened: Callable[[], AbstractContextManager[BinaryIO]], declared: str
    ) -> _Surveyed:
        """Reference prints, and what a closer look compares with."""
        with opened() as file:
            made = self._pool.prints(file, declared=declared, limits=self._limits, lane=LANE)
        if isinstance(made, Undecodable):
            raise _refused(made)
        prints, duration_s = made
        known = self._looked(opened, declared)
        if known is not None and not isinstance(known, grey.Known):
            raise _refused(known)
        return _Surveyed(prints, duration_s, None if known is None else known.pack())

    def _looked(
        self, opened: Callable[[], AbstractContextManager[BinaryIO]], declared: str
    ) -> grey.Known | Undecodable | None:
        """What a closer look compares with; None where it has no key frames that could be.

        `Undecodable` when the video itself cannot be read.
        """
        with opened() as file:
            whole = self._pool.fingerprint(file, declared=declared, limits=self._limits, lane=LANE)
        if isinstance(whole, Undecodable):
            return whole
        with opened() as file:
            known = grey.survey(
                self._pool, file, frame_hashes(whole.items), declared=declared,
                limits=self._limits, lane=LANE,
            )  # fmt: skip
        return known if isinstance(known, grey.Known) else None

    def _add(self, made: _Surveyed, new: NewReel, by: Principal, sha256: bytes) -> Reel:
        with self._db.transaction() as tx:
            bank = banks.get(tx, new.bank)
            reel = reels.add(
                tx, bank=bank, label=new.label, source=new.source or bank.source,
                duration_s=made.duration_s, frames=tuple(made.prints.frames()),
                by=by.person or by.id, sha256=sha256,
            )  # fmt: skip
            if made.known is not None and reels.look_of(tx, reel.number) is None:
                reels.keep_look(tx, reel.number, made.known)
            tx.audit(
                by.id, "reel.add", reel.id, number=reel.number, bank=bank.name,
                frames=reel.frames, sources=reel.sources,
            )  # fmt: skip
        self._aligner.catch_up()
        return reel


def _decided(upload: Upload) -> Id:
    """The bytes of an upload that a person confirmed.

    Raises:
        Conflict: nobody did, or they are not kept.
    """
    if upload.verdict is None or not upload.verdict.rule.startswith(CONFIRMED):
        raise Conflict("No person has decided that this upload is illegal.")
    if upload.blob is None:
        raise Conflict("The bytes of this upload are not kept.")
    return upload.blob


def _refused(failure: Undecodable) -> BadInput | DecoderFault:
    if failure.type is not None and failure.type.family is Family.IMAGE:
        return BadInput("This is a picture. Pictures join a bank as entries; a reel is a video.")
    if failure.fault is Fault.OUR_FAULT:
        return DecoderFault()
    return BadInput(failure.reason.words, reason=failure.reason.value)
