"""The last minutes of a broadcast: an encrypted ring on disk that nobody can view.

A watcher's `ChunkWriter` puts original packets into chunk files, each under a random key of its
own; the keys live in the owner's memory alone (`Ring`) and are forgotten as the ring rolls, so
that what rolled out, and everything after a restart, is noise. `preserve` decrypts what is left
into the vault, once an alarm is there. Source: issue "Live", Pre-roll. Tests:
`tests/unit/test_live_preroll.py`.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import secrets
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK_S: Final = 5.0
"""A chunk ends at the first key frame after this, or at twice as much without one."""
CHUNK_MOST: Final = 16 << 20
HELD_S: Final = 900.0
HELD_MORE: Final = 3
"""After an alarm the ring stays for a quarter of an hour, and may be so many times as large."""

KEY_BYTES: Final = 32
SUFFIX: Final = ".bwp"
_LENGTH: Final = struct.Struct("<I")
_HEAD: Final = struct.Struct("<Bd")
"""Kind and wall seconds of a record: in clear before it, and sealed with it."""
_BODY, _START = 0, 1
_TAG: Final = 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """One file of the ring.

    Attributes:
        key: opens it; kept in memory alone.
        at: wall seconds at which it was begun.
        container: of the packets in it.
        pull: which pull it is of: each has a head of its own.
    """

    path: Path
    key: bytes
    at: float
    container: str
    pull: str


class ChunkWriter:
    """Writes one pull's packets; the watcher's half."""

    def __init__(self, folder: Path, pull: str, container: str) -> None:
        """Take where and whose; nothing is written yet.

        Args:
            folder: of this broadcast; made when it is missing.
            pull: a name no other pull has.
            container: `mpegts` or `matroska`.
        """
        self._folder, self._pull, self._container = folder, pull, container
        self._file: io.FileIO | None = None
        self._cipher: AESGCM | None = None
        self._start: bytes | None = None
        self._count = self._records = self._size = 0
        self._begun = 0.0

    def put(self, body: bytes, now: float, *, key: bool) -> Chunk | None:
        """Write one piece; answers a chunk when one was begun for it.

        Args:
            body: bytes of the container.
            now: wall seconds.
            key: a key frame begins in it.
        """
        if self._start is None:
            self._start = body if self._container != "mpegts" else b""
        begun = None
        age = now - self._begun
        if self._file is None or age >= CHUNK_S * (1 if key else 2) or self._size > CHUNK_MOST:
            begun = self._begin(now)
        self._record(_BODY, now, body)
        return begun

    def close(self) -> None:
        """End the last chunk."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def _begin(self, now: float) -> Chunk:
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"{self._pull}-{self._count:06}{SUFFIX}"
        key = secrets.token_bytes(KEY_BYTES)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._file, self._cipher = io.FileIO(number, "wb"), AESGCM(key)
        self._count += 1
        self._records = self._size = 0
        self._begun = now
        if self._start:
            self._record(_START, now, self._start)
        return Chunk(path, key, now, self._container, self._pull)

    def _record(self, kind: int, now: float, body: bytes) -> None:
        if self._cipher is None or self._file is None:
            return
        head = _HEAD.pack(kind, now)
        sealed = self._cipher.encrypt(self._records.to_bytes(12, "big"), body, head)
        front = _LENGTH.pack(len(head) + len(sealed)) + head
        written = os.writev(self._file.fileno(), (front, sealed))
        if written != len(front) + len(sealed):  # what follows half a record cannot be read
            self.close()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._records += 1
        self._size += len(sealed)


@dataclass(frozen=True, slots=True)
class Record:
    """One piece read back."""

    start: bool
    at: float
    body: bytes


def read(chunk: Chunk) -> Iterator[Record]:
    """The pieces of a chunk, as far as it is whole: a watcher may have died in the middle."""
    cipher = AESGCM(chunk.key)
    try:
        file = chunk.path.open("rb")
    except FileNotFoundError:
        return
    with file:
        number = 0
        while len(front := file.read(_LENGTH.size)) == _LENGTH.size:
            size = _LENGTH.unpack(front)[0]
            if size < _TAG + _HEAD.size or size > CHUNK_MOST + (1 << 24):
                return
            head, sealed = file.read(_HEAD.size), file.read(size - _HEAD.size)
            try:
                body = cipher.decrypt(number.to_bytes(12, "big"), sealed, head)
            except InvalidTag:
                return
            kind, at = _HEAD.unpack(head)
            yield Record(kind == _START, at, body)
            number += 1


class Ring:
    """The chunks of one broadcast and their keys; the owner's half. Safe from many threads."""

    def __init__(self, keep_s: float, most_bytes: int) -> None:
        """Take its bounds.

        Args:
            keep_s: seconds that are always there, once they were shown.
            most_bytes: of files; the oldest go first, loudly counted by the caller.
        """
        self._keep_s, self._most = keep_s, most_bytes
        self._chunks: deque[Chunk] = deque()
        self._lock = threading.Lock()
        self._held_at: float | None = None
        self.cut_short = 0

    def add(self, chunk: Chunk) -> None:
        """Take a chunk that was begun, and forget those that are old."""
        with self._lock:
            self._chunks.append(chunk)
            if self._held_at is not None and chunk.at > self._held_at + HELD_S:
                self._held_at = None
            oldest = (chunk.at if self._held_at is None else self._held_at) - self._keep_s
            while len(self._chunks) > 1 and self._chunks[1].at < oldest:
                self._forget(self._chunks.popleft())
            most = self._most if self._held_at is None else HELD_MORE * self._most
            while len(self._chunks) > 2 and self._sum() > most:
                self.cut_short += 1
                self._forget(self._take_least())

    def hold(self, now: float) -> None:
        """An alarm: what lies before it stays until it can be preserved, for a while."""
        with self._lock:
            if self._held_at is None:
                self._held_at = now

    def drop(self) -> None:
        """Forget all of it."""
        with self._lock:
            while self._chunks:
                self._forget(self._chunks.popleft())

    def size(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return self._sum()

    def source(self) -> RingSource:
        """What is there, readable once."""
        with self._lock:
            return RingSource(list(self._chunks))

    def _take_least(self) -> Chunk:
        """The oldest; while it is held, the oldest of those after the alarm."""
        if self._held_at is not None:
            later = [one for one in self._chunks if one.at > self._held_at]
            if len(later) > 1:
                self._chunks.remove(later[0])
                return later[0]
        return self._chunks.popleft()

    def _sum(self) -> int:
        total = 0
        for chunk in self._chunks:
            with suppress(OSError):
                total += chunk.path.stat().st_size
        return total

    @staticmethod
    def _forget(chunk: Chunk) -> None:
        chunk.path.unlink(missing_ok=True)


class RingSource(io.RawIOBase):
    """The ring as one file of its container, with its length in time and its hash."""

    def __init__(self, chunks: list[Chunk]) -> None:
        super().__init__()
        self._pieces = self._read(chunks)
        self._left = memoryview(b"")
        self._hash = hashlib.sha256()
        self.size = 0
        self.start_at = self.end_at = 0.0
        self.container = chunks[-1].container if chunks else ""

    @property
    def sha256(self) -> bytes:
        """Of what was read so far."""
        return self._hash.digest()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill what is asked for, or what the next piece has."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type] # a buffer, as io calls it
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def _read(self, chunks: list[Chunk]) -> Iterator[bytes]:
        pulls: set[str] = set()
        for chunk in chunks:
            for record in read(chunk):
                if record.start and chunk.pull in pulls:
                    continue
                pulls.add(chunk.pull)
                self.start_at = self.start_at or record.at
                self.end_at = record.at
                self.size += len(record.body)
                self._hash.update(record.body)
                yield record.body
