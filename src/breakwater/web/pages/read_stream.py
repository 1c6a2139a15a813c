"""A broadcast within its case, from records: how far it is stopped, what was seen, who sends.

Evidence in words: stretches with offset, speed and score, frame pairs with their distance; no
picture is here. Read by `read_case`; the points of its line of time go to `read_timeline`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from breakwater.model.access import Permission
from breakwater.model.broadcast import CourseKind, Preserved
from breakwater.model.case import Case, CaseKind
from breakwater.model.copies import Segment
from breakwater.model.ids import Id, parse_id
from breakwater.model.stream import Ack, Broadcaster, Control, Evidence, Order, Stream
from breakwater.records import (
    stream_alerts,
    stream_course,
    stream_orders,
    stream_stills,
    streams,
)
from breakwater.records.database import Tx
from breakwater.web.pages import read_senders, read_stills, stream_words, words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.models_stream import (
    AckRow,
    AlertRow,
    OrderRow,
    RoleAsk,
    SegmentRow,
    StreamView,
)
from breakwater.web.pages.read_names import called
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, figure, later, say
from breakwater.web.pages.timeline import Point, Sort

ALERTS: Final = 6
"""On one page, the newest; the rest is counted."""
PAIRS: Final = 2
WHOLE: Final = 1
SILENT: Final = timedelta(seconds=30)
"""Watchers say every few seconds what they saw; this much silence is a stretch not seen."""
KEPT: Final[Mapping[str, str]] = Spoken({
    "preroll": later("The minutes before"),
    "recording": later("The recording"),
    "viewers": later("Who watched"),
    "senders": later("Who sent"),
    "comments": later("The comments"),
    "account": later("The account's data"),
    "prints": later("What finds it again"),
})  # fmt: skip

STEP: Final[Mapping[str, str]] = Spoken({
    "deny_publish": later("Refuse to let it publish again"),
    "drop_publisher": later("End the publisher's connection"),
    "mute_publisher": later("Hold back what this sender sends"),
    "unmute_publisher": later("Let this sender be seen again"),
    "drop_viewers": later("Send viewers nothing more"),
    "purge": later("Remove playlist, segments, thumbnail and recording"),
    "probe": later("Prove that nothing of it can be fetched"),
    "thaw": later("Send to viewers again"),
    "record": later("Record what goes on"),
    "stop_record": later("Stop the recording"),
})  # fmt: skip


def view(look: Look, found: Case) -> StreamView | None:
    """The broadcast a case is about; None for every other case."""
    stream = of_case(look.tx, found)
    if stream is None:
        return None
    seen = stream_alerts.of_stream(look.tx, stream.id)
    told = _told_whole(seen)
    orders = stream_orders.of_stream(look.tx, stream.id)
    return StreamView(
        label=stream.label,
        control=stream_words.control(stream),
        facts=_facts(look, stream),
        orders=tuple(_order(look, one) for one in reversed(orders)),
        alerts=tuple(_alert(one, whole=one.id in told) for one in seen[:ALERTS]),
        senders=read_senders.rows(look.tx, look.who, stream),
        ask=_ask(look, stream),
        preserved=tuple(
            (KEPT.get(one.what) or one.what, _kept(one))
            for one in stream_orders.preserved(look.tx, stream.id)
            if one.what != stream_stills.WHAT
        ),
        more=max(0, len(seen) - ALERTS),
    )


def of_case(tx: Tx, found: Case) -> Stream | None:
    """The broadcast, when the case is about one."""
    return streams.find(tx, found.subject) if found.kind is CaseKind.STREAM else None


def points(look: Look, found: Case) -> Iterator[Point]:
    """For the line of time: what was seen, and what was ordered."""
    stream = of_case(look.tx, found)
    if stream is None:
        return
    yield from _spans(stream_alerts.of_stream(look.tx, stream.id))
    for order in stream_orders.of_stream(look.tx, stream.id):
        yield Point(Sort.DECISION, order.at, stream_words.ORDERED[order.to])
    yield from _courses(look, stream)
    yield from _unseen(look, stream)


def _spans(seen: Sequence[Evidence]) -> Iterator[Point]:
    """What was seen when: alerts of one thing that follow one another are one stretch."""
    open_: dict[Id | None, tuple[datetime, Evidence]] = {}
    for one in reversed(seen):
        begin = one.alert.at - timedelta(seconds=one.alert.span_s)
        known = open_.get(one.alert.reference)
        if known is not None and begin > known[1].alert.at + SILENT:
            yield Point(Sort.SPAN, known[0], stream_words.alert(known[1]), until=known[1].alert.at)
            known = None
        open_[one.alert.reference] = (begin if known is None else min(begin, known[0]), one)
    for begin, last in open_.values():
        yield Point(Sort.SPAN, begin, stream_words.alert(last), until=last.alert.at)


def _facts(look: Look, stream: Stream) -> tuple[tuple[str, str], ...]:
    ran = words.since(stream.started_at, stream.ended_at or look.now).words
    return (
        (say("Stream"), stream.label),
        (say("Seen of it"), stream_words.seen_share(stream)),
        (say("Viewers"), words.count(stream.viewers)),
        (say("Runs for") if stream.ended_at is None else say("Ran for"), ran),
    )


def _ask(look: Look, stream: Stream) -> RoleAsk | None:
    """Who broadcasts, until somebody says it: the account's sanction waits for the answer."""
    until = read_senders.asked(look.tx, stream.id)
    if until is None:
        return None
    may = look.may(Permission.STREAM_CONTROL)
    known = read_senders.roles() if may else ()
    return RoleAsk(
        until, tuple((v, word, stream_words.FOLLOWS[Broadcaster(v)]) for v, word in known)
    )


def _courses(look: Look, stream: Stream) -> Iterator[Point]:
    """How risky it was, by what, and how many watched, each as it changed."""
    until = stream.ended_at or look.now
    yield Point(Sort.RISK, stream.started_at, say("0 of 100"), value=0.0)
    for one in stream_course.of_stream(look.tx, stream.id, CourseKind.RISK):
        risk = say("%(n)s of 100", n=figure(round(one.value * 100)))
        source = stream_words.SOURCES.get(one.why)
        words_ = say("%(risk)s, by %(source)s", risk=risk, source=source) if source else risk
        yield Point(Sort.RISK, one.at, words_, value=one.value)
    now = say("%(n)s of 100", n=figure(round(stream.risk * 100)))
    yield Point(Sort.RISK, until, now, value=stream.risk)
    watched = stream_course.of_stream(look.tx, stream.id, CourseKind.VIEWERS)
    for one in watched:
        yield Point(Sort.VIEWERS, one.at, value=one.value)
    if watched:
        yield Point(Sort.VIEWERS, until, value=float(stream.viewers))


def _unseen(look: Look, stream: Stream) -> Iterator[Point]:
    """Stretches of which no frame was looked at; before the first figure nothing is known."""
    until = stream.ended_at or look.now
    begin: datetime | None = None
    for one in stream_course.of_stream(look.tx, stream.id, CourseKind.SIGHT):
        if one.value and begin is not None:
            yield _stretch(begin, one.at)
        begin = None if one.value else begin or one.at
    if begin is not None:
        yield _stretch(begin, until)
    elif stream.seen_at is None or until - stream.seen_at > SILENT:
        yield _stretch(stream.seen_at or stream.started_at, until)


def _stretch(begin: datetime, until: datetime) -> Point:
    lasted = say("for %(span)s", span=words.span(until - begin))
    return Point(Sort.UNSEEN, begin, lasted, until=until)


def _order(look: Look, order: Order) -> OrderRow:
    mark = stream_words.stands(order.to, order.state)
    took = ""
    if order.confirmed_at is not None:
        took = _seconds(int((order.confirmed_at - order.at) / timedelta(milliseconds=1)))
    cut = order.to is Control.CUT
    return OrderRow(
        word=stream_words.ORDERED[order.to],
        by=_name(look.tx, order.by),
        at=words.at(order.at),
        mark=mark,
        who=stream_words.BROADCASTER[order.broadcaster] if cut else "",
        took=took,
        acks=tuple(_ack(one) for one in stream_orders.acks(look.tx, order.id)),
    )


def _name(tx: Tx, by: str) -> str:
    person = parse_id(by)
    if person is None:
        return say("the policy")
    return called(tx, person)


def _ack(one: Ack) -> AckRow:
    mark = Mark("ok", say("Done")) if one.done else Mark("bad", say("Not done"))
    word = STEP[one.step] if one.step in STEP else one.step.replace("_", " ")
    return AckRow(word, mark, one.detail, _seconds(one.ms))


def _kept(one: Preserved) -> str:
    return say("Not kept: %(why)s", why=retold(one.gap)) if one.gap else say("Kept")


def _seconds(ms: int) -> str:
    return say("%(n)s s", n=figure(ms / 1000, "0.00"))


def _told_whole(seen: Sequence[Evidence]) -> set[Id]:
    """Alerts whose every figure is listed: looked at closer, else the newest; others are a line."""
    told = sorted(seen, key=lambda one: (not one.looks, -one.change))
    return {one.id for one in told[:WHOLE]}


def _alert(seen: Evidence, *, whole: bool) -> AlertRow:
    led = stream_words.ORDERED[seen.wanted]
    return AlertRow(
        at=words.at(seen.alert.at),
        words=stream_words.alert(seen),
        led=Mark("held" if seen.wanted.rank > Control.WATCHED.rank else "none", led),
        segments=tuple(_segment(one, pairs=not seen.looks) for one in seen.segments[:WHOLE])
        if whole
        else (),
        matches=tuple(_match(one) for one in seen.matches[:PAIRS]) if whole else (),
        looks=tuple(words_ for one in seen.looks for words_ in read_stills.looked(one)),
    )


def _segment(one: Segment, *, pairs: bool) -> SegmentRow:
    code = words.timecode
    return SegmentRow(
        here=say("%(a)s to %(b)s", a=code(one.start_s), b=code(one.end_s)),
        there=say(
            "%(a)s to %(b)s of known video %(n)s",
            a=code(one.reference_start_s), b=code(one.reference_end_s), n=one.reel,
        ),
        speed=""
        if 0.98 < one.speed < 1.02
        else say("%(n)s times its speed", n=figure(one.speed, "0.00")),
        score=say("Score %(n)s; from 3 on it links", n=figure(one.score, "0.0")),
        pairs=tuple(
            say(
                "%(a)s beside %(b)s: %(n)s of 256 bits differ",
                a=code(pair.time_s), b=code(pair.reference_s), n=pair.distance,
            )
            for pair in one.pairs[: PAIRS if pairs else 0]
        ),
        mirrored=one.mirrored,
    )  # fmt: skip


def _match(one: Mapping[str, Any]) -> str:
    return say(
        "%(bank)s, entry %(number)s: %(words)s",
        bank=one["bank"], number=one["entry"], words=retold(str(one["words"])),
    )  # fmt: skip
