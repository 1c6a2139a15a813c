"""How a broadcast went, on both databases: changes only, bounded, never changed, forgotten with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from breakwater.errors import AppendOnly
from breakwater.model.broadcast import CourseKind, Sender
from breakwater.model.case import Priority
from breakwater.model.stream import StreamState
from breakwater.records import stream_course, streams
from breakwater.records.tables import metadata

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def stream(database):
    with database.transaction() as tx:
        return streams.start(tx, server="edge", name="live/014", sender=Sender(service="clips")).id


def course(database, stream, kind):
    with database.read() as tx:
        return [(one.value, one.why) for one in stream_course.of_stream(tx, stream, kind)]


def worry(database, clock, stream, risks):
    clock.advance(1)
    with database.transaction() as tx:
        found = streams.get(tx, stream)
        risk = max(risks.values(), default=0.0)
        streams.set_risk(tx, found, risk, risks, Priority.MEDIUM)


def test_each_change_of_risk_is_kept_with_what_changed_it(database, clock, stream):
    worry(database, clock, stream, {"comments": 0.3})
    worry(database, clock, stream, {"comments": 0.3})
    worry(database, clock, stream, {"comments": 0.3, "reports": 0.8})
    worry(database, clock, stream, {"comments": 0.1, "reports": 0.8})
    worry(database, clock, stream, {})
    kept = course(database, stream, CourseKind.RISK)
    assert kept == [(0.3, "comments"), (0.8, "reports"), (0.0, "")]


def test_viewers_are_kept_when_their_number_changes(database, clock, stream):
    for count in (3, 3, 90, 12):
        clock.advance(10)
        with database.transaction() as tx:
            streams.set_viewers(tx, stream, count)
    assert [value for value, _ in course(database, stream, CourseKind.VIEWERS)] == [3, 90, 12]


def test_a_series_that_never_rests_is_bounded(database, clock, stream):
    begun = clock.now()
    with database.transaction() as tx:
        tx.lock_changes()
        kept = [
            stream_course.note(tx, stream, CourseKind.VIEWERS, float(n % 2)) for n in range(300)
        ]
    assert sum(kept) == 200, "at one moment no more than the first"
    for _ in range(40):
        clock.advance(1)
        with database.transaction() as tx:
            tx.lock_changes()
            n = len(stream_course.of_stream(tx, stream, CourseKind.VIEWERS))
            stream_course.note(tx, stream, CourseKind.VIEWERS, float(n % 2))
    assert len(course(database, stream, CourseKind.VIEWERS)) == 208, "a row in five seconds then"
    assert clock.now() - begun < timedelta(minutes=1)


def test_stretches_that_nobody_saw_begin_and_end(database, clock, stream):
    covered = 0.0
    length = 0.0
    for seen in (1, 1, 0, 0, 0, 1, 1):
        clock.advance(5)
        length += 5
        covered += 5 * seen
        with database.transaction() as tx:
            streams.seen(tx, {stream: covered / length})
    with database.read() as tx:
        kept = stream_course.of_stream(tx, stream, CourseKind.SIGHT)
    assert [one.value for one in kept] == [1.0, 0.0, 1.0]
    assert kept[2].at - kept[1].at == timedelta(seconds=15)


def test_a_row_is_never_changed_and_goes_with_a_broadcast_that_led_to_nothing(
    database, clock, stream
):
    worry(database, clock, stream, {"history": 0.05})
    table = metadata.tables["stream_course"]
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.update(table).values(value=0.0))
    with database.transaction() as tx:
        streams.set_state(tx, stream, StreamState.ENDED)
    clock.advance(100 * 86_400)
    with database.transaction() as tx:
        assert streams.forget_before(tx, tx.now - timedelta(days=90)) == 1
        assert tx.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0
