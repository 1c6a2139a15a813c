"""What holds for a set, written for others: VICS 2.0 (a hash set) or CSV, row by row.

In comes a set; out go bytes, one item at a time: its hashes, its codes, and its facts with every
child and every stretch of a video as one JSON value, which `review.grading.vics` and
`review.grading.sheet` read back as a claim. In VICS it stands in the property bag (`Exifs`) under
`breakwater.facts`, so that other readers keep it and need not know it. Writer rules of the
reference (classification, "VICS"): flags only when true and as text, MD5 in upper case, UTF-8
without a byte-order mark. No media, no source, no grader. Tests:
`tests/contract/test_review_told.py`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.facts import ItemFacts, Known
from breakwater.model.grading import GradeItem, GradeResult
from breakwater.records import gradesets, grading, schemes
from breakwater.records.database import Database, Tx
from breakwater.review.grading.sources import FACTS
from breakwater.review.grading.vics import PROPERTY

CONTEXT: Final = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
CATEGORIES: Final = "vics_us"
FORMS: Final = ("vics", "csv")
BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Told:
    """One item with what holds for it.

    Attributes:
        codes: by scheme.
    """

    item: GradeItem
    result: GradeResult
    codes: dict[str, tuple[str, ...]]


class Tellings:
    """Writes sets for others."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def write(self, who: Principal, number: int, form: str) -> Iterator[bytes]:
        """The settled items of a set, as a file; begun only when its audit row is kept.

        Raises:
            NotAllowed: not by this role.
            BadInput: no such form.
            NotFound: no such set.
        """
        if not who.may(Permission.GRADE_QA):
            raise NotAllowed("What holds for a set is written by those who answer for quality.")
        if form not in FORMS:
            raise BadInput(f"A form is one of: {', '.join(FORMS)}.")
        with self._db.transaction() as tx:
            one = gradesets.get(tx, number)
            known = sorted(schemes.current(tx))
            tx.audit(who.id, "grade_set.export", one.id, number=number, form=form)
        rows = self._rows(number)
        return vics(rows) if form == "vics" else sheet(rows, known)

    def _rows(self, number: int) -> Iterator[Told]:
        after = 0
        while True:
            with self._db.read() as tx:
                page = gradesets.page(tx, number, after=after, limit=BATCH)
                found = [told for item in page if (told := _told(tx, item)) is not None]
            if not page:
                return
            yield from found
            after = page[-1].number


def _told(tx: Tx, item: GradeItem) -> Told | None:
    result = grading.present(tx, item)
    if result is None:
        return None
    codes = schemes.of_item(tx, result.item)
    return Told(item, result, {name: code.codes for name, code in codes.items()})


def vics(rows: Iterator[Told]) -> Iterator[bytes]:
    """VICS 2.0 with the categories of the United States; an item without an MD5 is left out."""
    yield f'{{"@odata.context": {json.dumps(CONTEXT)}, "value": ['.encode()
    before = b""
    for row in rows:
        if row.item.md5:
            yield before + json.dumps(_media(row), ensure_ascii=False).encode()
            before = b",\n"
    yield b"]}\n"


def sheet(rows: Iterator[Told], known: Sequence[str]) -> Iterator[bytes]:
    """CSV with a column a scheme."""
    yield _line(["item", "md5", "sha1", "sha256", "pertinent", *known, FACTS])
    for row in rows:
        item, facts = row.item, row.result.facts
        codes = [" ".join(row.codes.get(name, ())) for name in known]
        said = json.dumps(facts.plain(), separators=(",", ":")) if facts else ""
        pertinent = "true" if row.result.pertinent else "false"
        yield _line([str(item.number), item.md5, item.sha1, item.sha256, pertinent, *codes, said])


def _media(row: Told) -> dict[str, Any]:
    item, facts = row.item, row.result.facts
    made: dict[str, Any] = {"MediaID": item.number, "MD5": item.md5.upper()}
    category = next(iter(row.codes.get(CATEGORIES, ())), "")
    if category.isdecimal():
        made["Category"] = int(category)
    made |= {"SHA1": item.sha1.upper()} if item.sha1 else {}
    made |= {"MediaSize": item.size} if item.size else {}
    made |= {"MimeType": item.type} if item.type else {}
    if facts is not None:
        made |= _flags(facts)
        said = json.dumps(facts.plain(), separators=(",", ":"))
        made["Exifs"] = [
            {"MD5": made["MD5"], "PropertyName": PROPERTY, "PropertyValue": said}
        ]  # fmt: skip
    return made


def _flags(facts: ItemFacts) -> dict[str, str]:
    """Only what is true, as text: absent is not false."""
    said = {
        "VictimIdentified": facts.victim is Known.YES,
        "SelfGenerated": facts.self_generated,
    }
    return {name: "true" for name, holds in said.items() if holds}


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
