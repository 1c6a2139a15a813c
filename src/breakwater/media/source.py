"""The file a child is given: read only, with a position of its own.

A `BinaryIO` of the caller goes in; out goes a descriptor that was opened anew for reading
(through /proc/self/fd, which works for unnamed files too), so that a child that was taken over
can neither change the evidence nor move the caller's position. Files without a descriptor are
copied into memory first. Tests: `tests/unit/test_media_spool.py`.
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from breakwater.errors import TooLarge
from breakwater.media.failures import Unreadable
from breakwater.media.spool import Digests, Spool, SpoolReader
from breakwater.model.media import Reason

_STEP: Final = 1 << 20


class Source:
    """A caller's file while the jail reads it."""

    def __init__(self, file: BinaryIO, max_bytes: int, directory: Path | None = None) -> None:
        """Open it anew for reading.

        Args:
            file: the caller's; it stays open.
            max_bytes: one more is a reason.
            directory: where a large file without a descriptor is copied, without a name.

        Raises:
            Unreadable: TOO_MANY_BYTES.
        """
        self._given = file
        self._copy: Spool | None = None
        try:
            number = file.fileno()
        except (io.UnsupportedOperation, AttributeError):
            self._copy = _copied(file, max_bytes, directory or Path(tempfile.gettempdir()))
            number = self._copy.fileno()
        self.descriptor = os.open(f"/proc/self/fd/{number}", os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self.descriptor).st_size
        if self.size > max_bytes:
            self.close()
            raise Unreadable(Reason.TOO_MANY_BYTES, f"{self.size} bytes")

    def head(self, size: int) -> bytes:
        """The first bytes."""
        return os.pread(self.descriptor, size, 0)

    def digests(self) -> tuple[bytes, bytes, bytes]:
        """MD5, SHA-1, SHA-256; a spool knows them already."""
        for file in (self._given, self._copy):
            if isinstance(file, Spool | SpoolReader):
                return file.digests
        digests = Digests()
        for at in range(0, self.size, _STEP):
            digests.update(os.pread(self.descriptor, _STEP, at))
        return digests.values()

    def close(self) -> None:
        """Let go of what was opened here; the caller's file stays open."""
        os.close(self.descriptor)
        if self._copy is not None:
            self._copy.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _copied(file: BinaryIO, max_bytes: int, directory: Path) -> Spool:
    """The bytes of a file that has no descriptor."""
    spool = Spool(max_bytes, directory)
    file.seek(0)
    try:
        while part := file.read(_STEP):
            spool.write(part)
    except TooLarge:
        spool.close()
        raise Unreadable(Reason.TOO_MANY_BYTES) from None
    return spool
