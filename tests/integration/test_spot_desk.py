"""Strips are answered by people who looked, within their limits; what they say has its effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from breakwater.errors import BadInput, Conflict, ExposureLimit, NotAllowed, NotFound
from breakwater.model.access import Principal, Role
from breakwater.model.case import CaseKind, CaseState, Priority
from breakwater.model.decision import DecisionKind
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.spot import SpotAnswer, Strip
from breakwater.model.stream import Control, Stream, StreamState
from breakwater.records import cases, spot_figures, spots, stream_orders, streams
from breakwater.worker.loop import Worker
from tests.integration.spot_house import SpotHouse, spot_house, still

A = SpotAnswer


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SpotHouse]:
    with spot_house(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.fixture
def ada(house: SpotHouse) -> Principal:
    return house.principal()


def look(house: SpotHouse, who: Principal, strip: Strip, frame: int = 0) -> None:
    shown = house.app.review.spot_views.look(
        who, item=strip.draw, frame=frame, level=Level.S3, reason="spot check"
    )
    assert shown.picture[8:12] == b"WEBP"
    house.app.review.views.end(who, shown.view, 1000)


def stream_of(house: SpotHouse, strip: Strip) -> Stream:
    with house.app.db.read() as tx:
        return streams.get(tx, strip.stream)


def test_a_case_is_opened_as_a_report_opens_it_and_its_pictures_are_evidence(
    house: SpotHouse, ada: Principal
) -> None:
    strip = house.strip()
    done = house.app.live.spot_desk.answer(ada, strip.draw, A.CASE)
    stream = stream_of(house, strip)
    assert done.case == stream.case
    with house.app.db.read() as tx:
        case = cases.get(tx, Id(str(done.case)))
        kept = [one for one in stream_orders.preserved(tx, stream.id) if one.blob]
        record = spot_figures.record(tx, strip.draw)
    assert (case.kind, case.priority, case.state) == (
        CaseKind.STREAM, Priority.HIGH, CaseState.OPEN,
    )  # fmt: skip
    assert case.why == "A person saw something in a spot check."
    assert stream.risks["spot_check"] > 0
    assert stream.control is Control.WATCHED, "looked at more closely, and not stopped"
    assert record.answer is A.CASE
    house.app.live.spots._destroy(strip)
    assert [one.what for one in kept] == ["spot_check"] * 6
    for number, one in enumerate(kept):
        with house.app.vault.open(Id(str(one.blob))) as file:
            assert file.read() == still(number), "kept with the case when the strip is gone"

    with pytest.raises(NotFound):
        house.app.live.spot_desk.answer(ada, strip.draw, A.NOTHING)


def test_a_case_that_waits_is_joined(house: SpotHouse, ada: Principal) -> None:
    stream = house.stream()
    first = house.app.live.spot_desk.answer(ada, house.strip(stream).draw, A.CASE)
    again = house.app.live.spot_desk.answer(ada, house.strip(stream).draw, A.CASE)
    assert first.case == again.case


def test_what_is_decided_on_the_case_is_what_the_draw_found(
    house: SpotHouse, ada: Principal
) -> None:
    strip = house.strip()
    done = house.app.live.spot_desk.answer(ada, strip.draw, A.CASE)
    case = Id(str(done.case))
    subscriptions = [one for one in house.app.subscriptions if one.name == "live.spots"]
    worker = Worker(
        db=house.app.db, subscriptions=subscriptions, kinds=(), turns=(),
        metrics=house.app.metrics,
    )  # fmt: skip
    house.app.review.decisions.decide(ada, case, DecisionKind.NOT_ILLEGAL, reason="a garden")
    while worker.deliver_events():
        pass
    with house.app.db.read() as tx:
        assert spot_figures.record(tx, strip.draw).found == "not_illegal"


def test_a_closer_look_raises_the_sampling_and_takes_another_strip(
    house: SpotHouse, ada: Principal
) -> None:
    strip = house.strip()
    desk = house.app.live.spot_desk
    desk.answer(ada, strip.draw, A.CLOSER)
    assert stream_of(house, strip).control is Control.WATCHED
    with house.app.db.read() as tx:
        (order,) = stream_orders.of_stream(tx, strip.stream)
        assert (order.by, order.why) == (ada.person, "spot_check")
        assert spots.strip(tx, strip.draw).part == 2
    with pytest.raises(NotFound):
        desk.answer(ada, strip.draw, A.NOTHING)
    house.take(strip.draw)
    desk.answer(ada, strip.draw, A.CLOSER)
    house.take(strip.draw)
    with pytest.raises(Conflict, match="closer already"):
        desk.answer(ada, strip.draw, A.CLOSER)
    look(house, ada, strip)
    desk.answer(ada, strip.draw, A.NOTHING)
    with house.app.db.read() as tx:
        kept = spot_figures.record(tx, strip.draw)
        assert len(spots.of_stream(tx, strip.stream)) == 3
    assert (kept.answer, kept.frames) == (A.NOTHING, 1)


def test_a_closer_look_that_comes_to_nothing_gives_the_strip_back(
    house: SpotHouse, ada: Principal
) -> None:
    strip = house.strip()
    house.app.live.spot_desk.answer(ada, strip.draw, A.CLOSER)
    with house.app.db.transaction() as tx:
        streams.set_state(tx, strip.stream, StreamState.ENDED)
    house.app.live.spots.turn()
    with house.app.db.read() as tx:
        assert spots.shown(tx, strip.draw).part == 1
    with pytest.raises(Conflict, match="has ended"):
        house.app.live.spot_desk.answer(ada, strip.draw, A.CLOSER)
    done = house.app.live.spot_desk.answer(ada, strip.draw, A.CASE)
    with house.app.db.read() as tx:
        assert cases.get(tx, Id(str(done.case))).priority is Priority.MEDIUM


def test_nothing_is_shown_beyond_a_persons_limits(house: SpotHouse, ada: Principal) -> None:
    strip = house.strip()
    house.app.review.exposure.take_break(ada)
    with pytest.raises(ExposureLimit):
        look(house, ada, strip)
    with pytest.raises(ExposureLimit):
        house.app.review.spot_views.stills(ada, frames=[(strip.draw, 0)])
    with house.app.db.read() as tx:
        assert spots.frames_seen(tx, strip.draw, Id(str(ada.person))) == 0
    sam = house.principal(Role.REVIEWER)
    look(house, sam, strip)


def test_one_person_looks_at_a_strip_at_a_time(house: SpotHouse, ada: Principal) -> None:
    strip, sam = house.strip(), house.principal()
    look(house, ada, strip)
    for act in (
        lambda: look(house, sam, strip),
        lambda: house.app.live.spot_desk.answer(sam, strip.draw, A.CASE),
    ):
        with pytest.raises(Conflict, match="Somebody else looks"):
            act()
    house.app.live.spot_desk.answer(ada, strip.draw, A.NOTHING)


def test_a_broadcast_that_turns_private_is_not_shown_and_its_strip_goes(
    house: SpotHouse, ada: Principal
) -> None:
    strip = house.strip()
    with house.app.db.read() as tx:
        sender = streams.sender_of(tx, strip.stream)
        stream = streams.get(tx, strip.stream)
    by = Principal(new_id(), "clips", ada.permissions, service="clips")
    house.app.live.streams.begin(by, "", stream.name, replace(sender, surface="private"))
    with pytest.raises(NotFound, match="private"):
        look(house, ada, strip)
    assert house.app.live.spots.purge() >= 1
    with house.app.db.read() as tx:
        assert spots.of_stream(tx, stream.id) == []
        assert not spot_figures.record(tx, strip.draw).answer
    house.app.live.streams.begin(by, "", stream.name, replace(sender, surface="live"))
    assert stream_of(house, strip).surface == "private", "what was private stays so"


def test_a_jurisdiction_that_is_told_late_and_not_named_gives_no_strip(
    house: SpotHouse, ada: Principal
) -> None:
    strip = house.strip()
    house.app.live.spot_desk.answer(ada, strip.draw, A.CLOSER)
    checks = house.app.live.spots
    checks.rules = replace(checks.rules, jurisdictions=("GB",))
    try:
        checks.turn()
    finally:
        checks.rules = replace(checks.rules, jurisdictions=("*",))
    with house.app.db.read() as tx:
        assert spots.shown(tx, strip.draw).part == 1, "the closer look is missed, nothing was taken"


def test_only_those_who_look_and_stop_broadcasts_may(house: SpotHouse, ada: Principal) -> None:
    strip = house.strip()
    for role in set(Role) - {Role.LIVE_MODERATOR, Role.REVIEWER}:
        who = house.principal(role)
        with pytest.raises(NotAllowed):
            look(house, who, strip)
        with pytest.raises(NotAllowed):
            house.app.live.spot_desk.answer(who, strip.draw, A.CASE)
    for level, wrong in ((Level.S4, (NotAllowed, BadInput)),):
        with pytest.raises(wrong):
            house.app.review.spot_views.look(ada, item=strip.draw, frame=0, level=level, reason="x")
    with pytest.raises(NotFound):
        look(house, ada, strip, frame=6)


def test_what_still_opens_is_overdue_and_an_alarm(house: SpotHouse) -> None:
    """A purge that did not destroy anything may not say that it did."""
    strip = house.strip()
    checks, vault = house.app.live.spots, house.app.vault
    path = vault.path(strip.stills[0])
    kept = path.read_bytes()
    shred = checks._shred

    def half(blobs: list[Id]) -> None:
        shred(blobs)
        path.write_bytes(kept)

    checks._shred = half  # type: ignore[method-assign,assignment]
    try:
        assert not checks._destroy(strip)
    finally:
        del checks._shred  # type: ignore[method-assign]
    with house.app.db.read() as tx:
        assert spots.strip(tx, strip.draw).draw == strip.draw
    assert checks._destroy(strip)


def test_spot_checks_are_worked_and_purged_by_the_worker(house: SpotHouse) -> None:
    assert {"live.spots", "live.spots.purge"} <= {turn.name for turn in house.app.turns}
