"""Lists as CSV, by a mapping of columns that an operator can edit; our own CSV v1 without one.

The mapping is TOML: which column names an entry, which hold hashes of which kind, which become
labels, and which says that an entry is withdrawn. Lists of hotlines (the IWF's and others') have
columns that are not public: they are written once into a mapping. A value that is none is said and
the rest of its row kept. Tests: `tests/contract/test_exchange_files.py`.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from breakwater.errors import BadInput, PeerFault
from breakwater.exchange.clients.files import OPTIONS, FileClient
from breakwater.exchange.ports import PAGE, Maker, Offers, Setting
from breakwater.model.exchange import Gone, Item, Offered, Row, Unreadable
from breakwater.model.signal import kind_named

LONGEST_LABEL: Final = 60
TRUE: Final = frozenset({"true", "1", "yes", "y", "ja", "x"})
OWN: Final = """
id = "record_id"
[hashes]
md5 = "md5"
sha1 = "sha1"
sha256 = "sha256"
pdq = "pdq"
pdna_b64 = "photodna"
[quality]
pdq = "pdq_quality"
[labels]
category_uk = "uk:{}"
industry_class = "{}"
age_band = "age:{}"
sex = "sex:{}"
series = "series:{}"
tlp = "tlp:{}"
media_type = "media:{}"
interpol_baseline = "interpol_baseline"
self_generated = "self_generated"
ai_generated = "ai_generated"
[status]
column = "status"
gone = ["withdrawn"]
"""
"""Our own CSV v1 (reference hash-sharing, "IWF list")."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """Which column is what; names are compared without case.

    Attributes:
        id: column of the entry's own id; empty: its first hash.
        hashes: column to kind; quality: kind to column.
        labels: column to a label: `{}` stands for the value; without it the label is said where
            the value is true.
        status, gone: column, and its values that say withdrawn.
        source, permitted_use: columns; empty: none.
    """

    id: str = ""
    delimiter: str = ","
    hashes: Mapping[str, str] = field(default_factory=dict)
    quality: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    status: str = ""
    gone: frozenset[str] = frozenset()
    source: str = ""
    permitted_use: str = ""

    @classmethod
    def read(cls, text: str) -> Mapped:
        """Read TOML.

        Raises:
            BadInput: it is none, or names no hash.
        """
        try:
            said = tomllib.loads(text)
            status = said.pop("status", {})
            made = cls(
                id=_low(said.pop("id", "")), delimiter=str(said.pop("delimiter", ",")),
                hashes=_table(said.pop("hashes", {})),
                quality={kind: _low(c) for kind, c in said.pop("quality", {}).items()},
                labels=_table(said.pop("labels", {})), status=_low(status.get("column", "")),
                gone=frozenset(_low(one) for one in status.get("gone", ())),
                source=_low(said.pop("source", "")),
                permitted_use=_low(said.pop("permitted_use", "")),
            )  # fmt: skip
        except (tomllib.TOMLDecodeError, AttributeError, TypeError) as error:
            raise BadInput(f"The mapping is no TOML of the right form: {error}.") from None
        if said:
            raise BadInput(f"The mapping has no part {min(said)}.")
        if not made.hashes or len(made.delimiter) != 1:
            raise BadInput("The mapping names a column of hashes under [hashes], at least one.")
        for kind in made.hashes.values():
            kind_named(kind)
        return made


def _low(text: Any) -> str:
    return str(text).strip().lower()


def _table(said: Mapping[str, Any]) -> dict[str, str]:
    return {_low(name): str(value) for name, value in said.items()}


class CsvClient(FileClient):
    """One list as CSV."""

    def __init__(self, setting: Setting, *, page: int = PAGE) -> None:
        """Take the mapping.

        Raises:
            BadInput: it is wrong.
        """
        super().__init__(setting, whole=False, page=page)
        self._map = Mapped.read(str(setting.options.get("mapping", "")) or OWN)

    def rows(self, path: Path) -> Iterator[Sequence[Item]]:
        """Each row of the file.

        Raises:
            PeerFault: its header has no column that the mapping names.
        """
        with path.open("r", encoding="utf-8-sig", newline="", errors="replace") as file:
            reader = csv.reader(file, delimiter=self._map.delimiter)
            names = [_low(one) for one in next(_read(reader), [])]
            if not set(names) & set(self._map.hashes):
                raise PeerFault("The file has no column of hashes that the mapping names.")
            for row in _read(reader):
                place = f"line {reader.line_num}"
                if not row:
                    yield (Unreadable(place, "It is empty, or no CSV."),)
                elif not any(cell.strip() for cell in row):
                    yield ()
                elif len(row) < len(names):
                    yield (Unreadable(place, f"{len(row)} columns, the header has {len(names)}."),)
                else:
                    yield self._items(place, dict(zip(names, row, strict=False)))

    def _items(self, place: str, cells: Mapping[str, str]) -> Sequence[Item]:
        signals, bad = self._signals(place, cells)
        remote = cells.get(self._map.id, "").strip() or next(
            (f"{kind}:{value.hex()[:64]}" for kind, value, _ in signals), ""
        )
        if not remote:
            return bad or [Unreadable(place, "No id and no hash in this row.")]
        if _low(cells.get(self._map.status, "")) in self._map.gone:
            return [Gone(remote), *bad]
        if not signals:
            return bad or [Unreadable(place, "No hash in this row.")]
        offer = Offered(
            remote, signals, tuple(self._labels(cells)),
            permitted_use=cells.get(self._map.permitted_use, "").strip()[:200],
            source=cells.get(self._map.source, "").strip()[:200],
        )  # fmt: skip
        return [offer, *bad]

    def _signals(self, place: str, cells: Mapping[str, str]) -> tuple[tuple[Row, ...], list[Item]]:
        rows: list[Row] = []
        bad: list[Item] = []
        for column, kind in self._map.hashes.items():
            text = cells.get(column, "").strip()
            if not text:
                continue
            try:
                value = kind_named(kind).parse(text)
                rows.append((kind, value, self._quality(kind, cells)))
            except BadInput as error:
                bad.append(Unreadable(place, error.detail or error.title()))
        return tuple(dict.fromkeys(rows)), bad

    def _quality(self, kind: str, cells: Mapping[str, str]) -> int:
        text = cells.get(self._map.quality.get(kind, ""), "").strip()
        return int(text) if text.isascii() and text.isdigit() and int(text) <= 100 else 100

    def _labels(self, cells: Mapping[str, str]) -> Iterator[str]:
        for column, label in self._map.labels.items():
            value = cells.get(column, "").strip()
            if "{}" in label:
                if value:
                    yield label.replace("{}", value)[:LONGEST_LABEL]
            elif value.lower() in TRUE:
                yield label


def _read(reader: Any) -> Iterator[list[str]]:
    """Rows; one that the reader refuses (a NUL, a cell without end) is an empty list."""
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield []


MAKER: Final = Maker(
    "CSV by a mapping of columns",
    Offers(
        options={**OPTIONS, "mapping": "TOML: which column is what; else our own CSV v1"}
    ),
    CsvClient,
)  # fmt: skip
