"""Messages in files: labelled ones to learn from, and a service's own traffic without labels.

In: CSV or JSONL, perhaps gzipped. Labelled: `text,label,group` and perhaps `ts,lang,stream,author`
(`label` 1 or 0). Traffic: `text,ts,stream,author` and perhaps `lang,service,kind`. `ts` is seconds
or a time of ISO 8601. Out: rows whose repr holds no text. No error quotes a row; its number is
said. Read by `train`, `measure` and `traffic`. Tests: tests/unit/test_comment_train.py,
tests/unit/test_comments_traffic.py.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from breakwater.errors import BadInput, NotFound
from breakwater.model.comment import Message, MessageKind

NEEDED: Final = frozenset({"text", "label", "group"})
KNOWN: Final = NEEDED | {"ts", "lang", "stream", "author"}
LABELS: Final[Mapping[str, bool]] = {"1": True, "0": False}
TOLD_NEEDED: Final = frozenset({"text", "ts", "stream", "author"})
TOLD_KNOWN: Final = TOLD_NEEDED | {"lang", "service", "kind"}
LATEST: Final = 253_402_300_000.0
"""Seconds; a clock beyond the year 9999 is none."""

csv.field_size_limit(1 << 24)


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled message; `at`: seconds, None: nobody said."""

    text: str = field(repr=False)
    label: bool
    group: str
    lang: str = ""
    stream: str = field(default="", repr=False)
    author: str = field(default="", repr=False)
    at: float | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a service's traffic; `at`: seconds."""

    text: str = field(repr=False)
    at: float
    stream: str = field(repr=False)
    author: str = field(repr=False)
    lang: str = ""
    service: str = ""
    kind: MessageKind = MessageKind.COMMENT

    def message(self, name: str, began: float = 0.0) -> Message:
        """As the engine takes it.

        Args:
            name: its id.
            began: added to its time.
        """
        when = datetime.fromtimestamp(self.at + began, UTC)
        return Message(name, self.author, when, self.text, self.lang or None, self.kind)


def read_rows(path: Path) -> list[Row]:
    """The labelled rows of a file.

    Raises:
        NotFound: there is none.
        BadInput: a row is not of the form; its number is said.
    """
    return [_row(fields, number) for number, fields in enumerate(fields_of(path), 1)]


def read_traffic(path: Path, lang: str = "", service: str = "") -> list[Told]:
    """The messages of a file without labels, in the order of their times.

    Args:
        path: CSV or JSONL.
        lang: of rows that name none.
        service: of rows that name none.

    Raises:
        NotFound: there is none.
        BadInput: a row is not of the form; its number is said.
    """
    held = [
        _told(fields, number, lang, service) for number, fields in enumerate(fields_of(path), 1)
    ]
    held.sort(key=lambda one: one.at)
    return held


def fields_of(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a file as they stand there; `.jsonl` and `.ndjson` are JSON, all else CSV.

    Raises:
        NotFound: there is none.
        BadInput: not UTF-8, not gzip, or a row that is neither.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
    zipped = data[:2] == b"\x1f\x8b"
    try:
        text = (gzip.decompress(data) if zipped else data).decode("utf-8-sig")
    except (OSError, EOFError):
        raise BadInput(f"{path} is not gzip.") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8.") from None
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    return jsonl(text) if suffix in {".jsonl", ".ndjson"} else _csv(text)


def jsonl(text: str) -> Iterator[Mapping[str, Any]]:
    """JSON objects, one a line; empty lines are left out.

    Raises:
        BadInput: a line is none.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError):
                fields = None
            if not isinstance(fields, dict):
                raise BadInput(f"Row {number} is not a JSON object.")
            yield fields


def _csv(text: str) -> Iterator[Mapping[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    while True:
        wrong = False
        try:
            fields = next(reader, None)
        except csv.Error:
            wrong = True
        if wrong:
            raise BadInput(f"Line {reader.line_num} is not CSV.")
        if fields is None:
            return
        yield fields


def _lacking(fields: Mapping[str, Any], need: frozenset[str], known: frozenset[str]) -> str:
    """What is wrong with a row's columns, in words; empty: nothing."""
    missing = sorted(name for name in need if fields.get(name) is None)
    if not missing and not fields.keys() - known:
        return ""
    lack = f"lacks {', '.join(missing)}" if missing else "has unknown columns"
    return f"{lack}; known are {', '.join(sorted(known))}"


def _row(fields: Mapping[str, Any], number: int) -> Row:
    if lack := _lacking(fields, NEEDED, KNOWN):
        raise BadInput(f"Row {number} {lack}.")
    said = fields["label"]
    label = LABELS.get(str(int(said)) if isinstance(said, bool) else str(said))
    group = str(fields["group"]).strip()
    if label is None or not group or not isinstance(fields["text"], str):
        raise BadInput(f"Row {number}: label is not 1 or 0, group is empty, or text is no text.")
    ts = fields.get("ts")
    lang, stream, author = (str(fields.get(name) or "") for name in ("lang", "stream", "author"))
    at = None if ts is None or ts == "" else seconds(ts, number)
    return Row(fields["text"], label, group, lang, stream, author, at)


def _told(fields: Mapping[str, Any], number: int, lang: str, service: str) -> Told:
    if lack := _lacking(fields, TOLD_NEEDED, TOLD_KNOWN):
        raise BadInput(f"Row {number} {lack}.")
    stream, author = (str(fields[name]).strip() for name in ("stream", "author"))
    if not stream or not author or not isinstance(fields["text"], str):
        raise BadInput(f"Row {number}: stream or author is empty, or text is no text.")
    return Told(
        fields["text"], seconds(fields["ts"], number), stream, author,
        str(fields.get("lang") or lang), str(fields.get("service") or service),
        kind(fields.get("kind"), number),
    )  # fmt: skip


def kind(value: Any, number: int) -> MessageKind:
    """What happened; nothing said: a comment.

    Raises:
        BadInput: an unknown kind.
    """
    if value is None or value == "":
        return MessageKind.COMMENT
    try:
        return MessageKind(value)
    except ValueError:
        pass
    raise BadInput(f"Row {number}: kind is one of {', '.join(MessageKind)}.")


def seconds(value: Any, number: int) -> float:
    """A time as seconds.

    Raises:
        BadInput: neither a number nor a time of ISO 8601.
    """
    found: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    elif isinstance(value, str):
        found = _parsed(value)
    if found is None or not math.isfinite(found) or not 0.0 <= found < LATEST:
        raise BadInput(f"Row {number}: ts is neither seconds nor a time of ISO 8601.")
    return found


def _parsed(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        pass
    try:
        when = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
