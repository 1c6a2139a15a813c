"""What is held stays, on both databases, whoever writes the SQL; ends come in time and from two."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.builders import case, person, upload, verdict

from breakwater.errors import Held
from breakwater.model.approval import Approval
from breakwater.model.hold import HoldKind, Kept, SeatRule, Why
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.model.upload import Origin
from breakwater.records import approvals, held, hold_items, holds, migrate, uploads
from breakwater.records.hold_items import Thing
from breakwater.records.tables import core, metadata

YEAR = timedelta(days=365)


@pytest.fixture
def kept(database, vault):
    """A case with an upload whose bytes are in the vault, all of it held: (case, upload, hold)."""
    blob = vault.put(io.BytesIO(b"a harbour"), purpose="evidence")
    with database.transaction() as tx:
        mine = upload(
            verdict=verdict(Action.BLOCK), blob=blob, origin=Origin(account="u1", address="1.2.3.4")
        )
        found = case(tx, subject=mine.id, service=mine.service, account="u1")
        mine = uploads.finish(tx, replace(mine, case=found.id))
        hold = holds.open(
            tx, found.id, kind=HoldKind.REPORT, seat=SeatRule.MEDIA, by="reporting",
            reason="decided", ends=tx.now + YEAR,
        )  # fmt: skip
        hold_items.add(
            tx, found.id,
            [
                Thing(Kept.UPLOAD, "upload", tx.now, table="uploads", row=mine.id),
                Thing(Kept.CASE, "case", tx.now, table="cases", row=found.id),
                Thing(Kept.MEDIA, "media", tx.now, blob=blob, sha256="ab" * 32, size=9),
            ],
        )  # fmt: skip
    return found, mine, hold


def agreed(tx, hold, kind="hold.release") -> Approval:
    one, other = person(tx), person(tx)
    approvals.propose(tx, kind=kind, subject=hold.id, by=one.id, reason="the court let go")
    return approvals.confirm(tx, kind=kind, subject=hold.id, by=other.id)


def end(tx, hold, why, *, kind="hold.release"):
    both = agreed(tx, hold, kind)
    return holds.end(
        tx, hold.id, why=why, by=both.by, second=both.decided_by, reason="It is over."
    )  # fmt: skip


def refused(tx, statement):
    with pytest.raises(Held), tx.savepoint():
        tx.execute(statement)


def test_what_an_item_names_is_not_deleted_nor_emptied_by_raw_sql(database, kept):
    found, mine, _ = kept
    u, c = metadata.tables["uploads"], metadata.tables["cases"]
    with database.transaction() as tx:
        for table in (core.blob_keys, core.blobs, u, c):
            refused(tx, sa.delete(table))
        for change in (
            sa.update(core.blob_keys).values(wrapped=b"noise"),
            sa.update(core.blobs).values(size=0),
            sa.update(u).values(origin_sealed=None),
            sa.update(u).values(sha256=bytes(32)),
            sa.update(u).values(blob_id=None),
            sa.update(c).values(account_sealed=None),
        ):
            refused(tx, change)
        if database.dialect == "postgresql":
            for one in held.LOCKS:
                refused(tx, sa.text("TRUNCATE " + one.table + " CASCADE"))
        uploads.revise(tx, mine.id, verdict(Action.HOLD))  # what may change does
        assert uploads.get(tx, mine.id).origin.address == "1.2.3.4"
        assert (holds.held_blob(tx, mine.blob), holds.held_upload(tx, mine.id)) == (True, True)
        assert holds.held_cases(tx, [found.id, new_id()]) == {found.id}


def test_the_keys_of_what_is_held_are_not_shredded(database, keyring, kept):
    for purpose in ("evidence", "identifiers"):
        keyring.rotate(purpose)
        with pytest.raises(Held):
            keyring.shred(purpose, 1)
    keyring.rotate("lexicon")
    keyring.shred("lexicon", 1)  # nothing held is sealed by it


def test_the_vault_shreds_and_sweeps_nothing_that_is_held(database, vault, clock, kept):
    _, mine, _ = kept
    with pytest.raises(Held):
        vault.shred(mine.blob)
    orphan = vault.put(io.BytesIO(b"nobody's"), purpose="evidence")
    clock.advance(timedelta(days=30).total_seconds())
    assert vault.sweep() == 1
    assert vault.open(mine.blob).read() == b"a harbour"
    assert not vault.path(orphan).exists()


def test_a_hold_ends_neither_early_nor_by_one_person(database, clock, kept):
    _, mine, hold = kept
    e, t = metadata.tables["hold_ends"], metadata.tables["hold_terms"]
    row = {"hold_id": hold.id, "why": "expired", "reason": "x", "by": "a", "second_by": "b"}
    with database.transaction() as tx:
        refused(tx, sa.insert(e).values(row | {"at": tx.now + 2 * YEAR}))  # nobody agreed
        agreed(tx, hold, "hold.destroy")
        refused(tx, sa.insert(e).values(row | {"at": tx.now}))  # its time runs
        refused(tx, sa.insert(e).values(row | {"at": tx.now, "why": "released"}))
        refused(tx, sa.insert(e).values(row | {"at": tx.now, "why": "whatever"}))
        late = row | {"at": tx.now + 2 * YEAR}
        refused(tx, sa.insert(e).values(late | {"second_by": None}))
        refused(tx, sa.insert(e).values(late | {"second_by": "a"}))
        term = {"hold_id": hold.id, "starts_at": tx.now, "why": "extended", "reason": "", "by": "a"}
        shorter = term | {"change": tx.change(), "ends_at": tx.now, "at": tx.now}
        refused(tx, sa.insert(t).values(shorter))
    clock.advance(YEAR.total_seconds())
    with database.transaction() as tx:
        done = end(tx, hold, Why.EXPIRED, kind="hold.destroy")
        assert (done.stands, done.ended_why) == (False, Why.EXPIRED)
        tx.execute(sa.delete(core.blob_keys))  # nothing holds it any more
        assert not holds.held_blob(tx, mine.blob)


def test_a_receipt_forbids_that_a_decision_takes_its_hold_back(database, kept):
    _, _, hold = kept
    with database.transaction() as tx:
        later = tx.now + timedelta(days=3)
        counted = holds.receipt(tx, hold.id, at=later, ends=later + YEAR, filing=new_id())
        assert (counted.counted, counted.starts, counted.ends) == (
            Why.RECEIPT, later, later + YEAR,
        )  # fmt: skip
        with pytest.raises(Held), tx.savepoint():
            holds.end(tx, hold.id, why=Why.TAKEN_BACK, by="reporting", reason="Undone.")


def test_a_court_holds_what_a_report_need_not_and_two_people_let_go(database, clock, vault, kept):
    found, mine, hold = kept
    with database.transaction() as tx:
        court = holds.legal(
            tx, found.id, reference="12 Cr 34/26", reason="Order of the court", by="x",
            seat=SeatRule.MEDIA,
        )  # fmt: skip
        holds.end(tx, hold.id, why=Why.TAKEN_BACK, by="reporting", reason="Undone.")
    with pytest.raises(Held):
        vault.shred(mine.blob)
    with database.transaction() as tx:
        with pytest.raises(Held), tx.savepoint():
            holds.end(tx, court.id, why=Why.RELEASED, by="a", second="b", reason="Over.")
        end(tx, court, Why.RELEASED)
        assert holds.standing(tx, found.id) == []
    vault.shred(mine.blob)


def test_media_of_a_seat_go_with_the_receipt_and_not_before(database, vault, kept):
    found, _, hold = kept
    blob = vault.put(io.BytesIO(b"a bridge"), purpose="evidence")
    with database.transaction() as tx:
        thing = Thing(Kept.MEDIA, "m", tx.now, blob=blob, until_receipt=True)
        (item,) = hold_items.add(tx, found.id, [thing])
        with pytest.raises(Held), tx.savepoint():
            hold_items.end(tx, item.id, Why.RECEIPT)
        with pytest.raises(Held), tx.savepoint():
            hold_items.destroyed(tx, item.id, by="reporting")
        holds.receipt(tx, hold.id, at=tx.now, ends=tx.now + YEAR, filing=new_id())
        hold_items.end(tx, item.id, Why.RECEIPT)
        hold_items.destroyed(tx, item.id, by="reporting")
        (known,) = [one for one in hold_items.of_case(tx, found.id) if one.id == item.id]
        assert known.destroyed_at is not None
    vault.shred(blob)


def test_a_missing_trigger_is_told(database, database_url):
    database.close()
    engine = sa.create_engine(database_url.replace("sqlite:///", "sqlite:///"))
    name = held.name_of("blob_keys", "delete")
    with engine.begin() as connection:
        of = "" if engine.dialect.name == "sqlite" else " ON blob_keys"
        connection.exec_driver_sql(f"DROP TRIGGER {name}{of}")
    engine.dispose()
    assert migrate.check(database_url) == [f"The guard {name} is missing."]
