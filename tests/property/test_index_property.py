"""The index against a dictionary: any order of adding, withdrawing, merging, loading, reopening.

The model is brute force over what SQL would hold. Every kind is asked, singly and in batches,
near and far, by the writer and by a reader that follows it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.builders_matching import flipped

from breakwater.matching import compact, ledger, parts
from breakwater.matching.index import Change, Index
from breakwater.model.signal import MD5, PDQ, SHA256, Measure, SignalKind

NARROW = SignalKind("narrow", 8, Measure.HAMMING, limit=11)
KINDS = (PDQ, NARROW, MD5, SHA256)
POOL = {
    kind.name: [
        flipped(base, bits, seed=bits)
        for base in np.random.default_rng(7).integers(0, 256, (4, kind.size), np.uint8).view(
            f"V{kind.size}").ravel().tolist()
        for bits in (0, 1, 5, 9, 16, 24)
    ]
    for kind in KINDS
}  # fmt: skip
"""Few values, near to one another and repeated, so that answers are seldom empty."""


def distance(left: bytes, right: bytes) -> int:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).bit_count()


class IndexMachine(RuleBasedStateMachine):
    @initialize(delta=st.integers(1, 8), ring=st.integers(1, 12), many=st.integers(1, 6))
    def begin(self, delta, ring, many):
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(compact, "DELTA_ROWS", delta)
        self.patch.setattr(parts, "RING_FROM", ring)
        self.patch.setattr(compact, "DEAD_LEAST", 2)
        self.patch.setattr(ledger, "MANY", many)
        self.directory = Path(tempfile.mkdtemp())
        self.entries: dict[int, tuple[str, bytes, bool, int]] = {}
        self.change = 0
        self.number = 0
        self.index = Index.open(self.directory, kinds=KINDS)
        self.reader = Index.open(self.directory, kinds=KINDS, writer=False)

    def teardown(self):
        if hasattr(self, "index"):
            self.index.close()
            self.reader.close()
            shutil.rmtree(self.directory)
            self.patch.undo()

    def since(self, change):
        later = [
            Change(at, number, kind, value, present)
            for number, (kind, value, present, at) in self.entries.items()
            if at > change
        ]
        return sorted(later, key=lambda one: one.change)

    def put(self, number, kind, value, present):
        self.change += 1
        self.entries[number] = (kind, value, present, self.change)

    @rule(data=st.data(), count=st.integers(1, 6), gap=st.sampled_from([1, 1, 1, 5, 70_000]))
    def add(self, data, count, gap):
        self.number += gap
        for _ in range(count):
            self.number += 1
            kind = data.draw(st.sampled_from(KINDS)).name
            self.put(self.number, kind, data.draw(st.sampled_from(POOL[kind])), True)
        self.index.apply(self.since(self.index.applied))

    @rule(data=st.data())
    def withdraw(self, data):
        here = [number for number, entry in self.entries.items() if entry[2]]
        if here:
            number = data.draw(st.sampled_from(here))
            kind, value, _, _ = self.entries[number]
            self.put(number, kind, value, False)
            self.index.apply(self.since(self.index.applied))

    @rule(data=st.data(), kind=st.sampled_from(KINDS), count=st.integers(1, 20))
    def load(self, data, kind, count):
        first = self.number + 1
        chosen = data.draw(
            st.lists(st.sampled_from(POOL[kind.name]), min_size=count, max_size=count)
        )
        for value in chosen:
            self.number += 1
            self.put(self.number, kind.name, value, True)
        rows = np.frombuffer(b"".join(chosen), np.uint8).reshape(count, kind.size)
        self.index.load(
            kind.name, rows, np.arange(first, first + count, dtype=np.uint32), self.change
        )

    @rule(force=st.booleans())
    def merge(self, force):
        self.index.merge(force=force)

    @rule()
    def reopen(self):
        self.index.close()
        self.index = Index.open(self.directory, kinds=KINDS)
        assert not self.index.set_aside
        assert self.index.applied == self.index.covered
        self.index.apply(self.since(self.index.covered))

    @rule()
    def replay_everything(self):
        self.index.apply(self.since(0))

    @rule(reload_first=st.booleans())
    def read(self, reload_first):
        if reload_first:
            self.reader.reload()
        self.reader.apply(self.since(self.reader.applied))
        self.check(self.reader)

    def wanted(self, kind, asked, limit):
        near = [
            (distance(asked, value), number)
            for number, (name, value, present, _) in self.entries.items()
            if name == kind.name and present and distance(asked, value) <= limit
        ]
        return [(number, far) for far, number in sorted(near)]

    def check(self, index):
        for kind in KINDS:
            asked = POOL[kind.name][::5]
            for limit in {kind.limit, kind.limit // 2}:
                wanted = [self.wanted(kind, value, limit) for value in asked]
                assert [index.search_one(kind.name, value, limit) for value in asked] == wanted
                rows = np.frombuffer(b"".join(asked), np.uint8).reshape(len(asked), kind.size)
                assert list(index.search(kind.name, rows, limit)) == [
                    (query, number, far)
                    for query, hits in enumerate(wanted)
                    for number, far in hits
                ]

    @invariant()
    def answers_as_the_model_does(self):
        if hasattr(self, "index"):
            self.check(self.index)
            assert self.index.applied >= self.change
            sizes = {name: status.size for name, status in self.index.status().items()}
            truth = dict.fromkeys(sizes, 0)
            for kind, _, present, _ in self.entries.values():
                truth[kind] += present
            assert sizes == truth


TestIndex = IndexMachine.TestCase
TestIndex.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
