"""VICS says which series a file belongs to, and a lead is taken as its series: on both databases."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
import sqlalchemy as sa
from tests import builders_links as made
from tests.contract.test_vics_exports import House

from breakwater.errors import BadInput, NeedsSecondPerson
from breakwater.linking.exhibit_files import vics_rows
from breakwater.model.case import CaseKind, Priority
from breakwater.model.exhibit import Exhibit, ExhibitState, SetKind
from breakwater.model.ids import Id, new_id
from breakwater.records import cases, exhibits, link_series
from breakwater.records.tables.nouns_link import link_media

pytestmark = pytest.mark.usefixtures("keyring")


def sums(content: str) -> dict[str, str]:
    return {
        kind: hashlib.new(kind, content.encode()).hexdigest() for kind in ("md5", "sha1", "sha256")
    }


@pytest.fixture
def house(database) -> House:
    return House(database)


def linked(house: House, *whose: Id | None, name: str = "Blue room") -> Id:
    """Series 1 of the first file of each case, and of an exhibit for None; answers the case of its lead."""
    with house.db.transaction() as tx:
        for number, case in enumerate(whose, 1):
            made.medium(tx, number, case=case)
            key = sums("file 0" if case else "an exhibit")
            row = sa.update(link_media).where(link_media.c.number == number)
            tx.execute(row.values(sha256=bytes.fromhex(key["sha256"])))
            if case is None:
                begun = exhibits.start(
                    tx, reference="K 7", source="", kind=SetKind.FOLDER, by="test"
                )
                one = Exhibit("file 9", ExhibitState.UNKNOWN, size=10, **key)
                exhibits.linked(tx, exhibits.add(tx, begun.number, [one])[0].number, number)
        made.series(tx, 1, range(1, len(whose) + 1), name=name)
        return cases.open(
            tx, kind=CaseKind.LEAD, subject=link_series.get(tx, 1).id, why="Media joined.",
            priority=Priority.LOW, by="linking",
        ).id  # fmt: skip


def media(raw: bytes) -> list[dict[str, object]]:
    (case,) = json.loads(raw)["value"]
    return list(case["Media"])


def test_a_case_names_the_series_of_the_files_that_are_in_one(house) -> None:
    case = house.case(2)
    linked(house, case, house.case(1))
    one, two = media(house.take(house.ada, case))
    assert (one["Series"], "Series" in two) == ("Series 1, Blue room", False)


def test_a_lead_is_its_series_from_every_case_and_exhibit_each_file_once(house) -> None:
    first, second = house.case(3), house.case(1)
    lead = linked(house, first, second, None)
    raw = house.take(house.ada, lead)
    found = media(raw)
    assert [one["MD5"] for one in found] == [
        sums("file 0")["md5"].upper(), sums("an exhibit")["md5"].upper(),
    ]  # fmt: skip
    assert [one["MediaID"] for one in found] == [1, 2]
    assert {one["Series"] for one in found} == {"Series 1, Blue room"}
    assert found[0]["Category"] == 1, "what a person said of it goes along"
    assert [one.told["series"] for one in vics_rows(io.BytesIO(raw))] == [
        "Series 1, Blue room", "Series 1, Blue room",
    ]  # fmt: skip
    assert house.told("vics.export")[0]["media"] == 2


def test_a_large_series_needs_two_people(house, monkeypatch) -> None:
    lead = linked(house, house.case(1), None)
    monkeypatch.setattr("breakwater.reporting.vics.exports.ALONE", 1)
    with pytest.raises(NeedsSecondPerson):
        house.take(house.ada, lead)


def test_a_lead_of_exhibits_names_those_that_nobody_had_judged(house) -> None:
    lead = linked(house, None)
    with house.db.transaction() as tx:
        taken = exhibits.every(tx)[0]
        case = cases.open(
            tx, kind=CaseKind.LEAD, subject=taken.id, why="Exhibits.", priority=Priority.LOW, by="t"
        )
        tx.execute(sa.update(link_media).values(case_id=case.id))
    (one,) = media(house.take(house.ada, case.id))
    assert one["MD5"] == sums("an exhibit")["md5"].upper()
    assert one["Series"] == "Series 1, Blue room"
    assert [each["MD5"] for each in media(house.take(house.ada, lead))] == [one["MD5"]]


def test_an_export_that_would_name_nothing_is_refused(house) -> None:
    with house.db.transaction() as tx:
        case = cases.open(
            tx, kind=CaseKind.LEAD, subject=new_id(), why="A lead.", priority=Priority.LOW, by="t"
        )
    with pytest.raises(BadInput, match="MD5"):
        house.take(house.ada, case.id)
    assert house.told("vics.export") == []
