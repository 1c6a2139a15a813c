"""Adopted tables and the codes they give, the same on both databases."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from breakwater.errors import BreakwaterError, Conflict, NotFound
from breakwater.model.scheme import Scheme
from breakwater.records import schemes
from breakwater.review.grading.schemes import shipped

UK = next(scheme for scheme in shipped() if scheme.id == "uk_abc")


def later(version: str, **changes) -> Scheme:
    return Scheme.parse(UK.plain() | {"version": version} | changes)


def test_the_table_adopted_last_is_in_force_and_every_one_stays(database):
    with database.transaction() as tx:
        assert schemes.current(tx) == {}
        assert schemes.adopt(tx, UK, by="test") is True
        assert schemes.adopt(tx, UK, by="test") is False
        newer = later("2030-01-01", name="Newer")
        assert schemes.adopt(tx, newer, by="test") is True
        assert schemes.current(tx) == {"uk_abc": newer}
        assert schemes.get(tx, "uk_abc") == newer
        assert schemes.get(tx, "uk_abc", UK.version) == UK
        assert [version for version, _, _ in schemes.versions(tx, "uk_abc")] == [
            "2030-01-01", UK.version,
        ]  # fmt: skip
        with pytest.raises(NotFound):
            schemes.get(tx, "none")


def test_a_version_never_changes_what_it_says_and_none_returns_by_itself(database):
    with database.transaction() as tx:
        schemes.adopt(tx, UK, by="test")
        with pytest.raises(Conflict, match="version of its own"):
            schemes.adopt(tx, later(UK.version, name="Changed"), by="test")
        schemes.adopt(tx, later("2030-01-01"), by="test")
        with pytest.raises(Conflict, match="version of its own"):
            schemes.adopt(tx, UK, by="test")


def test_a_code_is_kept_with_its_version_and_its_changes(database):
    newer = later("2030-01-01")
    with database.transaction() as tx:
        assert schemes.put_code(tx, 7, UK, ["A"]) is True
        assert schemes.put_code(tx, 7, UK, ["A"]) is False
        assert schemes.put_code(tx, 7, newer, ["A"]) is False
        assert schemes.of_item(tx, 7)["uk_abc"].version == "2030-01-01"
        assert schemes.history(tx, 7) == []
        assert schemes.put_code(tx, 7, newer, ["B"]) is True
        schemes.put_code(tx, 8, newer, ["B"])
        (changed,) = schemes.history(tx, 7)
        assert (changed.before, changed.codes) == (("A",), ("B",))
        assert schemes.changed(tx, "uk_abc") == [changed]
        assert schemes.counts(tx, "uk_abc") == {("B",): 2}
        assert set(schemes.of_items(tx, [7, 8, 9])) == {7, 8}


@pytest.mark.parametrize("table", ["grade_schemes", "grade_code_changes"])
def test_tables_and_changes_are_never_changed_or_deleted(database, table):
    with database.transaction() as tx:
        schemes.adopt(tx, UK, by="test")
        schemes.put_code(tx, 7, UK, ["A"])
        schemes.put_code(tx, 7, UK, ["B"])
    for statement in (f"UPDATE {table} SET scheme = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(BreakwaterError), database.transaction() as tx:
            tx.execute(sa.text(statement))
