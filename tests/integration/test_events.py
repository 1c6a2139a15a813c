"""Protects what a browser hears by itself: nothing that is committed once it was answered is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from breakwater.model.access import Principal, Role
from breakwater.model.case import Case, CaseKind
from breakwater.model.ids import new_id
from breakwater.records import outbox
from breakwater.web.events import Live, Stream
from tests import builders
from tests.integration.served import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("events")) as running:
        yield running


def opened(served: Served) -> Case:
    with served.app.db.transaction() as tx:
        return builders.case(tx, kind=CaseKind.UPLOAD)


def test_what_is_committed_after_the_first_line_is_told(served: Served, monkeypatch) -> None:
    real = outbox.newest

    def slow(tx: Any) -> int:
        time.sleep(0.3)  # a machine that has much to do
        return real(tx)

    monkeypatch.setattr(outbox, "newest", slow)
    with served.browser(Role.REVIEWER).stream("GET", "/events") as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("retry: ")
        case = opened(served)
        assert f"data: case-opened {case.id}" in lines


def test_who_comes_while_the_outbox_is_read_hears_of_what_was_committed_since(
    served: Served, monkeypatch
) -> None:
    who = Principal(new_id(), "Ada", Role.REVIEWER.permissions)
    live, real, late = Live(served.app.db), outbox.since, []

    async def two() -> str:
        first, second = Stream(who), Stream(who)
        live.join(first)
        await asyncio.to_thread(live.read)

        def since(tx: Any, place: int, **more: Any) -> Any:
            if not late:
                live.join(second)
                late.append(opened(served))
            return real(tx, place, **more)

        monkeypatch.setattr(outbox, "since", since)
        try:
            return await asyncio.wait_for(second.queue.get(), 60)
        finally:
            live.leave(first)
            live.leave(second)

    told = asyncio.run(two())
    assert f"data: case-opened {late[0].id}\n" in told
