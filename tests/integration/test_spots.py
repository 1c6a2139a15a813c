"""Broadcasts of a real nginx are drawn, shown, answered and purged; private ones never are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from breakwater.errors import Conflict, NotFound
from breakwater.live.spots.checks import SpotChecks
from breakwater.live.spots.rules import SLOT, SpotRules, begins, slot_of
from breakwater.model.broadcast import Sender
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.spot import SpotAnswer, Strip
from breakwater.model.stream import Stream, StreamState
from breakwater.records import spot_figures, spots, streams, views
from tests.conftest import SettableClock
from tests.integration.live_site import LiveSite, live_site, until

FAST = ("-vf", "setpts=5*PTS", "-fps_mode", "passthrough", "-c:v", "libx264", "-preset",
        "ultrafast", "-tune", "zerolatency", "-g", "25", "-pix_fmt", "yuv420p")  # fmt: skip
"""A broadcast whose clock goes five times as fast as ours: ten seconds of it take two."""

RULES = SpotRules(on=True, per_hour=6, jurisdictions=("*",))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("spots"), live_watch=True, live_watchers=1,
        live_preroll_seconds=0, spot_checks_jurisdictions="*",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def clock() -> SettableClock:
    """It stands at the end of some ten minutes: whatever their moment was, it is over."""
    slot = slot_of(datetime.now(UTC))
    return SettableClock(begins(slot) + SLOT - timedelta(milliseconds=1))


def checks(site: LiveSite, clock: SettableClock, rules: SpotRules = RULES) -> SpotChecks:
    """Spot checks by a clock that obeys; strips are taken and kept by the site's own worker."""
    on = site.app
    return SpotChecks(
        db=on.db, keys=on.keys, vault=on.vault, strips=on.live.watching.strips,
        metrics=on.metrics, rules=rules, clock=clock,
    )  # fmt: skip


def drawn(site: LiveSite, clock: SettableClock, rules: SpotRules = RULES) -> list[Strip]:
    """What the next ten minutes draw."""
    made = checks(site, clock, rules)
    clock.advance(SLOT.total_seconds())
    with site.app.db.read() as tx:
        before = {one.draw.id for one in spot_figures.records(tx)}
    made._draw()
    with site.app.db.read() as tx:
        fresh = [one.draw.id for one in spot_figures.records(tx) if one.draw.id not in before]
        return [spots.strip(tx, one) for one in fresh]


def test_a_strip_is_drawn_seen_answered_and_purged(site: LiveSite, clock: SettableClock) -> None:
    app, ada = site.app, site.moderator()
    publisher = site.rtmp.push(name="live/drawn", options=FAST)
    stream = site.stream("live/drawn")
    hidden = _private(site)
    (strip,) = drawn(site, clock)
    assert strip.stream == stream.id != hidden.id

    waiting = until(lambda: _waiting(site, strip.draw))
    assert len(waiting.stills) == 6
    assert app.live.watching.post(stream.id).looked_until == 0.0
    with pytest.raises(Conflict, match="Look at one of its pictures"):
        app.live.spot_desk.answer(ada, strip.draw, SpotAnswer.NOTHING)
    small = app.review.spot_views.stills(ada, frames=[(strip.draw, n) for n in range(6)])
    assert [one.frame for one in small] == list(range(6))
    assert len({one.picture for one in small}) > 1, "it moved, and each still is another moment"
    shown = app.review.spot_views.look(
        ada, item=strip.draw, frame=3, level=Level.S3, reason="spot check"
    )
    assert shown.picture[8:12] == b"WEBP"
    app.review.views.end(ada, shown.view, 4000)
    assert app.review.exposure.status(ada).used == timedelta(seconds=4), "the clock counts it"
    assert app.live.spot_desk.answer(ada, strip.draw, SpotAnswer.NOTHING).case is None

    purged = checks(site, clock)
    assert purged.purge() == 0
    clock.moment = waiting.expires_at - timedelta(seconds=1)
    assert purged.purge() == 0
    clock.advance(1)
    assert purged.purge() == 1
    for blob in waiting.stills:
        assert not app.vault.path(blob).exists()
        with pytest.raises(NotFound):
            app.vault.open(blob)
    with app.db.read() as tx:
        kept = spot_figures.record(tx, strip.draw)
        assert spots.of_stream(tx, stream.id) == []
        (seen, *_) = views.of_item(tx, strip.draw)
    assert (kept.taken, kept.answer, kept.frames) == (True, SpotAnswer.NOTHING, 1)
    assert kept.purged_at is not None
    assert kept.draw.inclusion == 1.0, "one of one public broadcast"
    assert seen.person == ada.person
    publisher.stop()
    site.app.live.streams.reconcile("", [])


def test_one_that_ends_first_is_missed_and_never_nothing(
    site: LiveSite, clock: SettableClock
) -> None:
    clock.advance(SLOT.total_seconds())
    gone = _told(site, f"gone-{new_id()}")
    (strip,) = drawn(site, clock)
    with site.app.db.transaction() as tx:
        streams.set_state(tx, gone.id, StreamState.ENDED)
    until(lambda: _record(site, strip.draw).answer is None and _missed(site, strip.draw))
    assert not _record(site, strip.draw).taken


def _told(site: LiveSite, name: str, **facts: Any) -> Stream:
    """A broadcast that a service tells of and nobody can fetch."""
    told = Sender(pull_url=f"{site.rtmp.url}/live/{name}", **facts)
    return site.app.live.streams.begin(site.service(), "", name, told)


def _private(site: LiveSite) -> Stream:
    """A broadcast that the service says is private, a moment after it began."""
    made = _told(site, f"hidden-{new_id()}")
    told = site.app.live.streams.begin(
        site.service(), "", made.name, Sender(surface="private", account=made.account)
    )
    assert told.surface == "private"
    return told


def _waiting(site: LiveSite, draw: Id) -> Strip | None:
    with site.app.db.read() as tx:
        return next((one for one in spots.waiting(tx) if one.draw == draw), None)


def _missed(site: LiveSite, draw: Id) -> bool:
    with site.app.db.read() as tx:
        return spots.strip(tx, draw).state.value == "missed"


def _record(site: LiveSite, draw: Id) -> Any:
    with site.app.db.read() as tx:
        return spot_figures.record(tx, draw)
