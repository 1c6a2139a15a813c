"""A hint between looking and waiting is never lost."""

from __future__ import annotations

import threading

from breakwater.model.ports import Bus
from breakwater.records.bus import LocalBus


def test_a_notified_topic_wakes_its_waiter_and_no_other():
    bus: Bus = LocalBus()
    woken = threading.Event()
    ready = threading.Event()

    def wait() -> None:
        ready.set()
        if bus.wait("outbox", 10):
            woken.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    ready.wait()
    bus.notify("jobs")
    assert not woken.wait(0.05)
    while waiter.is_alive():
        bus.notify("outbox")
        waiter.join(0.01)
    assert woken.is_set()


def test_what_was_said_before_the_wait_counts_when_the_place_was_kept():
    bus = LocalBus()
    place = bus.count("outbox")
    bus.notify("outbox")
    assert bus.wait_past("outbox", place, 0)
    assert not bus.wait_past("outbox", bus.count("outbox"), 0)


def test_a_wait_that_nobody_ends_ends_by_itself():
    assert not LocalBus().wait("outbox", 0.01)
