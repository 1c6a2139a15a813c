"""Account data: sealed, found by pseudonym, never changed; a gap is kept and shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from breakwater.errors import BadInput, BreakwaterError
from breakwater.records import accounts
from breakwater.records.tables.nouns_intake import account_snapshots

pytestmark = pytest.mark.usefixtures("keyring")

WHO = ("photos", "river-otter-81")
FACTS = {"emails": ["otter@example.org"], "logins": [{"address": "198.51.100.7", "port": 40123}]}


def test_what_a_service_told_is_sealed_and_read_back(database, clock):
    with database.transaction() as tx:
        made = accounts.put(tx, *WHO, FACTS, taken_at=clock.now(), source="callback")
    with database.read() as tx:
        assert accounts.latest(tx, *WHO) == made
        assert made.facts == FACTS
        rows = tx.execute(sa.select(account_snapshots)).all()
        for private in ("otter", "198.51.100.7"):
            assert private not in str(rows)
            assert not any(private.encode() in v for v in rows[0] if isinstance(v, bytes))
        assert accounts.latest(tx, "other", WHO[1]) is None
        assert accounts.told_at(tx, *WHO) == clock.now()
        assert accounts.told_at(tx, "photos", "nobody") is None


def test_later_data_stand_beside_earlier_and_gaps_are_shown(database, clock):
    with database.transaction() as tx:
        accounts.put(tx, *WHO, {"n": 1}, taken_at=clock.now())
        accounts.put(tx, *WHO, {"n": 0}, taken_at=clock.now() - timedelta(days=2))
    clock.advance(60)
    with database.transaction() as tx:
        accounts.gap(tx, *WHO, "The callback answered 503.")
    with database.read() as tx:
        found = accounts.snapshots(tx, *WHO)
        assert [(s.facts.get("n"), s.gap) for s in found] == [
            (None, "The callback answered 503."),
            (1, ""),
            (0, ""),
        ]
        assert accounts.latest(tx, *WHO).facts == {"n": 1}
        assert accounts.snapshots(tx, "photos", "") == []


def test_data_of_nobody_are_refused(database, clock):
    with pytest.raises(BadInput), database.transaction() as tx:
        accounts.put(tx, "photos", "", FACTS, taken_at=clock.now())


def test_snapshots_cannot_be_changed_or_deleted(database, clock):
    with database.transaction() as tx:
        accounts.put(tx, *WHO, FACTS, taken_at=clock.now())
    for words in ("UPDATE account_snapshots SET gap = 'x'", "DELETE FROM account_snapshots"):
        with pytest.raises(BreakwaterError), database.transaction() as tx:
            tx.execute(sa.text(words))
