"""Hashes of what passed, in flat files by day: what a new list entry is compared with.

One record is a picture hash and the upload it is of: 32 + 16 bytes (matching 10 B of these
against 10 k new entries is 56 core-hours; decoding the media again 69,000). They are durable
before the transaction that names the upload; many threads share one `fdatasync`. A record
whose transaction then failed names nobody and is harmless. Retention is by day: a file is
dropped whole; one upload is erased in place. A tail torn by a crash was never acknowledged
and is cut off. Processes that share the directory write to files of their own.
Fed by `intake`, read by `banks.retroactive`. Contract: `tests/contract/test_records_ingest.py`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from breakwater.errors import BadSignal, DiskFull, Tampered, Unavailable
from breakwater.model.ids import Id

HASH: Final = 32
REFERENCE: Final = 16
RECORD: Final = HASH + REFERENCE
HEADER: Final = struct.Struct("<8sHH52x")
"""Magic, version, bytes a record; 64 bytes so that records stay aligned."""

HEAD: Final = HEADER.pack(b"BWINGEST", 1, RECORD)
BLOCK: Final = 1 << 16
"""Records a block: 3 MB, small enough to stay in the cache while it is searched."""

SLOTS: Final = 64
"""Processes that may write in one directory at a time."""

OPEN: Final = 4
"""Day files held open: midnight, and uploads that wait."""

_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.(\d+))?\.ingest")
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}

Block = tuple[NDArray[np.uint8], NDArray[np.uint8]]


class IngestLog:
    """The files of one directory."""

    def __init__(self, directory: Path) -> None:
        """Open the directory for reading and appending.

        Raises:
            Unavailable: it cannot be written.
        """
        self._directory = directory
        self._lock = threading.Lock()
        self._open: dict[date, _DayFile] = {}
        with _mapped():
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._slot, self._slot_fd = self._take_slot()

    def _take_slot(self) -> tuple[int, int]:
        """A number that no other process writes under; given back however this one ends."""
        for slot in range(SLOTS):
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            fd = os.open(self._directory / f"writer-{slot}.lock", flags, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                continue
            return slot, fd
        raise Unavailable(f"More than {SLOTS} processes write to the ingest log.")

    def append(self, day: date, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Add (hash, upload) records; durable when it returns.

        Args:
            day: under whose retention they fall.
            records: a 32-byte hash and the 16 bytes of the upload's id, each.

        Raises:
            BadSignal: a hash or id of another length.
            DiskFull: there is no room; nothing was added.
            Unavailable: they could not be made durable.
        """
        if not records:
            return
        if any(len(code) != HASH or len(upload) != REFERENCE for code, upload in records):
            raise BadSignal(f"An ingest record is {HASH} + {REFERENCE} bytes.")
        data = b"".join(code + upload for code, upload in records)
        file = self._file(day)
        try:
            with _mapped():
                file.append(data)
        finally:
            with self._lock:
                file.users -= 1

    def _file(self, day: date) -> _DayFile:
        with self._lock:
            file = self._open.get(day)
            if file is None:
                idle = sorted(at for at, other in self._open.items() if not other.users)
                for old in idle[: max(0, len(self._open) - OPEN + 1)]:
                    self._open.pop(old).close()
                with _mapped():
                    file = self._open[day] = _DayFile(self._path(day, self._slot))
            file.users += 1
            return file

    def _path(self, day: date, slot: int) -> Path:
        return self._directory / f"{day.isoformat()}{f'.{slot}' if slot else ''}.ingest"

    def _files(self) -> list[tuple[date, Path]]:
        found: list[tuple[date, Path]] = []
        for path in self._directory.iterdir():
            name = _NAME.fullmatch(path.name)
            if name:
                found.append((date.fromisoformat(name[1]), path))
        return sorted(found)

    def days(self) -> list[date]:
        """Days of which records are kept, the oldest first."""
        return sorted({day for day, _ in self._files()})

    def count(self, day: date) -> int:
        """Records of a day, erased ones too."""
        return sum(_records(path) for at, path in self._files() if at == day)

    def blocks(self, day: date) -> Iterator[Block]:
        """The records of a day, block by block, without erased ones.

        Yields:
            Hashes (n, 32) and uploads (n, 16), read-only; views of the mapped file where
            nothing was erased.

        Raises:
            Tampered: a file of the day is not one of ours.
        """
        for _, path in (found for found in self._files() if found[0] == day):
            rows = _mapped_rows(path)
            for at in range(0, len(rows), BLOCK):
                block = rows[at : at + BLOCK]
                alive = block[:, HASH:].any(axis=1)
                kept = block if alive.all() else block[alive]
                if len(kept):
                    yield kept[:, :HASH], kept[:, HASH:]

    def drop(self, day: date) -> None:
        """Forget a day; dropping one that is not there is harmless."""
        with self._lock:
            file = self._open.pop(day, None)
        if file is not None:
            file.close()
        with _mapped():
            for path in [path for at, path in self._files() if at == day]:
                path.unlink(missing_ok=True)
            _sync_directory(self._directory)

    def erase(self, upload: Id, *, day: date | None = None) -> int:
        """Overwrite every record of an upload; answers how many there were.

        Args:
            upload: whose.
            day: where to look; None looks in every day.
        """
        wanted = np.frombuffer(UUID(upload).bytes, np.uint8)
        gone = 0
        for at, path in self._files():
            if day is not None and at != day:
                continue
            rows = _mapped_rows(path)
            for start in range(0, len(rows), BLOCK):
                same = (rows[start : start + BLOCK, HASH:] == wanted).all(axis=1)
                found = (np.flatnonzero(same) + start).tolist()
                with _mapped():
                    _blank(path, found)
                gone += len(found)
        return gone

    def close(self) -> None:
        """Close every file; what was acknowledged is durable already."""
        with self._lock:
            for file in self._open.values():
                file.close()
            self._open.clear()
            if self._slot_fd >= 0:
                os.close(self._slot_fd)
                self._slot_fd = -1


class _DayFile:
    """One file that this process appends to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.users = 0
        self._turn = threading.Condition()
        self._syncing = False
        self._failed = False
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._end = self._synced = self._prepare()
        except BaseException:  # whatever it was, the descriptor must not stay open
            os.close(self._fd)
            raise

    def _prepare(self) -> int:
        """Write the header of a new file, cut the torn tail of an old one."""
        size = os.fstat(self._fd).st_size
        head = os.pread(self._fd, HEADER.size, 0)
        if head != HEAD and any(head) and not HEAD.startswith(head):
            raise Tampered(f"{self._path.name} is not an ingest log.")
        if head != HEAD:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, HEAD, 0)
            size = HEADER.size
        end = size - (size - HEADER.size) % RECORD
        os.ftruncate(self._fd, end)
        os.fdatasync(self._fd)
        _sync_directory(self._path.parent)
        return end

    def append(self, data: bytes) -> None:
        """Write at the end, then wait for a sync that covers it, or do one for all."""
        with self._turn:
            if self._failed:
                raise Unavailable(f"{self._path.name} could not be made durable before.")
            self._write(data)
            mine = self._end
            while self._synced < mine:
                if self._failed:
                    raise Unavailable(f"{self._path.name} could not be made durable.")
                if self._syncing:
                    self._turn.wait()
                else:
                    self._sync()

    def _write(self, data: bytes) -> None:
        at = self._end
        try:
            while at - self._end < len(data):
                at += os.pwrite(self._fd, data[at - self._end :], at)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, self._end)
            raise
        self._end = at

    def _sync(self) -> None:
        """Sync for everyone who has written; the lock is given up meanwhile.

        After a sync that failed the kernel may have dropped the pages: the file takes no more.
        """
        target = self._end
        self._syncing = True
        self._turn.release()
        good = False
        try:
            os.fdatasync(self._fd)
            good = True
        finally:
            self._turn.acquire()
            self._syncing = False
            if good:
                self._synced = max(self._synced, target)
            else:
                self._failed = True
            self._turn.notify_all()

    def close(self) -> None:
        """Close it once nobody syncs."""
        with self._turn:
            while self._syncing:
                self._turn.wait()
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1
                self._failed = True


def _records(path: Path) -> int:
    try:
        return max(0, path.stat().st_size - HEADER.size) // RECORD
    except FileNotFoundError:
        return 0


def _mapped_rows(path: Path) -> NDArray[np.uint8]:
    """The whole records of a file as (n, 48), mapped; a file dropped meanwhile has none."""
    empty = np.zeros((0, RECORD), np.uint8)
    try:
        with path.open("rb") as file:
            head = file.read(HEADER.size)
            n = max(0, os.fstat(file.fileno()).st_size - HEADER.size) // RECORD
            if head != HEAD and any(head) and not HEAD.startswith(head):
                raise Tampered(f"{path.name} is not an ingest log.")
            if head != HEAD or not n:
                return empty
            return np.memmap(file, np.uint8, "r", offset=HEADER.size, shape=(n, RECORD))
    except FileNotFoundError:
        return empty


def _blank(path: Path, rows: Sequence[int]) -> None:
    """Overwrite records with zeros, durably. An upload's id is never zero."""
    if not rows:
        return
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        for row in rows:
            os.pwrite(fd, bytes(RECORD), HEADER.size + row * RECORD)
        os.fdatasync(fd)
    finally:
        os.close(fd)


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def _mapped() -> Iterator[None]:
    """Turn what the system says into our errors."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull("The ingest log cannot grow.") from None
        raise Unavailable(f"The ingest log cannot be written: {error.strerror}.") from None
