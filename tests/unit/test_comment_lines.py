"""Lines of a body in batches: what trickles is not kept waiting, and long lines do not pile up."""

from __future__ import annotations

import asyncio

import pytest

from breakwater.web.api import lines as module
from breakwater.web.api.lines import Lines, read_lines


class Body:
    """A request whose pieces come one after another, each after a pause."""

    def __init__(self, pieces, pause=0.0):
        self.pieces, self.pause = pieces, pause

    async def stream(self):
        for piece in self.pieces:
            await asyncio.sleep(self.pause)
            yield piece


def batches(body):
    async def every():
        return [batch async for batch in read_lines(body, Lines())]

    return asyncio.run(every())


def numbers(found):
    return [number for batch in found for number, _ in batch.lines]


def test_lines_that_keep_coming_one_by_one_are_taken_all_the_while(monkeypatch) -> None:
    monkeypatch.setattr(module, "PAUSE_S", 0.05)
    found = batches(Body([b'{"id":"m"}\n'] * 40, pause=0.01))
    assert numbers(found) == list(range(1, 41)), "each once, in order"
    assert len(found) >= 3, "no pause was as long as the one that is waited for"


@pytest.mark.parametrize("piece", [1 << 12, 1 << 20])
def test_a_batch_holds_no_more_than_its_bytes(monkeypatch, piece) -> None:
    monkeypatch.setattr(module, "BATCH_BYTES", 1 << 16)
    line = b'"' + b"a" * 5_000 + b'"\n'
    whole = line * 100
    found = batches(Body([whole[at : at + piece] for at in range(0, len(whole), piece)]))
    assert numbers(found) == list(range(1, 101))
    assert max(sum(len(one) for _, one in batch.lines) for batch in found) < (1 << 16) + 5_010
