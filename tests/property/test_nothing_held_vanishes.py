"""Whatever is done in whatever order, nothing that is held vanishes before its hold ends."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import SettableClock, in_memory_directory
from tests.contract.preserved_world import D, World

from breakwater.errors import BreakwaterError, Held
from breakwater.records import chats, holds, jobs, kept_comments, stream_people, streams, uploads
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.tables import core, metadata
from breakwater.records.vault import Vault
from breakwater.review.deciding import undo

T = metadata.tables
DAY = 86_400.0
RUNS = 200 if os.environ.get("LONG") == "1" else 3


@pytest.fixture(scope="module")
def place(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory):
    key = RootKey.create(tmp_path_factory.mktemp("key") / "root.key")
    return sqlite_template, key


class Try:
    """One database, two held cases, and every verb that takes something away."""

    def __init__(self, directory: Path, template: Path, key: RootKey) -> None:
        shutil.copy(template, directory / "x.db")
        self.clock = SettableClock(datetime(2026, 3, 1, 12, tzinfo=UTC))
        self.db = open_database(f"sqlite:///{directory / 'x.db'}", clock=self.clock)
        Keyring.open(self.db, key)
        (directory / "vault").mkdir()
        self.vault = Vault(directory / "vault", self.db, self.db.keys)
        self.world = World(self.db, self.vault)
        self.upload = self.world.upload()
        self.case = self.world.stream()
        for one in (self.upload.case, self.case.id):
            self.world.decided(one)
        self.said = self.world.decide(self.upload.case)
        self.court = self.world.holding.order(
            self.world.one, self.upload.case, reference="1 K 1", reason="Order"
        )
        self.world.keeper.turn()
        self.items = {one: self.world.items(one) for one in (self.upload.case, self.case.id)}

    def do(self, verb: int) -> None:
        acts = (
            self.shred, self.sweep, self.released, self.settled, self.appealed, self.forgotten,
            self.by_day, self.by_reference, self.comments, self.raw, self.keys, self.time,
            self.again, self.ends, self.jobs, self.kept,
        )  # fmt: skip
        with suppress(BreakwaterError):
            acts[verb % len(acts)]()

    def shred(self) -> None:
        for items in self.items.values():
            for one in items:
                if one.blob is not None:
                    with suppress(Held):
                        self.vault.shred(one.blob)

    def sweep(self) -> None:
        self.clock.advance(2 * 3600)
        self.vault.sweep()

    def released(self) -> None:
        self.world.decide(self.upload.case, D.NOT_ILLEGAL)

    def settled(self) -> None:
        with self.db.transaction() as tx:
            undo.settle(tx, self.said)

    def appealed(self) -> None:
        with self.db.transaction() as tx:
            uploads.forget_evidence(tx, self.upload.id)

    def forgotten(self) -> None:
        with self.db.transaction() as tx:
            streams.forget_before(tx, tx.now)
            stream_people.forget_before(tx, tx.now)
            chats.forget(tx, chats.calm_before(tx, tx.now))

    def by_day(self) -> None:
        with self.db.transaction() as tx:
            uploads.drop_before(tx, tx.now)

    def by_reference(self) -> None:
        with self.db.transaction() as tx:
            uploads.erase(tx, "photos", "obj-1")

    def comments(self) -> None:
        with self.db.transaction() as tx:
            chat = kept_comments.of_case(tx, self.case.id)[0].chat
            kept_comments.settle(tx, chat, self.case.id, found=False)

    def raw(self) -> None:
        for table in ("uploads", "kept_comments", "streams", "chats", "cases", "blob_keys", "blobs",
                      "stream_viewers", "hold_items", "holds", "hold_terms"):  # fmt: skip
            with self.db.transaction() as tx, suppress(BreakwaterError), tx.savepoint():
                tx.execute(sa.delete(T[table]))

    def keys(self) -> None:
        for purpose in ("evidence", "identifiers"):
            with suppress(Held):
                self.db.keys.rotate(purpose)
                self.db.keys.shred(purpose, 1)

    def time(self) -> None:
        self.clock.advance(400 * DAY)

    def again(self) -> None:
        self.world.decide(self.case.id)

    def ends(self) -> None:
        for hold in (*self.world.holds(self.case.id), *self.world.holds(self.upload.case)):
            with suppress(BreakwaterError), self.db.transaction() as tx:
                holds.end(tx, hold.id, why=holds.Why.EXPIRED, by="a", second="b", reason="Over.")

    def jobs(self) -> None:
        for job in jobs.claim(self.db, ["vault.shred"], owner="x", lease_s=1, limit=9):
            with suppress(Held):
                self.vault.shred(job.payload["blob"])

    def kept(self) -> None:
        self.world.keeper.turn()

    def everything_is_there(self) -> None:
        for case, items in self.items.items():
            assert any(one.stands for one in self.world.holds(case))
            for one in items:
                if one.blob is not None:
                    with self.vault.open(one.blob) as source:
                        assert hashlib.sha256(source.read()).hexdigest() == one.sha256
                if one.row is not None:
                    table = T[one.table]
                    with self.db.read() as tx:
                        known = sa.select(table.c.id).where(table.c.id == one.row)
                        assert tx.execute(known).scalar() is not None, one.table
        with self.db.read() as tx:
            assert uploads.get(tx, self.upload.id).origin.address == "203.0.113.9"
            assert kept_comments.of_case(tx, self.case.id)[0].text
            stream = streams.get(tx, self.case.subject)
            assert stream_people.viewers(tx, stream.id)[0].address == "198.51.100.4"
            assert tx.execute(sa.select(sa.func.count()).select_from(core.blob_keys)).scalar()


@settings(max_examples=RUNS, deadline=None, suppress_health_check=list(HealthCheck))
@given(verbs=st.lists(st.integers(0, 15), min_size=4, max_size=12))
def test_no_verb_takes_away_what_is_held(place, verbs):
    with in_memory_directory() as directory:
        one = Try(directory, *place)
        try:
            for verb in verbs:
                one.do(verb)
            one.everything_is_there()
        finally:
            one.db.close()


def test_each_verb_by_itself_takes_nothing_away(place):
    with in_memory_directory() as directory:
        one = Try(directory, *place)
        try:
            for verb in range(16):
                one.do(verb)
                one.everything_is_there()

        finally:
            one.db.close()
