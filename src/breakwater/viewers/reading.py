"""An access log read from a file of any size, in stretches that can each be kept and gone on from.

In comes a file, packed with gzip or not; out go batches of sessions with how far the log is read
and what became of its lines. Memory is bounded by the sessions that are open; a line that is too
long or no text is passed over and counted. Used by `breakwater viewers import`; tests:
`tests/property/test_access_logs.py`.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

from breakwater.errors import BadInput
from breakwater.viewers.fields import BadLine, Reading, line_of
from breakwater.viewers.formats import Form
from breakwater.viewers.sessions import MOST_OPEN, Session, Sessions

STRETCH: Final = 32 << 20
"""Bytes of a log after which what was found is handed over and kept."""
LONGEST: Final = 64 << 10
"""Bytes of a line."""
OPENING: Final = 4096
"""Bytes by which a log is known again."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a stretch of a log gave.

    Attributes:
        offset: bytes of the log, unpacked, that are done with it.
        counts: lines by what became of them: `lines`, `used`, and words of refusal.
    """

    sessions: tuple[Session, ...]
    offset: int
    counts: dict[str, int]


def mark_of(path: Path, about: str) -> bytes:
    """What a log is known by: its first lines and how it is read, not its name or length.

    Raises:
        BadInput: it cannot be read, or is empty.
    """
    try:
        with _open(path) as log:
            head = log.read(OPENING)
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from None
    if not head:
        raise BadInput(f"{path.name} is empty.")
    whole = head[: head.find(b"\n") + 1] or head
    return hashlib.sha256(about.encode() + b"\0" + whole).digest()


def batches(
    path: Path, form: Form, how: Reading, *, start: int = 0, stretch: int = STRETCH,
    most: int = MOST_OPEN,
) -> Iterator[Batch]:  # fmt: skip
    """Read a log from an offset on; the last batch ends where the file ends.

    Raises:
        BadInput: it cannot be read, or its packing is damaged; what came before was handed over.
    """
    sessions, counts, done, since = Sessions(most), Counter[str](), start, start
    try:
        with _open(path) as log:
            for offset, raw, whole in _lines(log):
                if offset <= start:
                    _remark(raw, form)
                    continue
                word = _take(raw, form, how, sessions)
                if not whole and word != "used":
                    break
                done = offset
                counts[word] += 1
                counts["lines"] += 1
                if done - since >= stretch:
                    yield Batch(tuple(sessions.flush()), done, dict(counts))
                    counts.clear()
                    since = done
    except (OSError, EOFError, zlib.error) as error:
        yield Batch(tuple(sessions.flush()), done, dict(counts))
        raise BadInput(f"{path.name} is damaged after {done:,} bytes: {error}.") from None
    yield Batch(tuple(sessions.flush()), done, dict(counts))


def _take(raw: bytes | None, form: Form, how: Reading, sessions: Sessions) -> str:
    """What becomes of one line, in a word."""
    if raw is None:
        return "too_long"
    try:
        fields = form.fields(raw.decode("utf-8", "replace"))
        if fields is None:
            return "remark"
        sessions.add(line_of(fields, how))
    except BadLine as bad:
        return bad.word
    return "used"


def _remark(raw: bytes | None, form: Form) -> None:
    """A head is read again when a log is gone on with: it names the columns."""
    if raw is not None and raw.startswith(b"#"):
        form.fields(raw.decode("utf-8", "replace"))


def _lines(log: IO[bytes]) -> Iterator[tuple[int, bytes | None, bool]]:
    """Each line with the offset after it and whether it is whole; None for one that is too long.

    The last line of a log that is still written to is not whole: it waits for the next run.
    """
    offset, long = 0, False
    while raw := log.readline(LONGEST):
        offset += len(raw)
        whole = raw.endswith(b"\n")
        if not whole and len(raw) == LONGEST:
            long = True
            continue
        yield offset, None if long else raw.rstrip(b"\r\n"), whole
        long = False


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as log:
        packed = log.read(2) == b"\x1f\x8b"
    return cast("IO[bytes]", gzip.open(path, "rb")) if packed else path.open("rb")
