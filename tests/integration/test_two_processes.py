"""Two processes on one PostgreSQL: what one commits the other matches; one owns the index."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from breakwater.app import App, build, set_up
from breakwater.banks.manage import NewBank
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Principal
from breakwater.model.bank import BankAction
from breakwater.model.match import Action
from breakwater.records.rootkey import RootKey
from breakwater.settings import Settings
from tests.integration.conftest import photo
from tests.integration.test_intake import pdq_of, submit


@pytest.fixture
def pair(settings: Settings, jail: JailPool, postgres_url: str) -> Iterator[tuple[App, App]]:
    """Two installations' processes: the same settings, opened twice."""
    chosen = settings.model_copy(update={"database_url": postgres_url})
    RootKey.create(chosen.root_key)
    set_up(chosen)
    with ExitStack() as stack:
        apps = [build(chosen, pool=jail, decode=False) for _ in range(2)]
        for app in apps:
            stack.callback(app.close)
        yield apps[0], apps[1]


def test_an_entry_added_by_one_blocks_at_the_other_and_a_withdrawal_frees_there(
    pair: tuple[App, App], machine: Principal
) -> None:
    first, second = pair
    first.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), machine)
    (entry,) = first.banks.add("KNOWN", [pdq_of(first, photo(1))], machine)
    second.feed.catch_up()
    verdict = submit(second, photo(1), machine).verdict
    assert verdict is not None
    assert verdict.action is Action.BLOCK
    second.banks.withdraw(entry.number, machine, "by mistake")
    first.feed.catch_up()
    verdict = submit(first, photo(1), machine).verdict
    assert verdict is not None
    assert verdict.action is Action.ALLOW


def test_the_reader_follows_what_the_owner_merged(
    pair: tuple[App, App], machine: Principal
) -> None:
    first, second = pair
    first.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), machine)
    first.banks.add("KNOWN", [pdq_of(first, photo(n)) for n in range(5)], machine)
    assert first.index.merge(force=True)
    assert not second.index.merge(force=True)
    second.feed.catch_up()
    assert second.index.reload()
    assert second.index.status()["pdq"].size == 5
    verdict = submit(second, photo(3), machine).verdict
    assert verdict is not None
    assert verdict.action is Action.BLOCK
