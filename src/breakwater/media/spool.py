"""Where an upload waits while it is screened: memory up to a limit, then an unnamed file.

Bytes go in once and are hashed on the way (MD5, SHA-1, SHA-256); out goes a seekable binary
file whose descriptor the jail can be given. Neither form ever has a name in a file system, so
a crash leaves nothing behind. Limit and place: design, "vault". Tests:
`tests/unit/test_media_spool.py`.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from breakwater.errors import DiskFull, TooLarge

MEMORY_LIMIT: Final = 64 << 20
_STEP: Final = 1 << 20
_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE

if TYPE_CHECKING:
    _Buffer = bytes | bytearray | memoryview
    _Base = BinaryIO
else:
    _Base = object


class Digests:
    """MD5, SHA-1 and SHA-256 of the same bytes, made while they pass."""

    def __init__(self) -> None:
        self._hashes = tuple(
            hashlib.new(name, usedforsecurity=False) for name in ("md5", "sha1", "sha256")
        )

    def update(self, data: _Buffer) -> None:
        """Add bytes."""
        for one in self._hashes:
            one.update(data)

    def values(self) -> tuple[bytes, bytes, bytes]:
        """MD5, SHA-1, SHA-256."""
        md5, sha1, sha256 = (one.digest() for one in self._hashes)
        return md5, sha1, sha256


class Spool(io.RawIOBase, _Base):
    """A seekable binary file without a name; written once, front to back, then read."""

    def __init__(self, limit: int, directory: Path, *, memory: int = MEMORY_LIMIT) -> None:
        """Start empty and in memory.

        Args:
            limit: most bytes it takes; one more raises `TooLarge`.
            directory: where the unnamed file is made when memory does not suffice.
            memory: most bytes kept in memory.
        """
        super().__init__()
        self._descriptor = os.memfd_create("spool", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self._in_memory = True
        self._limit, self._memory, self._directory = limit, memory, directory
        self._digests = Digests()
        self.size = 0
        self.sealed = False

    @property
    def digests(self) -> tuple[bytes, bytes, bytes]:
        """MD5, SHA-1 and SHA-256 of everything written so far."""
        return self._digests.values()

    @property
    def sha256(self) -> str:
        """SHA-256 in hexadecimal, as records and answers spell it."""
        return self.digests[2].hex()

    def write(self, data: Any, /) -> int:
        """Append bytes.

        Raises:
            TooLarge: over the limit; what was written before stays.
            DiskFull: the file system has no room.
        """
        view = memoryview(data).cast("B")
        if self.sealed:
            raise io.UnsupportedOperation("a sealed spool is only read")
        if self.size + len(view) > self._limit:
            raise TooLarge(f"At most {self._limit} bytes are taken.", limit=self._limit)
        if self._in_memory and self.size + len(view) > self._memory:
            self._move_to_disk()
        self._append(self._descriptor, view, self.size)
        self._digests.update(view)
        self.size += len(view)
        return len(view)

    def seal(self) -> None:
        """End the writing and go to the start; in memory the kernel enforces it."""
        if self._in_memory and not self.sealed:
            fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, _SEALS)
        self.sealed = True
        self.seek(0)

    def take(self, source: BinaryIO) -> None:
        """Write everything that `source` has left, then seal.

        Raises:
            TooLarge, DiskFull: as `write`.
        """
        while block := source.read(_STEP):
            self.write(block)
        self.seal()

    def reader(self) -> SpoolReader:
        """The bytes anew with a position of their own; outlives this spool."""
        return SpoolReader(self._descriptor, self.digests)

    def _move_to_disk(self) -> None:
        """Copy what is in memory into an unnamed file and go on there."""
        target = _unnamed(self._directory)
        try:
            for at in range(0, self.size, _STEP):
                part = os.pread(self._descriptor, min(_STEP, self.size - at), at)
                self._append(target, memoryview(part), at)
        except BaseException:  # re-raised: only the descriptor must not leak
            os.close(target)
            raise
        os.close(self._descriptor)
        self._descriptor, self._in_memory = target, False

    @staticmethod
    def _append(descriptor: int, view: memoryview, at: int) -> None:
        try:
            while view:
                done = os.pwrite(descriptor, view, at)
                view, at = view[done:], at + done
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull from None
            raise

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer from the present position."""
        return os.readv(self._descriptor, [buffer])

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the position of reading."""
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        """The position of reading."""
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def readable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """Until it is sealed."""
        return not self.sealed

    def seekable(self) -> bool:
        """Always."""
        return True

    def close(self) -> None:
        """Let the bytes go; idempotent."""
        if not self.closed:
            os.close(self._descriptor)
            self._descriptor = -1
        super().close()


class SpoolReader(io.FileIO):
    """A spool opened anew for reading; it remembers the spool's hashes."""

    def __init__(self, descriptor: int, digests: tuple[bytes, bytes, bytes]) -> None:
        """Open what a descriptor stands for."""
        super().__init__(f"/proc/self/fd/{descriptor}", "rb")
        self.digests = digests


def _unnamed(directory: Path) -> int:
    """An unnamed file; file systems without O_TMPFILE get a named one that is unlinked at once."""
    try:
        return os.open(directory, os.O_RDWR | os.O_TMPFILE | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}:
            raise
    descriptor, name = tempfile.mkstemp(dir=directory)
    Path(name).unlink()
    return descriptor
