"""Reads a multipart body as it arrives: small fields into memory, the one file into a spool.

The framework would park files in a temporary directory under a name; ours never have one
(`media.spool`). Bytes are hashed on the way. Caps: fields 64 KiB together, one file. Feeds
`media.py` and `hma.py`; malformed bodies are `BadInput` (fuzzed in `test_api_fuzz.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from breakwater.errors import BadInput, TooLarge

if TYPE_CHECKING:
    from breakwater.media.spool import Spool

FIELD_BYTES: Final = 64 << 10
INLINE: Final = 1 << 20
"""Up to here bytes are taken on the event loop; larger files are written by a thread."""


@dataclass(slots=True)
class Form:
    """What a form said beside its file.

    Attributes:
        fields: small ones, by name.
        file: name of the field that held the file; empty without one.
        type: Content-Type the file's part declared.
        filename: as the file's part named it.
    """

    fields: dict[str, str] = field(default_factory=dict)
    file: str = ""
    type: str = ""
    filename: str = ""


class _Reader:
    """Collects the callbacks of the parser, which knows bytes but not meaning."""

    def __init__(self, boundary: bytes) -> None:
        self.form = Form()
        self.chunks: list[bytes] = []
        self.done = False
        self._header = b""
        self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._text = bytearray()
        self._taken = 0
        self._in_file = False
        callbacks: Any = {
            "on_part_begin": self._part_begin,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks)

    def feed(self, data: bytes) -> None:
        """Take some bytes of the body; bytes of the file appear in `chunks`."""
        try:
            self._parser.write(data)
        except FormParserError:
            raise BadInput("The multipart body is malformed.") from None

    def _part_begin(self) -> None:
        self._headers = {}
        self._text = bytearray()
        self._in_file = False

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._count(end - start)

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._count(end - start)

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        disposition = self._headers.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if not self._name:
            raise BadInput("A part of the multipart body has no name.")
        if b"filename" in options:
            if self.form.file:
                raise BadInput("Send one file in a request.")
            self._in_file = True
            self.form.file = self._name
            self.form.filename = options[b"filename"].decode("utf-8", "replace")
            self.form.type = self._headers.get(b"content-type", b"").decode("latin-1")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self.chunks.append(data[start:end])
            return
        self._count(end - start)
        self._text += data[start:end]

    def _part_end(self) -> None:
        if not self._in_file:
            self.form.fields[self._name] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self.done = True

    def _count(self, size: int) -> None:
        self._taken += size
        if self._taken > FIELD_BYTES:
            raise TooLarge(f"The fields of a form have at most {FIELD_BYTES} bytes together.")


async def read_form(request: Request, spool: Spool, *, limit: int) -> Form:
    """Read the body of a request.

    Args:
        request: with Content-Type multipart/form-data.
        spool: takes the file.
        limit: most bytes of the file.

    Raises:
        BadInput: not multipart, malformed, cut short, or two files.
        TooLarge: over a limit; the rest is not read.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise BadInput("Send multipart/form-data with a boundary: one file and its fields.")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit + 2 * FIELD_BYTES:
        raise TooLarge(f"At most {limit} bytes.", limit=limit)
    reader = _Reader(boundary)
    size = 0
    async for data in _stream(request):
        reader.feed(data)
        block = b"".join(reader.chunks)
        reader.chunks.clear()
        size += len(block)
        if size > limit:
            raise TooLarge(f"At most {limit} bytes.", limit=limit)
        await write(spool, block, inline=size <= INLINE)
    if not reader.done:
        raise BadInput("The multipart body ends before its last boundary.")
    return reader.form


async def read_raw(request: Request, spool: Spool, *, limit: int) -> int:
    """Read a body that is nothing but bytes; answers how many.

    Raises:
        TooLarge: over the limit; the rest is not read.
    """
    size = 0
    async for data in _stream(request):
        size += len(data)
        if size > limit:
            raise TooLarge(f"At most {limit} bytes.", limit=limit)
        await write(spool, data, inline=size <= INLINE)
    return size


async def read_json(request: Request, *, limit: int) -> bytes:
    """Read a small body whole.

    Raises:
        TooLarge: over the limit.
    """
    body = bytearray()
    async for data in _stream(request):
        body += data
        if len(body) > limit:
            raise TooLarge(f"At most {limit} bytes.", limit=limit)
    return bytes(body)


async def write(spool: Spool, block: bytes, *, inline: bool) -> None:
    """Write to a spool: a little at once, much by a thread so that others are served."""
    if not block:
        return
    if inline:
        spool.write(block)
    else:
        await run_in_threadpool(spool.write, block)


async def _stream(request: Request) -> AsyncIterator[bytes]:
    try:
        async for data in request.stream():
            yield data
    except ClientDisconnect:
        raise BadInput("The connection ended before the body did.") from None
