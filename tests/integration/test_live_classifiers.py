"""A bright broadcast of a real nginx gets a higher place than a dark one, and goes on untouched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakwater.live.telling import ReportTold
from breakwater.model.case import Case
from breakwater.model.classifier import Tally
from breakwater.model.stream import Control, Evidence, Stream
from breakwater.model.user_report import Concern
from breakwater.records import cases, classifiers, stream_alerts, streams
from tests import classifier_house
from tests.builders_onnx import endless
from tests.integration.live_site import LiveSite, live_site, until

SIZE = "size=320x180:rate=25"
BRIGHT = f"color=white:{SIZE},noise=alls=12:allf=t,format=yuv420p"
DARK = f"color=black:{SIZE},noise=alls=12:allf=t,format=yuv420p"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("classifiers"), live_watch=True, live_watchers=1,
        live_preroll_seconds=0, classifiers=True, classifier_every=1, classifier_share=1.0,
    ) as running:  # fmt: skip
        yield running


def tally(site: LiveSite, stream: Stream) -> Tally | None:
    with site.app.db.read() as tx:
        found = classifiers.tallies(tx, stream.id)
    return found[0][1] if found else None


def alerts(site: LiveSite, stream: Stream) -> list[Evidence]:
    with site.app.db.read() as tx:
        return stream_alerts.of_stream(tx, stream.id)


def report(site: LiveSite, stream: Stream) -> Case:
    told = ReportTold("a viewer", Concern.OTHER, reference=stream.label)
    site.app.live.streams.report(site.service(), stream.id, told)
    return site.case(stream)


def test_the_bright_one_comes_first_and_nothing_is_stopped(site: LiveSite) -> None:
    dark_one = site.rtmp.push(DARK, name="live/dark", gop=25)
    bright_one = site.rtmp.push(BRIGHT, name="live/bright", gop=25)
    dark, bright = site.stream("live/dark"), site.stream("live/bright")
    reported = {report(site, one).id: one for one in (dark, bright)}
    made = classifier_house.add(site.app)
    until(lambda: (tally(site, bright) or Tally(made.classifier.id, bright.id)).over, 60)
    until(lambda: (tally(site, dark) or Tally(made.classifier.id, dark.id)).frames >= 2, 60)
    until(lambda: alerts(site, bright))

    (seen,) = alerts(site, bright)[:1]
    assert (seen.alert.kind, seen.alert.reference) == ("classifier", made.classifier.id)
    assert "a bright picture, version 1, gave " in seen.alert.why
    assert "scores alone decide nothing" in seen.alert.why
    assert alerts(site, dark) == []
    low = tally(site, dark)
    assert low is not None
    assert low.best < 0.2
    with site.app.db.read() as tx:
        wall = [one.name for one in streams.wall(tx)]
        waiting = [case for case in cases.page(tx, limit=50) if case.id in reported]
        steps = [step.note for step in cases.history(tx, site.case(bright).id)]
    assert wall.index("live/bright") < wall.index("live/dark")
    assert [reported[case.id].id for case in waiting] == [bright.id, dark.id]
    assert site.case(bright).priority.rank < site.case(dark).priority.rank
    assert any("scores alone decide nothing" in note for note in steps)
    for one, publisher in ((dark, dark_one), (bright, bright_one)):
        now = site.stream(one.name)
        assert now.control.rank <= Control.WATCHED.rank
        assert publisher.sending
    assert site.stream("live/bright").risk > site.stream("live/dark").risk
    assert {order.to for order in site.orders(bright)} <= {Control.WATCHED}
    dark_one.stop()
    bright_one.stop()


def test_a_classifier_that_hangs_blocks_no_watching_and_is_shown(site: LiveSite) -> None:
    body = endless(side=256, layers=10, wide=64)  # half a second, where the other takes moments
    site.app.scoring.scorers.limits = type(site.app.scoring.scorers.limits)(score_s=0.1)
    slow = classifier_house.add(site.app, body, id="slow", side=256)
    publisher = site.rtmp.push(BRIGHT, name="live/on", gop=25)
    stream = site.stream("live/on")

    def failed() -> bool:
        with site.app.db.read() as tx:
            return classifiers.get(tx, slow.classifier.id).trouble == "too_slow"

    until(failed, 60)
    post = until(lambda: site.app.live.watching.post(stream.id))
    before = post.frames
    until(lambda: post.frames >= before + 3)
    until(lambda: tally(site, stream))
    shown = site.app.metrics.exposition().decode()
    assert 'breakwater_alarms_total{kind="classifier"}' in shown
    site.app.scoring.classifiers.refresh()
    assert (
        'breakwater_classifier_up{classifier="slow"} 0.0' in site.app.metrics.exposition().decode()
    )
    assert publisher.sending
    publisher.stop()
