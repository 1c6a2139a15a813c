"""An import is compared with what passed piece by piece, and nothing that passed is missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from breakwater.banks import retroactive
from breakwater.banks.retroactive import Retroactive
from breakwater.model.event import EventType
from breakwater.model.ids import Id, new_id
from breakwater.records import banks, entries, imports
from breakwater.records.database import Database
from breakwater.records.ingest import IngestLog

pytestmark = pytest.mark.usefixtures("keyring")


def value(seed: int) -> bytes:
    """Values far from one another."""
    return bytes((seed * 37 + at * (2 * seed + 1)) % 256 for at in range(32))


def imported(database: Database, seeds: Sequence[int]) -> int:
    with database.transaction() as tx:
        bank = banks.create(tx, name="A")
        made = imports.start(tx, bank, source="a list", digest="d" * 64)
        rows = [("pdq", value(seed), 90) for seed in seeds]
        entries.add_lean(tx, bank, rows, import_number=made.number)
        return made.number


def test_an_import_in_pieces_finds_whatever_passed(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first and last rows, those on either side of a ring, and those of a ring not yet full."""
    monkeypatch.setattr(retroactive, "READ", 4)
    monkeypatch.setattr(retroactive, "BATCH", 8)
    number = imported(database, range(22))
    ingest = IngestLog(tmp_path / "ingest")
    passed: dict[int, Id] = {seed: new_id() for seed in (0, 7, 8, 15, 16, 21, 99)}
    records = [(value(seed), UUID(one).bytes) for seed, one in passed.items()]
    ingest.append(date(2026, 3, 1), records)
    backwards, told = Retroactive(db=database, ingest=ingest), list[float]()
    assert backwards.run({"import_number": number}, told.append) == 6
    with database.transaction() as tx:
        rows = tx.run("SELECT type, subject FROM outbox ORDER BY change")
    ingest.close()
    found = {str(row[1]) for row in rows if row[0] == EventType.UPLOAD_MATCHED.value}
    assert found == {one for seed, one in passed.items() if seed != 99}
    assert told == [1.0] * 3  # what passed is read once for a ring, not once for a piece


def test_the_rows_of_an_import_are_never_all_in_memory(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows take ten times what their values take, and a server keeps what it once used."""
    sizes: list[int] = []
    monkeypatch.setattr(retroactive, "READ", 5)
    monkeypatch.setattr(
        Retroactive, "_exact", lambda _self, batch, _found: sizes.append(len(batch))
    )
    number = imported(database, range(12))
    ingest = IngestLog(tmp_path / "ingest")
    Retroactive(db=database, ingest=ingest).run({"import_number": number}, lambda _: None)
    ingest.close()
    assert sizes == [5, 5, 2]
