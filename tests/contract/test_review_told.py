"""What was graded is written and read again whole: every child, every stretch, nothing else."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
from tests.builders_grading import CHILD, Room

from breakwater.errors import BadInput, NotAllowed, NotFound
from breakwater.model.access import Role
from breakwater.model.facts import Activity, AgeBand, ItemFacts, Known, Segment
from breakwater.model.grading import GradeItem
from breakwater.records import audit, gradesets
from breakwater.review.grading.placing import reader
from breakwater.review.grading.sources import FACTS, BadRow, facts_of
from breakwater.review.grading.told import Tellings

OLDER = replace(CHILD, age=AgeBand.FROM_14)
VIDEO = ItemFacts(
    Activity.POSING_OR_NUDITY, (CHILD, OLDER), self_generated=True, victim=Known.YES,
    segments=(
        Segment(0.5, 2.25, Activity.POSING_OR_NUDITY, (1,)),
        Segment(2.25, 4.0, Activity.NONE, (0, 1)),
    ),
)  # fmt: skip


@pytest.fixture
def room(database) -> Room:
    return Room.of(database)


def graded(room: Room) -> tuple[int, list[GradeItem]]:
    """A set with a graded video, a confirmed near copy of nothing, and one that waits."""
    number = room.open_set(2)
    with room.db.transaction() as tx:
        for item in gradesets.page(tx, number):
            gradesets.change(
                tx, item, md5=bytes([item.number]) * 16, type="video/mp4",
                claims={"source": "secret name"},
            )  # fmt: skip
    ada = room.somebody(Role.GRADER)
    task = room.grading.next(ada, number)
    room.grading.save(ada, task.number, VIDEO, confirmed=True)
    with room.db.read() as tx:
        return number, gradesets.page(tx, number)


@pytest.mark.parametrize("form", ["vics", "csv"])
def test_facts_of_every_child_and_stretch_come_back_as_a_claim(room, form):
    number, (first, _) = graded(room)
    lead = room.somebody(Role.QA_LEAD)
    written = b"".join(Tellings(db=room.db).write(lead, number, form))
    (row,) = reader(io.BytesIO(written)).rows()
    assert not isinstance(row, BadRow)
    assert {s.kind: s.value.hex() for s in row.hashes}["md5"] == first.md5
    assert ItemFacts.read(row.claims[FACTS]) == VIDEO
    assert b"secret" not in written
    with room.db.read() as tx:
        (entry,) = [e for e in audit.page(tx, limit=20) if e.action == "grade_set.export"]
    assert (entry.actor, entry.facts["form"]) == (lead.id, form)


def test_vics_is_written_by_its_rules(room):
    number, (first, _) = graded(room)
    written = b"".join(Tellings(db=room.db).write(room.somebody(Role.QA_LEAD), number, "vics"))
    assert not written.startswith(b"\xef\xbb\xbf")
    (media,) = json.loads(written)["value"]
    assert media["MD5"] == first.md5.upper()
    assert (media["SelfGenerated"], media["VictimIdentified"]) == ("true", "true")
    assert "IsDistributed" not in media
    assert media["Category"] in {1, 2}


def test_csv_has_a_column_for_every_scheme(room):
    number, _ = graded(room)
    written = b"".join(Tellings(db=room.db).write(room.somebody(Role.QA_LEAD), number, "csv"))
    (row,) = csv.DictReader(io.StringIO(written.decode()))
    assert (row["uk_abc"], row["pertinent"]) == ("C", "true")


def test_only_quality_leads_write_and_only_known_forms(room):
    number, _ = graded(room)
    tellings = Tellings(db=room.db)
    for role in (Role.GRADER, Role.REVIEWER, Role.ADMIN):
        with pytest.raises(NotAllowed):
            tellings.write(room.somebody(role), number, "csv")
    lead = room.somebody(Role.QA_LEAD)
    with pytest.raises(BadInput):
        tellings.write(lead, number, "pdf")
    with pytest.raises(NotFound):
        tellings.write(lead, 9_999, "csv")


@pytest.mark.parametrize(
    "text", ["{", "[]", '"x"', '{"activity": "no"}', "[" * 10_000, "x" * 300_000, '{"a": 1}']
)
def test_facts_that_cannot_be_read_say_so_and_lose_no_row(text):
    assert facts_of(text) == {"facts_unreadable": True}
    rows = list(reader(io.BytesIO(b"md5,facts\n" + b"0" * 32 + b',"x"\n')).rows())
    assert [row.claims for row in rows] == [{"facts_unreadable": True}]
