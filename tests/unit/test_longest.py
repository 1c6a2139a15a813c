"""The longest test files come first in every run, so that none is begun when all else is done."""

from pathlib import Path
from types import SimpleNamespace

from tests.conftest import pytest_collection_modifyitems

TESTS = Path(__file__).parents[1]
TABLE = [line.split() for line in (TESTS / "longest.txt").read_text().splitlines()]


def test_every_file_of_the_table_is_there_once_and_the_longest_is_first():
    names = [name for _, name in TABLE]
    assert [name for name in names if not (TESTS / name).is_file()] == []
    assert len(set(names)) == len(names)
    seconds = [int(s) for s, _ in TABLE]
    assert seconds == sorted(seconds, reverse=True)


def test_long_files_come_first_and_the_tests_of_each_stay_in_their_order():
    first = f"tests/{TABLE[0][1]}"
    given = ["tests/unit/test_a.py::a", "tests/contract/test_b.py::b", "tests/journey/test_c.py::c",
             f"{first}::z", "tests/contract/test_b.py::a", f"{first}::a"]  # fmt: skip
    items = [SimpleNamespace(nodeid=one, keywords={}) for one in given]
    pytest_collection_modifyitems(items)
    assert [one.nodeid for one in items] == [
        f"{first}::z", f"{first}::a", "tests/journey/test_c.py::c",
        "tests/contract/test_b.py::b", "tests/contract/test_b.py::a", "tests/unit/test_a.py::a",
    ]  # fmt: skip
