"""Contracts of the seams to other machines: what every `Blob` and every `Bus` must keep.

Subclass one in the tests of an implementation and return it from `blob` or `bus`. Kept by
the embedded forms, `records.vault.Vault` and `records.bus.LocalBus`, in
`tests/contract/test_seams.py`.
"""

from __future__ import annotations

import io
import os
import threading
from abc import abstractmethod
from typing import BinaryIO

from breakwater.errors import NotFound
from breakwater.model.ids import Id, new_id
from breakwater.model.ports import Blob, Bus

SIZES = (0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000)


class SeamBroken(AssertionError):
    """The implementation does not keep the contract; the message says which part."""


def hold(kept: bool, words: str) -> None:
    """Fail with words when a part of the contract is not kept."""
    if not kept:
        raise SeamBroken(words)


class BlobContract:
    """What intake, review and packages rely on."""

    purpose = "evidence"

    @abstractmethod
    def blob(self) -> Blob:
        """The store under test; called once a test."""

    def test_bytes_come_back_as_they_went_in(self) -> None:
        """Of any size, in any order, each under its own id."""
        store = self.blob()
        contents = {self._put(store, content): content for content in map(os.urandom, SIZES)}
        hold(len(contents) == len(SIZES), "two objects have one id")
        for blob, content in reversed(contents.items()):
            with store.open(blob) as file:
                hold(file.read() == content, f"{len(content)} bytes do not come back")

    def test_a_part_is_read_from_its_place(self) -> None:
        """Readers seek: decoders and range requests do."""
        store = self.blob()
        content = os.urandom(3_000_000)
        with store.open(self._put(store, content)) as file:
            for start, count in ((2_999_999, 10), (0, 1), (1 << 20, 7), ((1 << 20) - 3, 6)):
                file.seek(start)
                hold(file.read(count) == content[start : start + count], f"wrong at {start}")

    def test_two_readers_do_not_disturb_one_another(self) -> None:
        """Each has its own place."""
        store = self.blob()
        blob = self._put(store, b"0123456789")
        with store.open(blob) as first, store.open(blob) as second:
            first.read(5)
            hold(second.read() == b"0123456789", "a second reader starts where the first is")
            hold(first.read() == b"56789", "the first reader was moved")

    def test_what_was_never_put_is_not_found(self) -> None:
        """As an error, never as emptiness."""
        hold(not self._there(self.blob(), new_id()), "an unknown id opens")

    def test_what_is_shredded_is_gone_and_its_neighbours_are_not(self) -> None:
        """Shredding twice is harmless."""
        store = self.blob()
        gone, kept = self._put(store, b"gone"), self._put(store, b"kept")
        store.shred(gone)
        store.shred(gone)
        hold(not self._there(store, gone), "a shredded object opens")
        hold(self._there(store, kept), "its neighbour went with it")

    def _put(self, store: Blob, content: bytes) -> Id:
        source: BinaryIO = io.BytesIO(content)
        return store.put(source, purpose=self.purpose)

    @staticmethod
    def _there(store: Blob, blob: Id) -> bool:
        try:
            store.open(blob).close()
        except NotFound:
            return False
        return True


class BusContract:
    """What workers, feeds and server-sent events rely on."""

    @abstractmethod
    def bus(self) -> Bus:
        """The bus under test; called once a test."""

    def test_a_notified_topic_wakes_everyone_who_waits_for_it(self) -> None:
        """And nobody else."""
        bus = self.bus()
        woken: list[str] = []
        threads = [
            threading.Thread(target=self._wait, args=(bus, topic, woken))
            for topic in ("events", "events", "jobs")
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads[:2]):
            bus.notify("events")
            threads[0].join(0.01)
        hold(woken == ["events", "events"], "the wrong ones woke")
        bus.notify("jobs")
        while threads[2].is_alive():
            bus.notify("jobs")
            threads[2].join(0.01)

    def test_a_wait_ends_by_itself(self) -> None:
        """A lost hint costs time, never work."""
        hold(not self.bus().wait("events", 0.01), "a wait that nobody ended says it was woken")

    @staticmethod
    def _wait(bus: Bus, topic: str, woken: list[str]) -> None:
        if bus.wait(topic, 30):
            woken.append(topic)
