"""Was it an exit at that time: yes, no, or nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from breakwater.errors import BadDatabase
from breakwater.geo.tor import TorExits, read
from breakwater.model.watch import Exit

LIST = """@type tordnsel 1.0
Downloaded 2026-11-10 12:02:00
ExitNode 63BA28370F543D175173E414D5450590D73E22DC
Published 2026-11-10 10:57:19
LastStatus 2026-11-10 11:57:19
ExitAddress 65.0.0.7 2026-11-10 09:10:22
ExitAddress 2001:218::7 2026-11-10 09:12:00
"""
AT = datetime(2026, 11, 10, 12, 2, tzinfo=UTC)


def exits(folder: Path, *texts: str) -> TorExits:
    found = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.txt"
        path.write_text(text)
        found.append(read(path))
    return TorExits(found)


@pytest.mark.parametrize(
    ("hours", "answer"),
    [
        (0, Exit.YES),
        (23, Exit.YES),
        (-26, Exit.YES),
        (-28, Exit.UNKNOWN),
        (25, Exit.UNKNOWN),
    ],
)
def test_an_exit_at_that_time(tmp_path: Path, hours: int, answer: Exit) -> None:
    assert exits(tmp_path, LIST).at("65.0.0.7", AT + timedelta(hours=hours)) is answer


def test_another_address_was_none_as_long_as_a_list_tells(tmp_path: Path) -> None:
    lists = exits(tmp_path, LIST)
    assert lists.at("65.0.0.8", AT) is Exit.NO
    assert lists.at("65.0.0.8", AT + timedelta(days=2)) is Exit.UNKNOWN
    assert lists.at("2001:218::7", AT) is Exit.YES


def test_what_stopped_being_an_exit_was_one_before(tmp_path: Path) -> None:
    later = LIST.replace("-11-10", "-11-20").replace("65.0.0.7", "65.0.0.9")
    lists = exits(tmp_path, later, LIST)
    assert lists.at("65.0.0.7", AT) is Exit.YES
    assert lists.at("65.0.0.7", AT + timedelta(days=10)) is Exit.NO
    said = lists.source(AT + timedelta(days=10))
    assert said is not None
    assert said.built == AT + timedelta(days=10)


@pytest.mark.parametrize("text", ["", "ExitAddress x 2026-11-10 09:10:22", "ExitAddress 65.0.0.7"])
def test_what_is_no_list_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadDatabase, match=r"0\.txt"):
        exits(tmp_path, text)


def test_a_time_that_no_log_can_mean_is_not_known(tmp_path: Path) -> None:
    lists = exits(tmp_path, LIST)
    for moment in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        assert lists.at("65.0.0.7", moment) is Exit.UNKNOWN
