"""Spot checks on both databases: what is drawn stays, what leads to a broadcast goes."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from tests.conftest import SettableClock

from breakwater.errors import NotFound
from breakwater.live.spots.drawing import draw
from breakwater.live.spots.rules import KEPT, SpotRules
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.spot import Draw, Round, SpotAnswer, Strip, StripState
from breakwater.model.stream import Control, Stream, StreamState
from breakwater.records import cases, people, spot_figures, spots, stream_orders, streams, views
from breakwater.records.database import Database, Tx
from breakwater.records.tables import metadata, nouns_spot
from breakwater.records.vault import Vault

RULES = SpotRules(on=True, jurisdictions=("*",))


def begin(tx: Tx, name: str, viewers: int = 0, **told: Any) -> Stream:
    made = streams.start(tx, server="edge", name=name, sender=Sender(service="live", **told))
    streams.set_viewers(tx, made.id, viewers)
    return streams.get(tx, made.id)


def one_round(tx: Tx, slot: int = 7, wanted: int = 1) -> list[Draw]:
    frame = [one.candidate for one in spots.running(tx) if not RULES.left_out(one)]
    drawn = draw(RULES, frame, wanted, b"seed")
    made = Round(
        slot, spots.design(tx, RULES.plain), b"seed".hex(), tx.now, wanted, drawn.strata,
        {"private": 2},
    )  # fmt: skip
    return spots.add_round(tx, made, drawn.picked, kept=KEPT)


def taken(database: Database, vault: Vault, count: int = 2) -> Strip:
    """A strip that waits, of a broadcast with viewers."""
    with database.transaction() as tx:
        begin(tx, f"live/{new_id()}", 120, account="acct-secret")
        (made,) = one_round(tx)
    blobs = [vault.put(io.BytesIO(b"a picture"), purpose="spots") for _ in range(count)]
    with database.transaction() as tx:
        spots.take(tx, spots.strip(tx, made.id), blobs)
        return spots.strip(tx, made.id)


def test_the_frame_is_what_runs_with_new_and_known_accounts_apart(database: Database) -> None:
    with database.transaction() as tx:
        before = begin(tx, "live/0", account="acct-1")
        streams.set_state(tx, before.id, StreamState.ENDED)
        known = begin(tx, "live/1", 40, account="acct-1")
        fresh = begin(tx, "live/2", 5, account="acct-2", surface="private", jurisdiction="DE")
        nobody = begin(tx, "live/3")
        stopped = begin(tx, "live/4", account="acct-1")
        stream_orders.want(tx, stopped, Control.FROZEN, by="policy", why="match")
    with database.read() as tx:
        found = {one.candidate.stream: one for one in spots.running(tx)}
    assert set(found) == {known.id, fresh.id, nobody.id, stopped.id}
    assert {one: found[one].candidate.new for one in (known.id, fresh.id, nobody.id)} == {
        known.id: False, fresh.id: True, nobody.id: True,
    }  # fmt: skip
    assert found[known.id].candidate.viewers == 40
    assert (found[fresh.id].surface, found[fresh.id].jurisdiction) == ("private", "DE")
    assert found[stopped.id].stopped
    assert not found[known.id].stopped


def test_a_round_keeps_its_strata_its_chances_and_its_rules(database: Database) -> None:
    with database.transaction() as tx:
        for n in range(6):
            begin(tx, f"live/{n}", 30 * n, account=f"acct-{n}")
        assert not spots.drawn(tx, 7)
        draws = one_round(tx, wanted=3)
        assert spots.drawn(tx, 7)
    with database.transaction() as tx:
        one_round(tx, slot=8)
    with database.read() as tx:
        first, second = spot_figures.rounds(
            tx, since=tx.now - timedelta(hours=1), until=tx.now + timedelta(seconds=1)
        )
        assert spots.designs(tx) == {1: RULES.plain}
        kept = spot_figures.records(tx, limit=10)
        assert [one.draw for one in kept if one.draw.slot == 7] == draws[::-1]
        assert spot_figures.records(tx, before=kept[0].draw.id) == kept[1:]
        assert spot_figures.records(tx, since=tx.now + timedelta(days=1)) == []
    assert (first.design, second.design, first.wanted, first.left_out) == (1, 1, 3, {"private": 2})
    assert sum(one.streams for one in first.strata) == 6
    assert sum(one.viewers for one in first.strata) == 30 * 15
    assert sum(one.drawn for one in first.strata) == len(draws) == 3
    chance = {one.name: one.inclusion for one in first.strata}
    assert all(one.inclusion == chance[one.stratum] for one in draws)
    assert sum(one.inclusion * one.streams for one in first.strata) == pytest.approx(3)


def test_other_rules_are_another_design(database: Database) -> None:
    with database.transaction() as tx:
        assert [spots.design(tx, RULES.plain), spots.design(tx, RULES.plain)] == [1, 1]
        assert spots.design(tx, SpotRules(new=9).plain) == 2
        assert spots.design(tx, RULES.plain) == 3, "in the order in which they were in force"


def test_a_strip_is_taken_looked_at_and_answered(database: Database, vault: Vault) -> None:
    strip = taken(database, vault)
    with database.transaction() as tx:
        person = people.create(tx, name="Ada", roles=[])
        assert strip.state is StripState.WAITING
        assert [one.draw for one in spots.waiting(tx)] == [strip.draw]
        assert spots.wanted(tx) == []
        spots.hold(tx, strip, by=person.id, until=tx.now + timedelta(minutes=5))
        assert spots.strip(tx, strip.draw).held_by == person.id
        for frame, level in ((0, Level.S1), (0, Level.S3), (0, Level.S3), (1, Level.S3)):
            views.start(
                tx, person=person.id, item=strip.draw, frame=frame, level=level, reason="check"
            )
        seen = spots.frames_seen(tx, strip.draw, person.id)
        assert seen == 2
        spots.answer(tx, strip, SpotAnswer.CLOSER, by=person.id, frames=seen)
        spots.want(tx, strip.draw, strip.stream, part=2, kept=KEPT)
        assert [one.part for one in spots.wanted(tx)] == [2]
        spots.miss(tx, spots.strip(tx, strip.draw, 2), "it ended")
        spots.answer(tx, strip, SpotAnswer.NOTHING, by=person.id, frames=seen)
    with database.read() as tx:
        kept = spot_figures.record(tx, strip.draw)
        now = spot_figures.figures(tx)
        assert [one.part for one in spots.of_stream(tx, strip.stream)] == [1, 2]
    assert (kept.taken, kept.answer, kept.frames, kept.found) == (True, SpotAnswer.NOTHING, 2, "")
    assert (now.rounds, now.drawn, now.taken, now.looked, now.cases) == (1, 1, 1, 1, 0)
    assert (now.waiting, now.missed, now.purged, now.overdue) == (0, 0, 0, 0)


def test_what_was_decided_on_its_case_is_told_and_untold(database: Database, vault: Vault) -> None:
    strip = taken(database, vault)
    with database.transaction() as tx:
        case = cases.open(
            tx, kind=CaseKind.STREAM, subject=strip.stream, why="x", priority=Priority.HIGH,
            service="live", account="", by="system",
        )  # fmt: skip
        spots.led_to(tx, strip.draw, case.id)
        spots.led_to(tx, strip.draw, case.id)
        spots.found(tx, new_id(), "illegal")
        for kind in ("illegal", "illegal", "", "not_illegal"):
            spots.found(tx, case.id, kind)
            assert spot_figures.record(tx, strip.draw).found == kind
        c = nouns_spot.spot_findings.c
        assert tx.execute(sa.select(sa.func.count(c.change))).scalar() == 3


def test_after_the_purge_nothing_leads_to_the_broadcast(
    database: Database, vault: Vault, clock: SettableClock
) -> None:
    strip = taken(database, vault)
    with database.read() as tx:
        stream = streams.get(tx, strip.stream)
        assert spots.due(tx, tx.now + KEPT - timedelta(seconds=1)) == []
    clock.advance(KEPT.total_seconds())
    with database.transaction() as tx:
        (due,) = spots.due(tx, tx.now)
        assert due.stills == strip.stills
        spots.forget(tx, due)
    with database.read() as tx:
        with pytest.raises(NotFound):
            spots.strip(tx, strip.draw)
        assert spot_figures.record(tx, strip.draw).purged_at == tx.now
        assert spot_figures.figures(tx).purged == 1
        assert everything(tx) & {stream.id, stream.label, "acct-secret", *strip.stills} == set()
        assert strip.draw in everything(tx), "the draw itself stays"


def everything(tx: Tx) -> set[str]:
    """Every value that stands in a table of spot checks."""
    said: set[str] = set()
    for table in metadata.sorted_tables:
        if table.name.startswith("spot_"):
            for row in tx.execute(sa.select(table)):
                said |= {str(value) for value in row}
    return said


def test_a_late_purge_says_so(database: Database, vault: Vault, clock: SettableClock) -> None:
    strip = taken(database, vault)
    clock.advance((KEPT + timedelta(hours=1)).total_seconds())
    with database.transaction() as tx:
        assert spot_figures.figures(tx).overdue == 1
        spots.forget(tx, strip)
        assert spot_figures.figures(tx).overdue == 0
        assert tx.execute(sa.select(nouns_spot.spot_purges.c.late)).scalar()


def test_a_draw_that_nobody_took_is_no_finding(database: Database) -> None:
    with database.transaction() as tx:
        begin(tx, "live/1", 3)
        (made,) = one_round(tx)
        spots.forget(tx, spots.strip(tx, made.id))
        kept = spot_figures.record(tx, made.id)
        assert (kept.taken, kept.answer) == (False, None)
        assert spot_figures.figures(tx).missed == 1
        with pytest.raises(NotFound):
            spot_figures.record(tx, Id(new_id()))
