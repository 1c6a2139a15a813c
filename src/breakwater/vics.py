"""VICS read as a stream: the Media entries of a case export or hash set, one at a time.

JSON in the envelopes 1.2, 1.3 and 2.0, as investigators exchange it (Project VIC, CAID). Rules
measured on real exports (reference: classification, "VICS"): a byte-order mark, keys in any case,
booleans as text, absent is not false, three spellings of time. The file is never in memory as a
whole. Read by `review.grading.vics` and `exchange.clients.vics_sets`; tests:
`tests/unit/test_vics.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, BinaryIO, Final

import ijson

from breakwater.errors import BadInput

BOM: Final = b"\xef\xbb\xbf"
MOST_EVENTS: Final = 100_000
"""Parts of one Media entry; a larger one is no entry but an attack or a fault."""

_ENVELOPE: Final = re.compile(
    r"DataModels/(?P<version>\d+\.\d+)\.xml(?:/(?P<context>[^/$#]+))?(?:/\$metadata)?"
    r"#(?P<what>Cases|Media)",
    re.IGNORECASE,
)
_MS: Final = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/")
_AMERICAN: Final = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_METADATA: Final = frozenset({"odata.metadata", "@odata.context"})


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
        context = (found["context"] or "").replace("\x00", "").encode("utf-8", "ignore").decode()
        return cls(found["version"], context.strip()[:32], found["what"].lower())


class MediaStream:
    """Reads one VICS file from front to back."""

    def __init__(self, file: BinaryIO) -> None:
        """Read the beginning.

        Args:
            file: binary, at its start, seekable.
        """
        if file.read(len(BOM)) != BOM:
            file.seek(0)
        self.envelope = Envelope()
        self._file = file

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """Media entries with keys in lower case, one at a time.

        Raises:
            BadInput: it is no JSON, or ends before its end; what came before was given out.
        """
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
