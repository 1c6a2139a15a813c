"""What doctor says of links: what was compared, what could not be read, and what nobody looks at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders_links as made

from breakwater.app.checks_links import LATE, links
from breakwater.model.clock import SystemClock
from breakwater.model.link import MediumState
from breakwater.records.database import Database
from breakwater.records.tables.nouns_link import link_media
from breakwater.settings import Settings


@pytest.fixture
def said(database: Database, database_url: str) -> Callable[..., list[tuple[str, str, str]]]:
    """What is found where media are in these states since so long."""

    def found(*states: tuple[MediumState, timedelta]) -> list[tuple[str, str, str]]:
        with database.transaction() as tx:
            for number, (state, ago) in enumerate(states, start=1):
                made.medium(tx, number)
                since = {"state": state.value, "added_at": SystemClock().now() - ago}
                mine = sa.update(link_media).where(link_media.c.number == number)
                tx.execute(mine.values(since))
        settings = Settings(database_url=database_url)
        return [(one.state, one.found, one.todo) for one in links(settings)]

    return found


NOW = timedelta()


def test_before_the_first_start_and_with_nothing_kept_nothing_is_said(said, tmp_path) -> None:
    assert list(links(Settings(data_dir=tmp_path / "never"))) == []
    assert not (tmp_path / "never").exists(), "a check makes nothing"
    assert said() == []


def test_what_was_compared_is_counted(said) -> None:
    found = said((MediumState.LOOKED, NOW), (MediumState.ABSTAINED, NOW))
    assert found == [("ok", "1 of 2 media compared, 0 series", "")]


def test_what_could_not_be_read_is_a_warning_and_never_fine(said) -> None:
    (one,) = said((MediumState.FAILED, NOW), (MediumState.LOOKED, NOW))
    assert (one[0], "1 media could not be read" in one[1]) == ("warn", True)
    assert "breakwater links retry" in one[2]


def test_what_waits_too_long_is_told(said) -> None:
    late = LATE + timedelta(minutes=1)
    warned, counted = said((MediumState.WAITING, late), (MediumState.LOOKED, late))
    assert (warned[0], "1 media wait to be compared" in warned[1]) == ("warn", True)
    assert "server running" in warned[2]
    assert counted[0] == "ok"


def test_what_came_just_now_does_not_wait_too_long(said) -> None:
    found = said((MediumState.WAITING, LATE - timedelta(minutes=1)))
    assert [one[0] for one in found] == ["ok"]
