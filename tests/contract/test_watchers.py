"""Sessions of viewers as rows, on both databases: told often, kept once, found again, sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from tests.contract.test_records_streams import begun, ordered

from breakwater.errors import AppendOnly, Conflict
from breakwater.geo import Atlas
from breakwater.model.broadcast import Sender, Viewer
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import new_id
from breakwater.model.stream import Control, StreamState
from breakwater.model.watch import Act, ActKind, Certainty, SessionSource, Span, Watched
from breakwater.records import (
    cases,
    stream_people,
    streams,
    watch_acts,
    watch_imports,
    watchers,
)
from breakwater.records.tables import metadata

pytestmark = pytest.mark.usefixtures("keyring")

AT = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
SENDER = Sender(service="clips", account="river-otter-81")


def seen(first: int = 0, last: int | None = 60, **facts) -> Watched:
    left = None if last is None else AT + timedelta(seconds=last)
    made = Watched(AT + timedelta(seconds=first), left, **facts)
    return made if made.address else replace(made, address="81.2.69.142")


def told(clock, *watched):
    atlas = Atlas(None, clock)
    return [(one, atlas.resolve(one.address, one.joined_at)) for one in watched]


def case_for(tx, stream):
    made = cases.open(
        tx, kind=CaseKind.STREAM, subject=stream.id, why="A broadcast.", priority=Priority.HIGH,
        service="clips", account="",
    )  # fmt: skip
    streams.set_case(tx, stream.id, made.id)
    return made


def test_a_visit_told_often_is_kept_once_and_only_grows(database, clock):
    with database.transaction() as tx:
        stream = begun(tx)
        watchers.add(tx, stream, told(clock, seen(0, None, account="heron")))
        watchers.add(tx, stream, told(clock, seen(5, 40, account="heron", ports=(4711,))))
        watchers.add(tx, stream, told(clock, seen(90, 100, account="heron", ports=(4711, 4712))))
        found = watchers.sessions(tx, stream.id, clear=True)
    (one,) = found
    assert (one.joined_at, one.left_at) == (AT, AT + timedelta(seconds=100))
    assert one.watched.ports == (4711, 4712)
    assert (one.country, one.certainty) == ("GB", Certainty.CERTAIN)
    assert one.place.sources[0].built.year == 2026


def test_who_comes_back_or_comes_from_elsewhere_is_another_session(database, clock):
    with database.transaction() as tx:
        stream = begun(tx)
        first = seen(0, 30, account="heron")
        rows = [first, seen(91, 95, account="heron"), seen(100, 120, account="coot")]
        rows.append(seen(10, 20, account="heron", address="2.125.160.216"))
        added = watchers.add(tx, stream, told(clock, *rows))
        again = watchers.add(tx, stream, told(clock, *rows))
        found = watchers.sessions(tx, stream.id)
    assert (added.new, again.new, again.more, len(found)) == (4, 0, 4, 4)
    assert len({one.person for one in found}) == 2


def test_nobody_is_known_by_address_and_agent(database, clock):
    with database.transaction() as tx:
        stream = begun(tx)
        rows = [
            seen(0, 9, agent="a"), seen(5, 9, agent="a", address="::ffff:81.2.69.142"),
            seen(0, 9, agent="b"), seen(0, 9, agent="a", token="s1"),
        ]  # fmt: skip
        watchers.add(tx, stream, told(clock, *rows))
        assert len(watchers.sessions(tx, stream.id)) == 3


def test_requests_of_pieces_add_up_and_of_repetitions_do_not(database, clock):
    with database.transaction() as tx:
        stream = begun(tx)
        for one in (seen(0, 10, requests=5), seen(0, 10, requests=5), seen(20, 30, requests=7)):
            watchers.add(tx, stream, told(clock, one))
        (found,) = watchers.sessions(tx, stream.id, clear=True)
    assert found.watched.requests == 12


def test_nothing_of_a_viewer_stands_in_clear(database, clock):
    with database.transaction() as tx:
        stream = begun(tx)
        one = seen(
            account="heron-12", agent="Player/7", device="phone-9", payments=("card-1",),
            token="session-5",
        )  # fmt: skip
        watchers.add(tx, stream, told(clock, one))
        act = Act(ActKind.PAID, "heron-12", AT, "invoice-3", "card-1", "20 EUR")
        watch_acts.add(tx, stream, [act], by="clips")
        plain = ""
        for table in metadata.sorted_tables:
            for row in tx.execute(sa.select(table)):
                plain += "".join(
                    value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    for value in row
                )
    for secret in ("heron-12", "Player/7", "phone-9", "card-1", "session-5", "81.2.69", "invoice",
                   "20 EUR", "London"):  # fmt: skip
        assert secret not in plain, secret


def test_the_same_person_device_and_payment_are_found_in_other_stopped_broadcasts(database, clock):
    with database.transaction() as tx:
        here, stopped, calm = (begun(tx, f"live/{n}") for n in range(3))
        mine = seen(account="heron", device="phone-9", payments=("card-1",))
        watchers.add(tx, here, told(clock, mine))
        watchers.add(tx, stopped, told(clock, seen(account="teal", device="phone-9")))
        watchers.add(tx, stopped, told(clock, seen(account="smew", payments=("card-1",))))
        watchers.add(tx, stopped, told(clock, seen(account="heron")))
        watchers.add(tx, calm, told(clock, mine))
        ordered(tx, stopped, Control.FROZEN)
        (one,) = watchers.sessions(tx, here.id)
        shared = {kind: one.keys[kind] for kind in ("device", "payment")}
        found = watchers.elsewhere(tx, here.id, {one.person}, shared)
    assert {kind: set(where) for (kind, _), where in found.items()} == {
        "person": {stopped.id}, "device": {stopped.id}, "payment": {stopped.id},
    }  # fmt: skip
    assert {key for kind, key in found if kind == "device"} == one.keys["device"]


def test_a_payment_told_twice_counts_once_and_is_never_changed(database):
    with database.transaction() as tx:
        stream = begun(tx)
        act = Act(ActKind.PAID, "heron", AT, "invoice-3", "card-1", "20 EUR")
        assert watch_acts.add(tx, stream, [act, act], by="clips") == 1
        assert watch_acts.add(tx, stream, [act], by="clips") == 0
        (one,) = watch_acts.of_stream(tx, stream.id, clear=True)
        assert (one.act.amount, one.act.reference) == ("20 EUR", "invoice-3")
        assert one.person == watchers.account_key(tx, "clips", "heron").hex()
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.text("UPDATE viewer_acts SET kind = 'directed'"))


def test_the_last_word_on_what_is_illegal_counts_and_stays(database):
    spans = (Span(AT, AT + timedelta(seconds=90)),)
    with database.transaction() as tx:
        stream = begun(tx)
        assert watch_acts.spans(tx, stream.id) is None
        watch_acts.set_spans(tx, stream.id, (), by="sam", reason="none seen")
        watch_acts.set_spans(tx, stream.id, spans, by="sam", reason="from the recording")
        assert watch_acts.spans(tx, stream.id) == spans
    with pytest.raises(AppendOnly), database.transaction() as tx:
        tx.execute(sa.text("DELETE FROM viewer_spans"))


def test_viewers_of_a_calm_broadcast_are_forgotten_with_all_that_hangs_on_them(database, clock):
    with database.transaction() as tx:
        calm, kept = begun(tx, "live/1"), begun(tx, "live/2")
        for stream in (calm, kept):
            watchers.add(tx, stream, told(clock, seen(account="heron", device="phone-9")))
            act = Act(ActKind.PAID, "heron", AT, f"invoice {stream.label}")
            watch_acts.add(tx, stream, [act], by="clips")
        case_for(tx, kept)
        for stream in (calm, kept):
            streams.set_state(tx, stream.id, StreamState.ENDED)
    clock.advance(3601)
    with database.transaction() as tx:
        stream_people.forget_before(tx, tx.now - timedelta(hours=1))
    with database.read() as tx:
        assert watchers.sessions(tx, calm.id) == watch_acts.of_stream(tx, calm.id) == []
        assert len(watchers.sessions(tx, kept.id)) == len(watch_acts.of_stream(tx, kept.id)) == 1
        left = tx.execute(sa.text("SELECT count(*) FROM viewer_keys")).scalar()
        assert left == len(watchers.sessions(tx, kept.id)[0].keys)


def test_what_services_tell_becomes_sessions(database, clock):
    place = Atlas(None, clock).resolve("81.2.69.142", AT)
    viewer = Viewer(
        "heron", "81.2.69.142", 4711, AT, None, agent="Player/7", device="phone-9", place=place
    )
    with database.transaction() as tx:
        stream = begun(tx)
        stream_people.add_viewers(tx, stream, [viewer], source=SessionSource.HOOK)
        stream_people.add_viewers(tx, stream, [replace(viewer, left_at=AT + timedelta(seconds=9))])
        (one,) = watchers.sessions(tx, stream.id, clear=True)
        assert (one.watched.agent, one.watched.ports) == ("Player/7", (4711,))
        assert one.watched.source is SessionSource.HOOK
        assert one.left_at == AT + timedelta(seconds=9)
        assert stream_people.viewers(tx, stream.id)[0].account == "heron"


def test_countries_count_people_of_cases(database, clock):
    with database.transaction() as tx:
        stream, calm = begun(tx, "live/1"), begun(tx, "live/2")
        case_for(tx, stream)
        rows = [seen(0, 30, account="heron"), seen(200, 230, account="heron")]
        rows += [
            seen(account="coot", address="89.160.20.112"),
            seen(account="x", address="10.0.0.1"),
        ]
        watchers.add(tx, stream, told(clock, *rows))
        watchers.add(tx, calm, told(clock, seen(account="smew")))
        found = watchers.countries(tx, AT, AT + timedelta(days=1))
    assert found == [("", "unknown", 1, 1), ("GB", "certain", 1, 1), ("SE", "certain", 1, 1)]


def test_an_import_goes_on_where_it_stopped_and_two_readers_do_not_mix(database):
    with database.transaction() as tx:
        made = watch_imports.begin(tx, mark=b"m" * 32, name="a.log", form="nginx", by="op")
        watch_imports.advance(tx, made.id, before=0, to=500, counts={"lines": 9}, finished=False)
        again = watch_imports.begin(tx, mark=b"m" * 32, name="b.log", form="nginx", by="op")
        assert (again.id, again.offset, again.name) == (made.id, 500, "a.log")
        done = watch_imports.advance(
            tx, made.id, before=500, to=700, counts={"lines": 1}, finished=True
        )
        assert done.counts == {"lines": 10}
        assert watch_imports.every(tx) == [done]
    with pytest.raises(Conflict), database.transaction() as tx:
        watch_imports.advance(tx, made.id, before=500, to=900, counts={}, finished=False)


def test_a_session_names_the_log_it_came_from(database, clock):
    with database.transaction() as tx:
        stream = begun(tx)
        log = watch_imports.begin(tx, mark=new_id().encode(), name="a", form="nginx", by="op")
        watchers.add(tx, stream, told(clock, seen(account="heron")), import_id=log.id)
        named = tx.execute(sa.text("SELECT import_id FROM viewer_sessions")).scalar()
    assert str(named) == log.id
