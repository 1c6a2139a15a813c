"""The contract that every plug-in for a signal kind must keep, as a pytest suite.

Subclass `SignalKindContract` in the plug-in's own tests and return the `Plugin` from `plugin`.
The pictures are synthetic. Kept by `breakwater.testing.example_kind` in
`tests/contract/test_signal_kinds.py`.
"""

from __future__ import annotations

import threading
from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from breakwater.fingerprint.registry import Hasher, Plugin, Registry
from breakwater.model.ports import IndexFactory
from breakwater.model.signal import Measure, Signal


class ContractBroken(AssertionError):
    """The plug-in does not keep the contract; the message says which part."""


def picture(seed: int, rows: int = 120, columns: int = 160) -> NDArray[np.uint8]:
    """A synthetic picture: soft coloured blobs, another for each seed; read-only as in use."""
    rng = np.random.default_rng(seed)
    grid = rng.integers(0, 256, (8, 10, 3), np.uint8)
    tall = grid[np.arange(rows) * 8 // rows]
    pixels = np.ascontiguousarray(tall[:, np.arange(columns) * 10 // columns])
    pixels.flags.writeable = False
    return pixels


class SignalKindContract:
    """What the jail and the matcher rely on."""

    @abstractmethod
    def plugin(self) -> Plugin:
        """The plug-in under test; called once a test."""

    def test_it_can_be_installed(self) -> None:
        """The registry takes it, and the kind then prints and parses itself."""
        plugin = self.plugin()
        registry = Registry.of([plugin])
        self._hold(plugin.kind in registry.kinds, "the registry does not show its kind")
        value = bytes(i % 256 for i in range(plugin.kind.size))
        text = str(Signal(plugin.kind.name, value))
        self._hold(Signal.parse(text).value == value, "a value does not survive its spelling")

    def test_the_hasher_is_pure(self) -> None:
        """Same pixels, same value; grey and colour, read-only arrays; right size and quality."""
        plugin = self.plugin()
        if plugin.hasher is None:
            return
        for pixels in (picture(1), np.ascontiguousarray(picture(2)[:, :, 0])):
            before = pixels.tobytes()
            first, second = plugin.hasher(pixels), plugin.hasher(pixels)
            self._hold(first == second, "two calls give two values")
            self._hold(pixels.tobytes() == before, "the hasher writes into the pixels")
            self._hold(first is not None, "a structured picture has no value")
            if first is not None:
                self._hold(len(first[0]) == plugin.kind.size, "the value has another size")
                self._hold(0 <= first[1] <= 100, "the quality is not 0 to 100")

    def test_the_hasher_takes_every_shape(self) -> None:
        """One pixel, a line, featureless: an answer or None, never an exception."""
        plugin = self.plugin()
        if plugin.hasher is None:
            return
        for shape in ((1, 1, 3), (1, 500, 3), (500, 1, 3), (7, 5, 3), (64, 64)):
            made = plugin.hasher(np.zeros(shape, np.uint8))
            right = made is None or len(made[0]) == plugin.kind.size
            self._hold(right, f"pixels of shape {shape} give a value of another size")

    def test_every_value_finds_itself(self) -> None:
        """At distance 0, with the kept arrays and without, and nothing in an empty index."""
        plugin = self.plugin()
        factory = plugin.index_factory
        if factory is None:
            self._hold(plugin.kind.measure is not Measure.LICENSED, "a licensed kind has no index")
            return
        values = self._values(plugin)
        for kept in (dict(factory.build(values)), {}):
            query, row, distance = factory.open(values, kept).search(values, 0)
            pairs = set(zip(query.tolist(), row.tolist(), strict=True))
            self._hold(all((i, i) in pairs for i in range(len(values))), "a value is not found")
            self._hold(not distance.any(), "a distance within 0 is not 0")
        none = np.empty((0, plugin.kind.size), np.uint8)
        found = factory.open(none, dict(factory.build(none))).search(values, plugin.kind.limit)
        self._hold(not any(len(column) for column in found), "an empty index finds something")

    def test_a_larger_limit_only_adds(self) -> None:
        """The answer within a limit is the larger answer cut at it; nothing is beyond it."""
        plugin = self.plugin()
        if plugin.index_factory is None:
            return
        values = self._values(plugin)
        factory = plugin.index_factory
        index = factory.open(values, dict(factory.build(values)))
        wide = self._set(index.search(values, plugin.kind.limit))
        for limit in (0, plugin.kind.limit // 3, plugin.kind.limit):
            cut = {hit for hit in wide if hit[2] <= limit}
            self._hold(self._set(index.search(values, limit)) == cut, f"limit {limit} is not a cut")

    def test_a_small_change_stays_near(self) -> None:
        """A little brighter is still a match; another picture is not."""
        plugin = self.plugin()
        if plugin.hasher is None or plugin.index_factory is None:
            return
        one = picture(1)
        brighter = np.clip(one.astype(np.int16) + 2, 0, 255).astype(np.uint8)
        known = self._made(plugin.hasher, one)
        factory: IndexFactory = plugin.index_factory
        index = factory.open(known, dict(factory.build(known)))
        limit = plugin.kind.limit
        near = index.search(self._made(plugin.hasher, brighter), limit)[0]
        far = index.search(self._made(plugin.hasher, picture(99)), limit)[0]
        self._hold(len(near) == 1, "a slightly brighter picture is not found")
        self._hold(len(far) == 0, "another picture is found")

    def test_the_index_serves_many_threads(self) -> None:
        """Eight threads get the answer that one gets."""
        plugin = self.plugin()
        if plugin.index_factory is None:
            return
        values = self._values(plugin)
        factory = plugin.index_factory
        index = factory.open(values, dict(factory.build(values)))
        expected = self._set(index.search(values, plugin.kind.limit))
        answers: list[bool] = []

        def ask() -> None:
            answers.append(self._set(index.search(values, plugin.kind.limit)) == expected)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._hold(answers == [True] * 8, "threads get different answers")

    @staticmethod
    def _hold(condition: bool, message: str) -> None:
        if not condition:
            raise ContractBroken(message)

    @staticmethod
    def _values(plugin: Plugin) -> NDArray[np.uint8]:
        """Read-only rows, as they come from a mapped file; two near each other."""
        rng = np.random.default_rng(3)
        values = rng.integers(0, 256, (50, plugin.kind.size), np.uint8)
        values[1] = values[0]
        values[1, 0] ^= 1
        values.flags.writeable = False
        return values

    @staticmethod
    def _made(hasher: Hasher, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        made = hasher(pixels)
        if made is None:
            raise ContractBroken("a structured picture has no value")
        return np.frombuffer(made[0], np.uint8).reshape(1, -1)

    @staticmethod
    def _set(
        found: tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint16]],
    ) -> set[tuple[int, int, int]]:
        query, row, distance = found
        return set(zip(query.tolist(), row.tolist(), distance.tolist(), strict=True))
