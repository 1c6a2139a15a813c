"""Figures of a period as both databases count them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action
from breakwater.model.spot import Candidate, Round, SpotAnswer, Stratum
from breakwater.model.transparency import Period
from breakwater.model.upload import Surface
from breakwater.records import (
    approvals,
    cases,
    decisions,
    people,
    spots,
    streams,
    transparency,
    transparency_spots,
    transparency_waits,
    uploads,
)
from breakwater.transparency.gathering import Figures

pytestmark = pytest.mark.usefixtures("keyring")

TODAY = Period(date(2026, 3, 1), date(2026, 3, 1))


def told(counts):
    return {one.keys: one.n for one in counts}


def came(tx, action: Action = Action.ALLOW, **facts):
    one = builders.upload(received_at=tx.now, **facts)
    uploads.start(tx, one)
    done = replace(one, verdict=builders.verdict(action))
    uploads.finish(tx, done)
    return one


def test_what_was_dropped_still_counts_on_its_day_and_surface(database, clock) -> None:
    with database.transaction() as tx:
        for _ in range(3):
            came(tx, surface=Surface.PUBLIC)
        came(tx, surface=Surface.PRIVATE)
        before = told(transparency.items(tx, TODAY))
    assert before["upload", "public"] == 3
    assert before["upload", "private"] == 1
    assert before["broadcast", "live"] == 0, "live is shown where nothing came"
    clock.advance(100 * 86_400)
    with database.transaction() as tx:
        assert uploads.drop_before(tx, tx.now) == 4
    with database.transaction() as tx:
        assert told(transparency.items(tx, TODAY)) == before
        later = Period(date(2026, 3, 2), date(2026, 6, 9))
        assert not any(told(transparency.items(tx, later)).values())
        assert told(transparency.verdicts(tx, TODAY))["allow",] == 4


def test_every_detector_is_there_for_every_surface_live_first(database) -> None:
    with database.read() as tx:
        found = transparency.matches(tx, TODAY)
    assert len(found) == 24
    assert found[0].keys == ("list", "live")
    assert {one.n for one in found} == {0}


def flag(tx, opened_by="intake"):
    return cases.open(
        tx, kind=CaseKind.UPLOAD, subject=new_id(), why="w", priority=Priority.HIGH,
        service="clips", account="", by=opened_by,
    )  # fmt: skip


def test_waits_are_of_the_hour_in_which_the_flag_came_by_nearest_rank(database, clock) -> None:
    with database.transaction() as tx:
        ada = people.create(tx, name="Ada").id
    waited = [10, 20, 30, 40, 1000]
    for seconds in waited:
        with database.transaction() as tx:
            case = flag(tx)
        clock.advance(seconds)
        with database.transaction() as tx:
            cases.note(tx, case.id, by="queue", what="routed")
            cases.note(tx, case.id, by=ada, what="taken")
            cases.note(tx, case.id, by=ada, what="decided")
    with database.transaction() as tx:
        flag(tx)
        flag(tx, opened_by=ada)
        builders.case(tx, kind=CaseKind.LEAD)
    with database.read() as tx:
        found = transparency_waits.waits(tx, TODAY)
    whole, noon = found[0], next(one for one in found if one.hour == 12)
    assert (whole.flags, whole.waiting) == (6, 1), "what a person opened is no flag, nor is a lead"
    assert noon == replace(whole, hour=12)
    assert whole.median_s == pytest.approx(30, abs=0.01)
    assert whole.p95_s == pytest.approx(1000, abs=0.01)
    assert [one.hour for one in found[1:]] == list(range(24))
    assert all(one.flags == 0 and one.p95_s is None for one in found[1:] if one.hour != 12)


def test_what_matched_was_decided_taken_back_and_refused_is_counted(database) -> None:
    with database.transaction() as tx:
        tx.lock_changes()
        ada, sam = (builders.person(tx).id for _ in range(2))
        for acting in (True, True, False):
            one = builders.upload(received_at=tx.now, surface=Surface.LIVE)
            uploads.start(tx, one)
            found = builders.match(acting=acting, why_not="" if acting else "low_quality")
            uploads.finish(tx, replace(one, verdict=builders.verdict(Action.BLOCK, found, found)))
            uploads.set_case(tx, one.id, flag(tx).id)
        said = decisions.add(
            tx, case=flag(tx).id, kind=DecisionKind.NOT_ILLEGAL, by=ada, reason="r"
        )
        decisions.add(
            tx, case=said.case, kind=DecisionKind.NOT_ILLEGAL, by=ada, reason="r", undoes=said.id
        )
        cases.note(tx, said.case, by=ada, what="sending.refused", words="not from here")
        uploads.refused(tx, "clips")
        approvals.propose(tx, kind="viewers_pack", subject=said.case, by=ada, reason="r")
        approvals.refuse(tx, kind="viewers_pack", subject=said.case, by=sam)
    with database.read() as tx:
        matches = told(transparency.matches(tx, TODAY))
        assert matches["list", "live"] == 2, "once for each item, and only what acts"
        assert sum(n for keys, n in matches.items() if keys != ("list", "live")) == 0
        assert told(transparency.decided(tx, TODAY)) == {("not_illegal",): 1}
        assert told(transparency.overturned(tx, TODAY))["undo", "taken_back"] == 1
        refused = told(transparency.refusals(tx, TODAY))
        assert refused["scan", "scanning_not_permitted"] == 1
        assert refused["sending", "not_allowed"] == 1
        assert refused["second_person", "viewers_pack"] == 1
        assert ("refused",) not in told(transparency.verdicts(tx, TODAY)), "nothing was judged"
        yesterday = Period(date(2026, 2, 27), date(2026, 2, 28))
        for figure in (transparency.matches, transparency.decided, transparency.refusals):
            assert not any(told(figure(tx, yesterday)).values())


def drawn(tx, slot: int, basis: str, *picks: tuple[str, int]) -> list[Id]:
    """A round of two strata: 10 small of 5 viewers, 2 large of 500; draws by stratum and viewers."""
    strata = {
        "v0-known": Stratum("v0-known", 10, 50, 1, 0.2, 2),
        "v100-new": Stratum("v100-new", 2, 1000, 12, 1.0, 2),
    }
    design = spots.design(tx, {"prevalence": basis} if basis else {"looking": True})
    made = Round(slot, design, "00", tx.now, 4, tuple(strata.values()), {"private": 3})
    picked = [(Candidate(stream(tx), viewers, new=False), strata[name]) for name, viewers in picks]
    return [one.id for one in spots.add_round(tx, made, picked, kept=timedelta(hours=72))]


def stream(tx) -> Id:
    return streams.start(tx, server="", name=new_id(), sender=Sender(account="a")).id


def answered(tx, draw: Id, said: SpotAnswer, kind: str = "") -> None:
    strip = spots.strip(tx, draw, 1)
    spots.answer(tx, strip, said, by=new_id(), frames=2)
    if said is SpotAnswer.CASE:
        case = flag(tx)
        spots.led_to(tx, draw, case.id)
        if kind:
            spots.found(tx, case.id, kind)


def test_only_draws_for_prevalence_count_and_only_those_looked_at(database, clock) -> None:
    slot = int(clock.now().timestamp()) // 600
    with database.transaction() as tx:
        tx.lock_changes()
        bad, quiet, waits, unseen = drawn(
            tx, slot, "Counsel, note 7", ("v0-known", 5), ("v0-known", 6), ("v100-new", 400),
            ("v100-new", 600),
        )  # fmt: skip
        for_looking = drawn(tx, slot + 1, "", ("v0-known", 5))
        answered(tx, bad, SpotAnswer.CASE, "illegal")
        answered(tx, quiet, SpotAnswer.NOTHING)
        answered(tx, waits, SpotAnswer.CASE, "second_opinion")
        answered(tx, for_looking[0], SpotAnswer.CASE, "illegal")
    with database.read() as tx:
        bases = transparency_spots.bases(tx)
        assert list(bases.values()) == ["Counsel, note 7"]
        small, large = transparency_spots.strata(tx, TODAY, list(bases))
        assert transparency_spots.rounds(tx, TODAY, list(bases)) == (1, {"private": 3})
    assert (small.streams, small.viewers, small.drawn, small.looked) == (10, 50, 2, 2)
    assert (small.w, small.w2, small.found) == pytest.approx((10, 50, 5))
    assert (small.v, small.v_found) == pytest.approx((55, 25))
    assert (large.drawn, large.looked, large.n_undecided, large.n_found) == (2, 1, 1, 0)
    assert (large.undecided, large.v_undecided) == pytest.approx((1, 400))
    found = Figures(db=database, version="1").report(TODAY).prevalence
    assert (found.drawn, found.looked, found.found, found.undecided) == (4, 3, 1, 1)
    assert found.streams.value == pytest.approx((10 * 0.5 + 2 * 0) / 12)
    assert found.views.value == pytest.approx((50 * 25 / 55 + 1000 * 0) / 1050)
    assert found.basis == ("Counsel, note 7",)
    assert unseen


def test_without_the_switch_nothing_is_told_and_the_reason_is(database) -> None:
    figures = Figures(db=database, version="1")
    assert figures.report(TODAY).prevalence.off == "never_on"
    with database.transaction() as tx:
        tx.lock_changes()
        spots.design(tx, {"prevalence": "Counsel"})
    assert figures.report(TODAY).prevalence.off == "no_rounds"


def test_figures_of_a_period_go_by_an_index_on_its_time(database) -> None:
    """Each query that reads what there may be a million of is bounded by an index on its time."""
    seen: list[str] = []
    with database.read() as tx:
        connection = tx._connection
        sa.event.listen(connection, "before_cursor_execute", lambda *a: seen.append((a[2], a[3])))
        for figure in (
            transparency.items, transparency.verdicts, transparency.messages,
            transparency.matches, transparency.decided, transparency.overturned,
            transparency.filed, transparency.requested, transparency.refusals,
            transparency_waits.waits,
        ):  # fmt: skip
            figure(tx, TODAY)
        asked = tuple(seen)
        if tx.dialect == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plans = []
        for text, values in asked:
            how = "EXPLAIN QUERY PLAN " if tx.dialect == "sqlite" else "EXPLAIN "
            rows = connection.exec_driver_sql(how + text, values)
            plans += [" ".join(map(str, row)) for row in rows]
    whole = "\n".join(plans)
    for index in (
        "ix_uploads_received_at", "ix_streams_started_at", "ix_cases_opened_at",
        "ix_stream_alerts_at", "ix_chat_alarms_at", "ix_decisions_at", "ix_filings_created_at",
        "ix_user_reports_at", "ix_appeal_answers_at", "ix_case_history_what_at",
        "ix_approvals_proposed_at", "ix_spot_draws_at", "ix_chats_kind_last_at",
        "ix_legal_requests_received_at",
    ):  # fmt: skip
        assert index in whole, f"{index}\n{whole}"
    if database.dialect == "sqlite":
        big = ("uploads", "cases", "case_history", "streams", "stream_alerts", "decisions")
        assert not [
            one
            for one in plans
            if any(f"SCAN {table}" in one and "INDEX" not in one for table in big)
        ]
