"""VICS: sets of media as investigators exchange them (Project VIC, CAID), read as a stream.

JSON in the envelopes 1.2, 1.3 and 2.0; out come rows, one for each Media entry of a case export
or a hash set. Rules measured on real exports (reference: classification, "VICS"): a byte-order
mark, keys in any case, booleans as text, absent is not false, upper-case MD5, back-slash paths,
several entries for one file, three spellings of time; totals and IsPrecategorized are never
believed. How the file is streamed: `breakwater.vics`. Tests: `tests/unit/test_vics.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

from breakwater.errors import BadInput
from breakwater.review.grading.sources import (
    FACTS,
    BadRow,
    SourceRow,
    bad,
    clean,
    facts_of,
    hashes_of,
    relative,
)
from breakwater.vics import BOM, Envelope, MediaStream, moment, truth, whole

__all__ = ["BOM", "PROPERTY", "VicsReader", "moment", "read_media", "truth", "whole"]

PROPERTY: Final = f"breakwater.{FACTS}"
"""Where another installation's facts stand among the properties of an entry."""

_FLAGS: Final = (
    "victimidentified", "offenderidentified", "isdistributed", "issuspected", "selfgenerated",
    "isprecategorized",
)  # fmt: skip
_TEXTS: Final = ("series", "tags", "precategorizationsource", "mimetype")


class VicsReader:
    """Reads one VICS file from front to back."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the beginning, so that the envelope is known where it stands first.

        Args:
            file: binary, at its start, seekable.
        """
        self._stream = MediaStream(file)

    @property
    def envelope(self) -> Envelope:
        """What the file says it is, as far as it was read."""
        return self._stream.envelope

    @property
    def form(self) -> str:
        """`vics 2.0`; `vics` before the envelope was read, or without one."""
        return f"vics {self.envelope.version}".strip()

    @property
    def context(self) -> str:
        """Whose categories the claims use: `US`, `UK`, `Default`, a custom name, or empty."""
        return self.envelope.context

    def rows(self) -> Iterator[SourceRow | BadRow]:
        """Every Media entry of the file.

        Raises:
            BadInput: it is no JSON, or ends before its end; what came before was given out.
        """
        for row, media in enumerate(self._stream.entries(), start=1):
            try:
                yield read_media(row, media)
            except BadInput as fault:
                yield bad(row, fault)


def read_media(row: int, media: Mapping[str, Any]) -> SourceRow:
    """One Media entry as a row.

    Raises:
        BadInput: neither a hash nor a file, or a hash that is none.
    """
    files = [file for file in _list(media.get("mediafiles")) if isinstance(file, dict)]
    said = {name: str(media.get(name) or "") for name in ("md5", "sha1", "sha256")}
    if not said["md5"]:
        said["md5"] = next((str(file["md5"]) for file in files if file.get("md5")), "")
    hashes, paths = hashes_of(said), _paths(media, files)
    if not hashes and not paths:
        raise BadInput("The entry names neither a hash nor a file.")
    return SourceRow(row, paths, hashes, _claims(media))


def _paths(media: Mapping[str, Any], files: list[dict[str, Any]]) -> tuple[str, ...]:
    """Where the bytes may lie; a file's path is its folder, its whole path, or absent."""
    texts = [str(media.get("relativefilepath") or "")]
    for file in files:
        folder, name = str(file.get("filepath") or ""), str(file.get("filename") or "")
        texts += [f"{folder}/{name}" if folder and name else "", folder, name]
    found = (relative(text) for text in texts if text)
    return tuple(dict.fromkeys(path for path in found if path))


def _claims(media: Mapping[str, Any]) -> dict[str, Any]:
    claims: dict[str, Any] = {}
    if (category := whole(media.get("category"))) is not None:
        claims["category"] = category
    if (number := whole(media.get("mediaid"))) is not None:
        claims["mediaid"] = number
    for name in _FLAGS:
        if (flag := truth(media.get(name))) is not None:
            claims[name] = flag
    for name in _TEXTS:
        if text := clean(str(media.get(name) or "")):
            claims[name] = text
    for one in _list(media.get("exifs")):
        if isinstance(one, dict) and one.get("propertyname") == PROPERTY:
            claims |= facts_of(str(one.get("propertyvalue") or ""))
    if (updated := moment(media.get("dateupdated"))) is not None:
        claims["dateupdated"] = updated.isoformat()
    return claims


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
