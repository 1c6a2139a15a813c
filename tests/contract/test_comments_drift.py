"""Traffic that changed is an alarm once, on both databases, from the counts of all processes."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from breakwater.comments.calibrate import Band, Calibration
from breakwater.observe import Metrics
from breakwater.recognition.hearing.drift import Drift
from breakwater.records import chat_sums

pytestmark = pytest.mark.usefixtures("keyring")

DAY = 86_400.0


def keep(database, lane, *, moved, service="radio"):
    """Ten days of one kind of traffic, and two hours of another where it moved."""
    made = Calibration({})
    for n in range(6_000):
        made.observe(service, "es", Band.BUSY, -3.0 + n % 5 / 4, 10 * DAY * n / 6_000)
    for n in range(2_000):
        score = 2.0 if moved else -3.0
        made.observe(service, "es", Band.BUSY, score + n % 5 / 4, 10 * DAY + 3.6 * n)
    with database.transaction() as tx:
        chat_sums.put_cells(tx, lane, made.snapshot()["cells"])


def told(metrics, name="breakwater_alarms_total", **labels):
    return metrics.registry.get_sample_value(name, labels) or 0.0


def test_changed_traffic_is_an_alarm_once_until_it_is_over(database):
    metrics = Metrics()
    drift = Drift(db=database, lanes=2, metrics=metrics)
    keep(database, 0, moved=False)
    with capture_logs() as logged:
        drift.turn()
        assert told(metrics, kind="comments_drift") == 0
        keep(database, 1, moved=True)
        drift.turn()
        drift.turn()
        assert told(metrics, kind="comments_drift") == 1
        assert told(metrics, "breakwater_comments_drifted") == 1
        keep(database, 1, moved=False)
        drift.turn()
        assert told(metrics, "breakwater_comments_drifted") == 0
        keep(database, 1, moved=True)
        drift.turn()
        assert told(metrics, kind="comments_drift") == 2
    (first, _) = [one for one in logged if one["event"] == "comments_drifted"]
    assert (first["service"], first["lang"], first["band"]) == ("radio", "es", "10-100")
