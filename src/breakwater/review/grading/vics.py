"""VICS: sets of media as investigators exchange them (Project VIC, CAID), read as a stream.

JSON in the envelopes 1.2, 1.3 and 2.0; out come rows, one for each Media entry of a case export
or a hash set. Rules measured on real exports (reference: classification, "VICS"): a byte-order
mark, keys in any case, booleans as text, absent is not false, upper-case MD5, back-slash paths,
several entries for one file, three spellings of time; totals and IsPrecategorized are never
believed. The file is never in memory as a whole. Tests: `tests/unit/test_vics.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final

import ijson

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

BOM: Final = b"\xef\xbb\xbf"

PROPERTY: Final = f"breakwater.{FACTS}"
"""Where another installation's facts stand among the properties of an entry."""

MOST_EVENTS: Final = 100_000
"""Parts of one Media entry; a larger one is no entry but an attack or a fault."""

_ENVELOPE: Final = re.compile(
    r"DataModels/(?P<version>\d+\.\d+)\.xml(?:/(?P<context>[^/$#]+))?(?:/\$metadata)?"
    r"#(?P<what>Cases|Media)",
    re.IGNORECASE,
)
_FLAGS: Final = (
    "victimidentified", "offenderidentified", "isdistributed", "issuspected", "selfgenerated",
    "isprecategorized",
)  # fmt: skip
_TEXTS: Final = ("series", "tags", "precategorizationsource", "mimetype")
_MS: Final = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_AMERICAN: Final = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the file says it is: `Envelope("2.0", "US", "cases")`."""

    version: str = ""
    context: str = ""
    what: str = ""

    @classmethod
    def parse(cls, text: str) -> Envelope:
        """Read `odata.metadata` or `@odata.context`; empty members when it is neither."""
        found = _ENVELOPE.search(text)
        if found is None:
            return cls()
        return cls(found["version"], clean(found["context"] or "", most=32), found["what"].lower())


class VicsReader:
    """Reads one VICS file from front to back."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the beginning, so that the envelope is known where it stands first.

        Args:
            file: binary, at its start, seekable.
        """
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        self.envelope = Envelope()
        self._file = file

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
        for row, media in enumerate(self._media(), start=1):
            try:
                yield read_media(row, media)
            except BadInput as fault:
                yield bad(row, fault)

    def _media(self) -> Iterator[Mapping[str, Any]]:
        """Media entries with keys in lower case, one at a time."""
        building: ijson.ObjectBuilder | None = None
        within, events, of_case = "", 0, False
        try:
            for prefix, event, value in ijson.parse(self._file, use_float=True):
                place = prefix.lower()
                if place in _METADATA and event == "string":
                    self.envelope = Envelope.parse(str(value))
                elif place == "value.item" and event == "start_map":
                    building, within, events, of_case = ijson.ObjectBuilder(), place, 0, False
                elif place == "value.item.media" and event == "start_array":
                    building, of_case = None, True
                elif place == "value.item.media.item" and event == "start_map" and of_case:
                    building, within, events = ijson.ObjectBuilder(), place, 0
                if building is None:
                    continue
                events += 1
                if events > MOST_EVENTS:
                    raise BadInput("One Media entry has more parts than any real one.")
                building.event(event, value)
                if place == within and event == "end_map":
                    made = lowered(building.value)
                    building = None
                    yield made
        except (ijson.JSONError, ValueError, OverflowError, RecursionError):
            raise BadInput("The file is no JSON, or ends before its end.") from None


_METADATA: Final = frozenset({"odata.metadata", "@odata.context"})


def lowered(value: Any) -> Any:
    """The same JSON with every key in lower case; of keys that differ in case only, the first."""
    if isinstance(value, dict):
        out: dict[str, Any] = {}
        for key, inner in value.items():
            out.setdefault(key.lower(), lowered(inner))
        return out
    if isinstance(value, list):
        return [lowered(inner) for inner in value]
    return value


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


def truth(value: Any) -> bool | None:
    """A boolean as exports spell it: true, "True", 1; None when it was not said."""
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return None if value is None else words.get(str(value).strip().lower())


def whole(value: Any) -> int | None:
    """A whole number, also as text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip()
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None


def moment(value: Any) -> datetime | None:
    """A time as exports spell it: ISO, `/Date(ms)/`, or American; UTC where no zone is said."""
    text = str(value or "").strip()
    if not text:
        return None
    if found := _MS.fullmatch(text):
        return _EPOCH + timedelta(milliseconds=int(found[1])) if abs(int(found[1])) < 1e14 else None
    for spelled in (None, *_AMERICAN):
        try:
            read = datetime.fromisoformat(text) if spelled is None else _american(text, spelled)
        except (ValueError, OverflowError):
            continue
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    return None


def _american(text: str, spelled: str) -> datetime:
    return datetime.strptime(text, spelled).replace(tzinfo=UTC)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
