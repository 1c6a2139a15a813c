"""A view as a file for tools that follow nothing: CSV v1, and a VICS hash set.

CSV v1 is the table of reference hash-sharing ("Our own CSV v1"), one fingerprint a row; asked
after a change it holds what is withdrawn too. A VICS hash set holds what has an MD5, the one hash
that it demands, without a category, because none of its numbers follows from a word of another
scheme (reference classification-and-vics). Known harmless entries are in neither: who reads these
files takes each row for a hit. Contract: `tests/integration/test_hub_exports.py`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from breakwater.hub.feeds.following import Following
from breakwater.model.access import Principal
from breakwater.model.hub_feed import News, Released, printed
from breakwater.model.signal import kind_named
from breakwater.records import hub_feeds
from breakwater.records.database import Database

COLUMNS: Final = (
    "record_id", "md5", "sha1", "sha256", "pdq", "pdq_quality", "pdna_b64", "media_type",
    "category_uk", "industry_class", "interpol_baseline", "age_band", "sex", "self_generated",
    "ai_generated", "series", "first_listed", "last_reviewed", "reviewers", "status", "tlp",
    "permitted_use", "list", "source", "expires_at",
)  # fmt: skip
_COLUMN_OF: Final = {
    "md5": "md5", "sha1": "sha1", "sha256": "sha256", "pdq": "pdq", "photodna": "pdna_b64",
}  # fmt: skip
_UK: Final = frozenset("ABC")
_INDUSTRY: Final = frozenset({"A1", "A2", "B1", "B2"})
_FLAGS: Final = ("interpol_baseline", "self_generated", "ai_generated")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
CONTEXT: Final = (
    "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/Default/$metadata#Media"
)


@dataclass(frozen=True, slots=True)
class Exported:
    """A view that was written.

    Attributes:
        through: the change that it goes up to.
        rows: fingerprints in it.
        left_out: fingerprints that its form cannot hold, e.g. URLs in CSV v1.
    """

    through: int
    rows: int
    left_out: int


class _Seen:
    """Counts what a form holds of what goes by."""

    def __init__(self, form: str) -> None:
        self._kinds = frozenset(_COLUMN_OF) if form == "csv" else frozenset({"md5"})
        self.written = self.left = 0

    def batch(self, batch: Sequence[News]) -> Sequence[News]:
        """Count it and hand it on."""
        for one in batch:
            if isinstance(one, Released) and not one.negative:
                held = one.kind in self._kinds
                self.written += held
                self.left += not held
        return batch


class Exports:
    """Writes files."""

    def __init__(self, db: Database, following: Following) -> None:
        self._db = db
        self._following = following

    def write(
        self, who: Principal, form: str, path: Path, *, after: int = 0, purpose: str = ""
    ) -> Exported:
        """Write a view to a file.

        Args:
            who: a member's key.
            form: `csv` or `vics`.
            path: where to.
            after: CSV only: what changed after this, withdrawals too; 0: what there is.
            purpose: what for.
        """
        self._following.prepare(who, form)
        with self._db.read() as tx:
            asking = self._following.asking(tx, who, purpose)
            reader, newest = asking.reader(tx), hub_feeds.newest(tx)
            news = reader.every(after, newest, 5_000)
            seen = _Seen(form)
            counted = (seen.batch(batch) for batch in news)
            text = csv_lines(counted, gone=bool(after)) if form == "csv" else vics_parts(counted)
            with path.open("w", encoding="utf-8", newline="") as file:
                for part in text:
                    file.write(part)
        if reader.fresh:
            self._following.served(asking.member.id, reader.fresh)
        self._following.note(asking.member.id, form, rows=seen.written, change=newest)
        return Exported(newest, seen.written, seen.left)


def csv_lines(news: Iterable[Sequence[News]], *, gone: bool) -> Iterator[str]:
    """CSV v1 in parts, with its header."""
    buffer = io.StringIO()
    table = csv.DictWriter(buffer, COLUMNS, restval="", lineterminator="\r\n")
    table.writeheader()
    for batch in news:
        for one in batch:
            if isinstance(one, Released):
                if not one.negative and one.kind in _COLUMN_OF:
                    table.writerow(_row(one))
            elif gone:
                table.writerow({"record_id": one.number, "status": "withdrawn"})
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _row(one: Released) -> dict[str, object]:
    terms = one.terms
    said = {terms.category, *terms.labels}
    quality = {"pdq_quality": one.quality} if one.kind == "pdq" else {}
    return {
        "record_id": one.number,
        _COLUMN_OF[one.kind]: kind_named(one.kind).print(one.value),
        "media_type": "video" if "video" in said else "image",
        "category_uk": next(iter(sorted(said & _UK)), ""),
        "industry_class": next(iter(sorted(said & _INDUSTRY)), ""),
        "status": "active", "tlp": terms.tlp, "permitted_use": _safe(terms.permitted_use),
        "list": terms.list, "source": _safe("; ".join(one.name for one in terms.sources)),
        "expires_at": printed(terms.expires_at) or "",
        **quality, **{flag: "true" for flag in _FLAGS if flag in said},
    }  # fmt: skip


def _safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def vics_parts(news: Iterable[Sequence[News]]) -> Iterator[str]:
    """A VICS 2.0 hash set in parts."""
    yield json.dumps({"@odata.context": CONTEXT})[:-1] + ', "value": ['
    comma = ""
    for batch in news:
        for one in batch:
            if isinstance(one, Released) and one.kind == "md5" and not one.negative:
                yield comma + "\n" + json.dumps(_media(one))
                comma = ","
    yield "\n]}\n"


def _media(one: Released) -> dict[str, object]:
    terms = one.terms
    tags = [
        terms.category,
        *terms.labels,
        f"TLP:{terms.tlp.upper()}",
        f"use: {terms.permitted_use}",
    ]
    said: dict[str, object] = {
        "MediaID": one.number, "Category": None, "MD5": one.value.hex().upper(),
        "Tags": ", ".join(tag for tag in tags if tag),
        "Comments": f"{terms.list}: {'; '.join(source.name for source in terms.sources)}",
    }  # fmt: skip
    if "self_generated" in terms.labels:
        said["SelfGenerated"] = "true"
    return said
