"""Known videos: kept with their prints, vouched for by different people, withdrawn for ever."""

from __future__ import annotations

import numpy as np
import pytest

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.bank import Bank
from breakwater.model.copies import FramePrints, Reel, ReelStatus, Zone
from breakwater.model.event import EventType
from breakwater.recognition.align import Aligner, join
from breakwater.records import banks, reels
from breakwater.records.database import Database, Tx


def clip(seed: int, count: int = 30) -> list[FramePrints]:
    random = np.random.default_rng(seed)
    views, quality = np.zeros(1, np.uint8), np.full(1, 90, np.uint8)
    return [
        FramePrints(at / 2, views, random.integers(0, 256, (1, 32), dtype=np.uint8), quality)
        for at in range(count)
    ]


def made_bank(tx: Tx, name: str = "CLIPS") -> Bank:
    return banks.create(tx, name=name)


def added(tx: Tx, bank: Bank, seed: int = 1, *, by: str = "anna", sha256: bytes = b"") -> Reel:
    return reels.add(
        tx, bank=bank, label=f"clip {seed}", source="hotline", duration_s=15.0,
        frames=clip(seed), by=by, sha256=sha256,
    )  # fmt: skip


def test_a_reel_is_kept_with_its_prints(database: Database) -> None:
    with database.transaction() as tx:
        reel = added(tx, made_bank(tx))
    with database.read() as tx:
        assert reels.get(tx, reel.number) == reels.by_id(tx, reel.id) == reel
        assert (reel.frames, reel.sources, reel.status) == (30, 1, ReelStatus.ACTIVE)
        prints = reels.prints_of(tx, reel.number)
        assert [one.time_s for one in prints.frames()] == [one.time_s for one in clip(1)]
        assert prints.hashes.tobytes() == b"".join(one.hashes.tobytes() for one in clip(1))
        assert reels.count(tx) == 1
        assert reels.look_of(tx, reel.number) is None


def test_the_same_file_again_is_a_second_voucher(database: Database) -> None:
    with database.transaction() as tx:
        bank = made_bank(tx)
        first = added(tx, bank, sha256=b"x" * 32)
        again = added(tx, bank, by="ben", sha256=b"x" * 32)
        assert (again.number, again.sources) == (first.number, 2)
        other = added(tx, made_bank(tx, "OTHER"), by="ben", sha256=b"x" * 32)
        assert other.number != first.number


def test_a_voucher_counts_once(database: Database) -> None:
    with database.transaction() as tx:
        reel = added(tx, made_bank(tx))
        assert reels.vouch(tx, reel.number, by="anna").sources == 1
        assert reels.vouch(tx, reel.number, by="ben").sources == 2
        assert sorted(reels.vouchers(tx, reel.number)) == ["anna", "ben"]
        with pytest.raises(NotFound):
            reels.vouch(tx, 4000, by="ben")


def test_withdrawn_is_for_ever(database: Database) -> None:
    with database.transaction() as tx:
        reel = added(tx, made_bank(tx))
    with database.transaction() as tx:
        gone = reels.set_status(tx, reel.number, ReelStatus.WITHDRAWN, by="anna", reason="wrong")
        assert gone.status is ReelStatus.WITHDRAWN
        assert gone.change > reel.change
    for verb in (
        lambda tx: reels.set_status(tx, reel.number, ReelStatus.ACTIVE, by="anna"),
        lambda tx: reels.vouch(tx, reel.number, by="ben"),
    ):
        with pytest.raises(Conflict), database.transaction() as tx:
            verb(tx)


def test_what_has_nothing_to_be_found_by_is_refused(database: Database) -> None:
    none = np.zeros(0, np.uint8)
    empty = FramePrints(0.0, none, np.zeros((0, 32), np.uint8), none)
    with pytest.raises(BadInput), database.transaction() as tx:
        reels.add(
            tx, bank=made_bank(tx), label="", source="", duration_s=1.0, frames=[empty], by="anna"
        )


def test_pages_follow_the_number(database: Database) -> None:
    with database.transaction() as tx:
        bank = made_bank(tx)
        numbers = [added(tx, bank, seed).number for seed in range(5)]
        assert [one.number for one in reels.page(tx, bank, limit=2)] == numbers[:2]
        assert [one.number for one in reels.page(tx, bank, after=numbers[2])] == numbers[3:]


def test_the_index_follows_what_was_committed(database: Database) -> None:
    aligner = Aligner(db=database)
    assert not aligner.any
    with database.transaction() as tx:
        bank = made_bank(tx)
        numbers = [added(tx, bank, seed).number for seed in range(4)]
    assert aligner.catch_up() == 4
    (found,) = aligner.find(clip(2))
    assert (found.reel, found.zone) == (numbers[2], Zone.LINK)
    with database.transaction() as tx:
        reels.set_status(tx, numbers[2], ReelStatus.WITHDRAWN, by="anna")
        reels.set_status(tx, numbers[3], ReelStatus.QUARANTINED, by="anna")
    assert aligner.catch_up() == 2
    assert aligner.find(clip(2)) == ()
    with database.read() as tx:
        (copy,) = join(tx, aligner.find(clip(3)))
    assert not copy.acting
    fresh = Aligner(db=database)
    fresh.catch_up()
    assert len(fresh.index) == 3


def test_a_live_query_knows_a_reel_that_is_added_while_it_runs(database: Database) -> None:
    aligner = Aligner(db=database)
    follower = aligner.follow()
    told = [follower.feed(one) for one in clip(7)[:5]]
    assert told == [()] * 5
    with database.transaction() as tx:
        added(tx, made_bank(tx), 7)
    aligner.catch_up()
    later = [segment for one in clip(7)[5:] for segment in follower.feed(one)]
    assert later[-1].zone is Zone.LINK


def test_events_tell_of_coming_and_going(database: Database) -> None:
    with database.transaction() as tx:
        reel = added(tx, made_bank(tx))
        reels.set_status(tx, reel.number, ReelStatus.WITHDRAWN, by="anna")
        rows = tx.run("SELECT type FROM outbox ORDER BY change")
    wanted = [EventType.REEL_ADDED.value, EventType.REEL_WITHDRAWN.value]
    assert [row[0] for row in rows][-2:] == wanted
