"""Figures of a period as the databases count them: what came, what was found, what was done.

Every query is bounded by a period and an index on its time, and every sum is made by the
database: a million rows are never read here. Counted is what stands, and for items that were
dropped since what `dropped_tallies` kept. Read by `transparency.gathering`; definitions:
`docs/reference/transparency.md`. Contract: `tests/contract/test_records_transparency.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.link import Outcome
from breakwater.model.transparency import DETECTORS, SURFACES, Count, Period
from breakwater.records import tallies
from breakwater.records.database import Tx
from breakwater.records.dropped import day
from breakwater.records.tables.nouns_appeal import appeal_answers, user_reports
from breakwater.records.tables.nouns_chat import chat_alarms, chats
from breakwater.records.tables.nouns_copies import upload_copies
from breakwater.records.tables.nouns_decision import decisions
from breakwater.records.tables.nouns_filing import filings
from breakwater.records.tables.nouns_intake import (
    case_history,
    upload_matches,
    upload_tallies,
    uploads,
)
from breakwater.records.tables.nouns_link import link_outcomes
from breakwater.records.tables.nouns_people import approval_decisions, approvals
from breakwater.records.tables.nouns_request import legal_requests
from breakwater.records.tables.nouns_spot import spot_answers, spot_draws
from breakwater.records.tables.nouns_stream import stream_alerts, streams
from breakwater.records.tables.nouns_tally import dropped_tallies

UNKNOWN: Final = "unknown"
ALERTS: Final = {"match": "list", "copy": "video", "stopped": "video", "classifier": "classifier"}
"""Detectors by the kind of an alert on a broadcast."""

_u, _s, _n = uploads.c, streams.c, sa.func.count()


def items(tx: Tx, period: Period) -> list[Count]:
    """What came, by kind and surface; every surface of uploads and live always."""
    found: Counter[tuple[str, ...]] = Counter()
    came = sa.select(_u.surface, _n).where(_within(_u.received_at, period))
    began = sa.select(_s.surface, _n).where(_within(_s.started_at, period))
    for row in _rows(tx, came.group_by(_u.surface)):
        found["upload", row[0]] += int(row[1])
    for row in _rows(tx, began.group_by(_s.surface)):
        found["broadcast", row[0]] += int(row[1])
    t = dropped_tallies.c
    gone = sa.select(t.noun, t.surface, sa.func.sum(t.n)).where(
        t.day >= day(period.start), t.day < day(period.end)
    )
    for row in _rows(tx, gone.group_by(t.noun, t.surface)):
        found[row[0], row[1]] += int(row[2])
    always = [("broadcast", "live"), *(("upload", surface) for surface in SURFACES)]
    return _counts(found, always)


def verdicts(tx: Tx, period: Period) -> list[Count]:
    """First verdicts on uploads."""
    t = upload_tallies.c
    wanted = sa.select(t.action, sa.func.sum(t.n)).where(_minutes(period), t.action != "refused")
    found = {(row[0],): int(row[1]) for row in _rows(tx, wanted.group_by(t.action))}
    return _counts(found, [("allow",), ("hold",), ("block",)])


def messages(tx: Tx, period: Period) -> list[Count]:
    """Messages of chats that were last heard in the period, by kind of chat."""
    c = chats.c
    found: Counter[tuple[str, ...]] = Counter()
    for kind in ("stream", "conversation"):
        wanted = sa.select(sa.func.sum(c.messages)).where(
            c.kind == kind, _within(c.last_at, period)
        )
        found[kind,] = int(tx.execute(wanted).scalar() or 0)
    return _counts(found, [])


def matches(tx: Tx, period: Period) -> list[Count]:
    """Items that drew attention, by what drew it and by surface; every pair is there."""
    found: Counter[tuple[str, ...]] = Counter()
    for detector, wanted in (
        ("list", _of_uploads(upload_matches, period)),
        ("video", _of_uploads(upload_copies, period)),
        ("comments", _of_chats(period)),
        ("user_report", _of_users(period)),
    ):
        for row in _rows(tx, wanted):
            found[detector, row[0] or UNKNOWN] += int(row[1])
    for row in _rows(tx, _of_broadcasts(period)):
        found[ALERTS.get(row[0], row[0]), row[1]] += int(row[2])
    found["spot_check", "live"] += int(tx.execute(_of_spots(period)).scalar() or 0)
    kept = {keys: n for keys, n in found.items() if keys[0] in DETECTORS}
    return _counts(kept, [(one, surface) for one in DETECTORS for surface in SURFACES])


def decided(tx: Tx, period: Period) -> list[Count]:
    """Decisions of people by kind, those that were taken back later among them."""
    c = decisions.c
    wanted = sa.select(c.kind, _n).where(_within(c.at, period), c.undoes.is_(None))
    return _counts({(row[0],): int(row[1]) for row in _rows(tx, wanted.group_by(c.kind))}, [])


def overturned(tx: Tx, period: Period) -> list[Count]:
    """Decisions that were taken back here, and appeals by how they ended."""
    c, a = decisions.c, appeal_answers.c
    undone = sa.select(_n).where(_within(c.at, period), c.undoes.is_not(None))
    found = {("undo", "taken_back"): int(tx.execute(undone).scalar_one())}
    ended = sa.select(a.outcome, _n).where(_within(a.at, period)).group_by(a.outcome)
    found |= {("appeal", row[0]): int(row[1]) for row in _rows(tx, ended)}
    return _counts(found, [("appeal", "overturned"), ("appeal", "upheld")])


def filed(tx: Tx, period: Period) -> list[Count]:
    """Reports that were drafted in the period, by recipient and where they stand."""
    c = filings.c
    wanted = sa.select(c.destination, c.state, _n).where(_within(c.created_at, period))
    rows = _rows(tx, wanted.group_by(c.destination, c.state))
    return _counts({(row[0], row[1]): int(row[2]) for row in rows}, [("ncmec", "finished")])


def requested(tx: Tx, period: Period) -> list[Count]:
    """Legal requests that came or were drafted in the period, both ways, as they stand."""
    c = legal_requests.c
    wanted = sa.select(c.direction, c.state, _n).where(_within(c.received_at, period))
    rows = _rows(tx, wanted.group_by(c.direction, c.state))
    found = {(row[0], row[1]): int(row[2]) for row in rows}
    return _counts(found, [(way, "refused") for way in ("incoming", "outgoing")])


def refusals(tx: Tx, period: Period) -> list[Count]:
    """What was refused: scans and sendings that no table allows, and by a second person."""
    t, d, a = upload_tallies.c, approval_decisions.c, approvals.c
    found: Counter[tuple[str, ...]] = Counter()
    unscanned = sa.select(t.rule, sa.func.sum(t.n)).where(_minutes(period), t.action == "refused")
    for row in _rows(tx, unscanned.group_by(t.rule)):
        found["scan", row[0]] += int(row[1])
    seconds = (
        sa.select(a.kind, _n)
        .join_from(approvals, approval_decisions, d.approval_id == a.id)
        .where(_within(a.proposed_at, period), d.outcome == "refused")
        .group_by(a.kind)
    )
    for row in _rows(tx, seconds):
        found["second_person", row[0]] += int(row[1])
    h = case_history.c
    unsent = sa.select(_n).where(h.what == "sending.refused", _within(h.at, period))
    found["sending", "not_allowed"] += int(tx.execute(unsent).scalar_one())
    always = [("scan", "scanning_not_permitted"), ("sending", "not_allowed")]
    return _counts(found, always)


def outcomes(tx: Tx, period: Period) -> dict[str, int]:
    """Children by the last word that was said of them in the period; small counts are not hidden yet."""
    c = link_outcomes.c
    last = sa.select(sa.func.max(c.change)).where(_within(c.at, period)).group_by(c.victim_id)
    wanted = sa.select(c.outcome, _n).where(c.change.in_(last)).group_by(c.outcome)
    found = {row[0]: int(row[1]) for row in _rows(tx, wanted)}
    return {one.value: found.get(one.value, 0) for one in Outcome}


def services(tx: Tx, period: Period) -> tuple[str, ...]:
    """Labels of the services that sent uploads."""
    t = upload_tallies.c
    rows = _rows(tx, sa.select(t.service).where(_minutes(period)).distinct())
    return tuple(sorted(row[0] for row in rows))


def _rows(tx: Tx, wanted: Any) -> list[Any]:
    """One row a group: few, whatever they are counted from."""
    return list(tx.execute(wanted))


def _within(column: sa.Column[Any], period: Period) -> sa.ColumnElement[bool]:
    return sa.and_(column >= period.start, column < period.end)


def _minutes(period: Period) -> sa.ColumnElement[bool]:
    t = upload_tallies.c
    first, end = tallies.minute(period.start), tallies.minute(period.end)
    return sa.and_(t.minute >= first, t.minute < end)


def _of_uploads(table: sa.Table, period: Period) -> Any:
    """Uploads with a finding that acts; all of them have a case."""
    acts = sa.select(table.c.upload_id).where(table.c.upload_id == _u.id, table.c.acting)
    wanted = sa.select(_u.surface, _n).where(
        _within(_u.received_at, period), _u.case_id.is_not(None), acts.exists()
    )
    return wanted.group_by(_u.surface)


def _of_broadcasts(period: Period) -> Any:
    a = stream_alerts.c
    return (
        sa.select(a.kind, _s.surface, sa.func.count(sa.distinct(a.stream_id)))
        .join_from(stream_alerts, streams, _s.id == a.stream_id)
        .where(_within(a.at, period), a.kind.in_(list(ALERTS)))
        .group_by(a.kind, _s.surface)
    )


def _of_chats(period: Period) -> Any:
    """Chats of a broadcast have its surface; conversations are private."""
    a, c = chat_alarms.c, chats.c
    surface = sa.func.coalesce(_s.surface, sa.literal_column("'private'"))
    return (
        sa.select(surface, sa.func.count(sa.distinct(a.chat_id)))
        .join_from(chat_alarms, chats, c.id == a.chat_id)
        .join(streams, _s.id == c.stream_id, isouter=True)
        .where(_within(a.at, period))
        .group_by(surface)
    )


def _of_users(period: Period) -> Any:
    """Cases that users reported: of an upload, of a broadcast, or of what nobody sent here."""
    r = user_reports.c
    surface = sa.func.coalesce(_u.surface, _s.surface)
    return (
        sa.select(surface, sa.func.count(sa.distinct(r.case_id)))
        .join_from(user_reports, uploads, _u.id == r.upload_id, isouter=True)
        .join(streams, _s.case_id == r.case_id, isouter=True)
        .where(_within(r.at, period))
        .group_by(surface)
    )


def _of_spots(period: Period) -> Any:
    d, a = spot_draws.c, spot_answers.c
    return (
        sa.select(sa.func.count(sa.distinct(d.id)))
        .join_from(spot_draws, spot_answers, a.draw_id == d.id)
        .where(_within(d.at, period), a.answer == "case")
    )


def _counts(found: Any, always: Iterable[tuple[str, ...]]) -> list[Count]:
    """Those that are always shown first and in their order, then what else there is."""
    order = list(dict.fromkeys([*always, *sorted(found)]))
    return [Count(keys, int(found.get(keys, 0))) for keys in order]
