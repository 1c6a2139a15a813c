"""Reports over a recipient that misbehaves and a sender that dies: none lost, none filed twice.

A whole simulated recipient answers each call by its rules, loses requests and answers, and its
sender is killed at any point; time is a test's. A failure prints its seed.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from tests.builders import case

from breakwater.errors import LeaseLost, NotFound, Unavailable
from breakwater.model.filing import (
    MOVES,
    Answer,
    Call,
    Filing,
    FilingFile,
    FilingState,
)
from breakwater.model.ids import new_id
from breakwater.records import filing_steps, filings
from breakwater.reporting.cybertipline.machine import Todo, judge, next_call
from breakwater.reporting.cybertipline.sender import Sender

pytestmark = pytest.mark.usefixtures("keyring")

FILE = b"an ordinary picture of a harbour"
POINTS = [f"{when}-{call.value}" for when in ("before", "after", "kept") for call in Call]


class Killed(BaseException):
    """The process died here."""


@dataclass
class Opened:
    """One report at the recipient."""

    mark: str
    at: datetime
    files: dict[str, bytes] = field(default_factory=dict)
    described: set[str] = field(default_factory=set)
    state: str = "open"


@dataclass
class Recipient:
    """Takes reports as NCMEC does; `chance` of each fault."""

    clock: object
    draw: random.Random
    chance: float
    reports: dict[str, Opened] = field(default_factory=dict)

    def submit(self, report: bytes) -> Answer:
        return self._faulty(lambda: self._submit(report))

    def upload(self, report_id: str, name: str, source: io.BytesIO) -> Answer:
        data = source.read()
        return self._faulty(lambda: self._upload(report_id, data))

    def describe(self, details: bytes) -> Answer:
        report_id, file_id = details.decode().split()
        return self._faulty(lambda: self._describe(report_id, file_id))

    def finish(self, report_id: str) -> Answer:
        return self._faulty(lambda: self._end(report_id, "finished"))

    def retract(self, report_id: str) -> Answer:
        return self._faulty(lambda: self._end(report_id, "retracted"))

    def finished(self) -> list[str]:
        return [one.mark for one in self.reports.values() if one.state == "finished"]

    def left_open(self) -> set[str]:
        return {key for key, one in self.reports.items() if one.state == "open"}

    def _faulty(self, do) -> Answer:
        if self.draw.random() < self.chance:
            raise Unavailable("The request was lost.")
        if self.draw.random() < self.chance:
            return Answer(self.draw.choice([None, 1000, 1300]), http=500)
        said = do()
        if self.draw.random() < self.chance:
            raise Unavailable("The answer was lost.")
        return said

    def _submit(self, report: bytes) -> Answer:
        made = str(4_000_000 + len(self.reports))
        self.reports[made] = Opened(report.decode(), self.clock.now())
        return Answer(0, report_id=made)

    def _upload(self, report_id: str, data: bytes) -> Answer:
        if wrong := self._not_open(report_id):
            return wrong
        made = f"f{self.draw.getrandbits(64):016x}"
        digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
        if self.draw.random() < self.chance:
            digest = "0" * 32
        self.reports[report_id].files[made] = data
        return Answer(0, file_id=made, md5=digest.upper())

    def _describe(self, report_id: str, file_id: str) -> Answer:
        if wrong := self._not_open(report_id):
            return wrong
        one = self.reports[report_id]
        if file_id in one.described:
            return Answer(4100, http=400)
        one.described.add(file_id)
        return Answer(0)

    def _end(self, report_id: str, state: str) -> Answer:
        if wrong := self._not_open(report_id):
            return wrong
        self.reports[report_id].state = state
        return Answer(0, files=tuple(self.reports[report_id].files))

    def _not_open(self, report_id: str) -> Answer | None:
        one = self.reports.get(report_id)
        day = timedelta(hours=24)
        if one is not None and one.state == "open" and self.clock.now() - one.at > day:
            one.state = "expired"
        code = {None: 5001, "expired": 5001, "retracted": 5101, "finished": 5102}.get(
            one.state if one else None
        )
        return None if code is None else Answer(code, http=400)


class Documents:
    """Just enough to tell reports and files apart."""

    def of(self, draft):
        one = type(self)()
        one.draft = draft
        return one

    def report(self, filing, cited) -> bytes:
        return f"{self.draft['mark']}".encode()

    def details(self, filing, position) -> bytes:
        return f"{filing.report_id} {filing.files[position].file_id}".encode()

    def name(self, position) -> str:
        return f"{position}.jpg"

    def related(self, filing, cited) -> bytes:
        return " ".join(cited).encode()


def drafted(database, vault, mark: str, files: int, **about) -> Filing:
    blobs = [vault.put(io.BytesIO(FILE), purpose="evidence") for _ in range(files)]
    digest = hashlib.md5(FILE, usedforsecurity=False).hexdigest()
    kept = [
        FilingFile(n, blob, len(FILE), hashlib.sha256(FILE).hexdigest(), digest)
        for n, blob in enumerate(blobs)
    ]
    with database.transaction() as tx:
        of = about.pop("case", None) or case(tx).id
        now = tx.now
        told = filings.About(of, "ncmec", now, now + timedelta(days=1), **about)
        made = filings.draft(tx, told, {"mark": mark}, kept)
        return filings.move(tx, made, FilingState.NEW)


def carried(sender, clock, todo, draw, *, steps: int = 600) -> int:
    """Carry everything to its end as the worker would; answers how often the sender died."""
    deaths, tries = 0, dict.fromkeys(todo, 0)
    for _ in range(steps):
        waiting = [one for one in todo if tries[one] >= 0]
        if not waiting:
            return deaths
        one = draw.choice(waiting)
        tries[one] += 1
        try:
            later = sender.carry(one, min(tries[one], 4))
        except Killed:
            deaths += 1
            clock.advance(5)
            continue
        if later is None:
            tries[one] = -1
        else:
            clock.advance(max(0.0, (later.at - clock.now()).total_seconds()))
    raise AssertionError("not carried to its end")


SEEDS = range(400 if os.environ.get("LONG") == "1" else 10)


@pytest.mark.parametrize("seed", SEEDS)
def test_none_is_lost_and_none_is_filed_twice(database, vault, clock, seed):
    draw = random.Random(seed)
    at_the_other_end = Recipient(clock, draw, chance=draw.choice([0.0, 0.08, 0.2]))

    def reached(_point: str) -> None:
        if draw.random() < 0.12:
            raise Killed
        if draw.random() < 0.02:
            clock.advance(3600 * draw.choice([2, 25]))

    sender = Sender(
        db=database, vault=vault, wire=lambda _: at_the_other_end, documents=Documents(),
        reached=reached,
    )  # fmt: skip
    made = [drafted(database, vault, f"mark-{n}", files=draw.randrange(3)) for n in range(3)]
    carried(sender, clock, [one.id for one in made], draw)
    assert sorted(at_the_other_end.finished()) == ["mark-0", "mark-1", "mark-2"], seed
    with database.read() as tx:
        now = [filings.get(tx, one.id) for one in made]
        orphans = filing_steps.orphans(tx, now)
    assert {one.state for one in now} == {FilingState.FINISHED}
    for one in now:
        report = at_the_other_end.reports[one.report_id]
        assert report.state == "finished"
        assert {f.file_id for f in one.files} <= set(report.files), "all its files are there"
        assert {f.file_id for f in one.files} <= report.described, "and described"
    known = {one.report_id for one in orphans if one.report_id}
    nameless = sum(not one.report_id for one in orphans)
    left = at_the_other_end.left_open()
    assert len(left - known) <= nameless, f"each open report is listed as an orphan ({seed})"


def test_a_late_answer_of_a_dead_sender_is_a_stray_and_what_it_opened_is_retracted(
    database, vault, clock
):
    draw = random.Random(1)
    other = Recipient(clock, draw, chance=0.0)
    one = drafted(database, vault, "mark", files=1)

    def overtaken(point: str) -> None:
        if point == "after-submit":
            second.carry(one.id)

    def plain(**about):
        return Sender(
            db=database, vault=vault, wire=lambda _: other, documents=Documents(), **about
        )

    first, second = plain(reached=overtaken), plain()
    with pytest.raises(LeaseLost):
        first.carry(one.id)
    assert other.finished() == ["mark"]
    with database.read() as tx:
        (orphan,) = [
            found
            for found in filing_steps.orphans(tx, [filings.get(tx, one.id)])
            if found.report_id
        ]
    assert other.left_open() == {orphan.report_id}
    second.retract(one.id, orphan.report_id)
    assert other.left_open() == set()
    with database.read() as tx:
        found = filing_steps.orphans(tx, [filings.get(tx, one.id)])
    assert all(row.retracted for row in found if row.report_id)


def test_reports_of_one_broadcast_wait_for_one_another_and_cite_all(database, vault, clock):
    other = Recipient(clock, random.Random(2), chance=0.0)
    cited: dict[int, list[str]] = {}

    class Citing(Documents):
        def related(self, filing, ids):
            cited[filing.person] = list(ids)
            return super().related(filing, ids)

    group = new_id()
    with database.transaction() as tx:
        of = case(tx).id
        empty = "d41d8cd98f00b204e9800998ecf8427e"
        made = []
        for person in range(5):
            told = filings.About(of, "ncmec", tx.now, tx.now, group=group, person=person)
            text = FilingFile(0, None, 0, "0" * 64, empty)
            one = filings.draft(tx, told, {"mark": f"mark-{person}"}, [text])
            made.append(filings.move(tx, one, FilingState.NEW))
    sender = Sender(db=database, vault=vault, wire=lambda _: other, documents=Citing())
    carried(sender, clock, [one.id for one in made], random.Random(3))
    assert len(other.finished()) == 5
    ids = dict(enumerate(other.reports))
    for person, others in cited.items():
        with database.read() as tx:
            mine = filings.get(tx, made[person].id).report_id
        assert set(others) == set(ids.values()) - {mine}, "each cites the other four"


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_each_point_it_is_filed_once(database, vault, clock, point):
    other = Recipient(clock, random.Random(4), chance=0.0)
    left = [point]

    def reached(here: str) -> None:
        if left and here == left[0]:
            left.clear()
            raise Killed

    one = drafted(database, vault, "mark", files=2)
    sender = Sender(
        db=database, vault=vault, wire=lambda _: other, documents=Documents(), reached=reached
    )
    deaths = carried(sender, clock, [one.id], random.Random(5))
    assert deaths == (0 if "retract" in point else 1)
    assert other.finished() == ["mark"]


def test_every_state_that_is_under_way_has_a_call_or_a_move_and_every_code_a_ruling():
    codes = [0, 1000, 1100, 1110, 1111, 1210, 1300, 2000, 3000, 3100, 3300, 4000, 4100, 4110,
             4200, 5001, 5002, 5101, 5102, None, 9999]  # fmt: skip
    for call in Call:
        for code in codes:
            assert judge(Todo(call, 0), Answer(code, report_id="7", file_id="f"), md5="")
    for state in FilingState:
        assert MOVES[state] or state.ends
        if not state.under_way:
            assert next_call(_bare(state)) is None


def _bare(state: FilingState) -> Filing:
    then = datetime(2026, 1, 1)  # noqa: DTZ001 - never read
    one = new_id()
    return Filing(one, 1, one, "ncmec", one, 0, 1, state, False, 1, 1, "", then, then, then)


def test_a_report_whose_draft_has_gone_says_so_and_opens_nothing(database, vault, clock):
    other = Recipient(clock, random.Random(5), chance=0.0)
    one = drafted(database, vault, "mark", files=1)

    class Gone(Documents):
        def of(self, draft):
            raise NotFound("key")

    sender = Sender(db=database, vault=vault, wire=lambda _: other, documents=Gone())
    later = sender.carry(one.id)
    assert later is not None
    assert later.fault == NotFound.code
    with database.read() as tx:
        assert filings.get(tx, one.id).fault == NotFound.code
    assert not other.reports
