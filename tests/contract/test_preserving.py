"""What a decision preserves, on both databases: whole, retried until done, and gone only by two people."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests.contract.preserved_world import CANARY, YEAR, D, World

from breakwater.errors import BadInput, Conflict, DiskFull, Held, NeedsSecondPerson, NotFound
from breakwater.model.event import Event, EventType
from breakwater.model.hold import HoldKind, HoldState, Kept, SeatRule, Why
from breakwater.model.ids import new_id
from breakwater.records import (
    accounts,
    audit,
    cases,
    filings,
    hold_items,
    holds,
    kept_comments,
    preservations,
    stream_people,
    streams,
    uploads,
)
from breakwater.records.tables import metadata
from breakwater.reporting.preserving import ending
from breakwater.reporting.preserving.evidence import NO_ACCOUNT, NO_DATA
from breakwater.reporting.preserving.keep import DESTROYED, ONLY_HASH, Rules

pytestmark = pytest.mark.usefixtures("keyring")
ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What no database decides is shown on one."""
MINUTE = 60.0
DAY = 86_400.0


@pytest.fixture
def world(database, vault):
    return World(database, vault)


def whats(items, *, gaps=False):
    return sorted({one.what.value for one in items if bool(one.gap) is gaps})


def test_a_decision_keeps_an_upload_its_account_and_its_facts(world, clock):
    mine = world.upload()
    world.decided(mine.case)
    (hold,) = world.holds(mine.case)
    wanted = (HoldKind.REPORT, Why.DECIDED, clock.now() + YEAR)
    assert (hold.kind, hold.counted, hold.ends) == wanted
    items = world.items(mine.case)
    assert whats(items) == ["account", "case", "media", "upload"]
    (media,) = [one for one in items if one.what is Kept.MEDIA]
    assert (media.blob, media.sha256, media.size) == (
        mine.blob, hashlib.sha256(b"a harbour").hexdigest(), 9,
    )  # fmt: skip
    (paper,) = [one for one in items if one.what is Kept.UPLOAD and one.blob]
    written = world.vault.open(paper.blob).read()
    assert hashlib.sha256(written).hexdigest() == paper.sha256
    said = json.loads(written)["upload"]["origin"]
    assert (said["address"], said["port"]) == ("203.0.113.9", 50001)
    world.keeper.on_decided(Event(new_id(), EventType.CASE_DECIDED, mine.case, clock.now()))
    for _ in range(3):
        clock.advance(DAY)
        world.keeper.turn()
    assert world.items(mine.case) == items
    assert world.keeper.turn() == 0


def test_a_broadcast_is_kept_with_who_sent_watched_and_wrote_and_with_its_gaps(world):
    case = world.stream()
    world.decided(case.id)
    items = world.items(case.id)
    assert whats(items) == ["case", "comments", "preroll", "stream", "viewers"]
    assert {one.gap for one in items if one.gap} == {"The server keeps none.", NO_DATA}
    papers = {one.what: one for one in items if one.table == "paper"}
    watched = json.loads(world.vault.open(papers[Kept.VIEWERS].blob).read())["watched"]
    assert (watched[0]["address"], watched[0]["port"]) == ("198.51.100.4", 4711)
    said = json.loads(world.vault.open(papers[Kept.COMMENTS].blob).read())["comments"]
    assert said[0]["text"] == CANARY
    sent = json.loads(world.vault.open(papers[Kept.STREAM].blob).read())["senders"]
    assert sent[0]["address"] == "203.0.113.8"
    s, v, k = (metadata.tables[one] for one in ("streams", "stream_viewers", "kept_comments"))
    with world.db.transaction() as tx:
        for act in (sa.delete(s), sa.delete(v), sa.delete(k), sa.update(k).values(sealed=None)):
            with pytest.raises(Held), tx.savepoint():
                tx.execute(act)
        chat = kept_comments.of_case(tx, case.id)[0].chat
        with pytest.raises(Held), tx.savepoint():
            kept_comments.settle(tx, chat, case.id, found=False)


@ONE
def test_messages_of_a_conversation_are_kept_and_nobody_known_is_a_gap(world):
    case = world.conversation()
    world.decided(case.id)
    assert whats(world.items(case.id)) == ["case", "messages"]
    nobody = world.upload(account="")
    world.decided(nobody.case)
    assert NO_ACCOUNT in {one.gap for one in world.items(nobody.case)}


def test_the_time_counts_from_the_last_receipt_and_the_report_is_kept_too(world, clock):
    mine = world.upload()
    world.decided(mine.case)
    clock.advance(3 * DAY)
    filing = world.file(mine.case)
    world.finished(filing)  # told twice
    (hold,) = world.holds(mine.case)
    assert (hold.counted, hold.starts, hold.ends) == (
        Why.RECEIPT, filing.finished_at, filing.finished_at + YEAR,
    )  # fmt: skip
    world.keeper.turn()
    assert "report" in whats(world.items(mine.case))
    drafts = metadata.tables["filing_drafts"]
    with world.db.transaction() as tx, pytest.raises(Held), tx.savepoint():
        tx.execute(sa.delete(drafts))


@ONE
def test_what_comes_late_is_kept_when_it_is_looked_at_again(world, clock):
    mine = world.upload()
    world.decided(mine.case)
    with world.db.transaction() as tx:
        accounts.put(tx, "photos", "river-otter-81", {"phones": ["+49"]}, taken_at=tx.now)
    clock.advance(16 * MINUTE)
    world.keeper.turn()
    told = [one for one in world.items(mine.case) if one.what is Kept.ACCOUNT]
    assert len(told) == 2


def test_a_slip_taken_back_lets_go_and_writes_down_that_the_papers_went(world, vault):
    mine = world.upload()
    said = world.decided(mine.case)
    papers = [one.blob for one in world.items(mine.case) if one.table == "paper"]
    world.decide(mine.case, undoes=said.id)
    world.keeper.turn()
    (hold,) = world.holds(mine.case)
    assert (hold.stands, hold.ended_why) == (False, Why.TAKEN_BACK)
    for blob in papers:
        with pytest.raises(NotFound):
            vault.open(blob)
    assert vault.open(mine.blob).read() == b"a harbour"  # the case waits again
    world.decided(mine.case)
    assert sum(one.stands for one in world.holds(mine.case)) == 1


def test_a_release_after_all_is_carried_out_when_no_court_holds_it_any_more(world):
    mine = world.upload()
    world.decided(mine.case)
    court = world.holding.order(
        world.one, mine.case, reference="12 Cr 34/26", reason="Order of the court"
    )
    said = world.decide(mine.case, D.NOT_ILLEGAL)
    world.keeper.turn()
    assert world.vault.open(mine.blob).read() == b"a harbour"
    assert world.due_jobs(ending.SHRED_JOB, *ending.SETTLE_JOBS) == []
    world.end(court, "The court let go.")
    world.keeper.turn()
    found = {one.kind: one.payload for one in world.due_jobs(ending.SHRED_JOB, *ending.SETTLE_JOBS)}
    assert found[ending.SHRED_JOB] == {"blob": mine.blob}
    assert found["review.settle"] == {"decision": said.id}
    with world.db.read() as tx:
        gone = uploads.get(tx, mine.id)
    assert (gone.blob, gone.origin.address) == (None, "")


@ONE
def test_a_report_that_was_filed_keeps_what_a_later_doubt_would_let_go(world):
    mine = world.upload()
    said = world.decided(mine.case)
    world.file(mine.case)
    world.decide(mine.case, undoes=said.id)
    (hold,) = world.holds(mine.case)
    assert hold.stands


@ONE
def test_where_only_hashes_may_be_kept_media_go_and_facts_stay(database, vault, clock):
    world = World(database, vault, Rules(SeatRule.HASHES))
    mine = world.upload()
    world.decided(mine.case)
    clock.advance(MINUTE)
    world.keeper.turn()
    (media,) = [one for one in world.items(mine.case) if one.what is Kept.MEDIA]
    assert (media.blob, media.gap) == (None, ONLY_HASH)
    assert media.sha256 == hashlib.sha256(b"a harbour").hexdigest()
    with pytest.raises(NotFound):
        vault.open(mine.blob)
    with database.read() as tx:
        left = uploads.get(tx, mine.id)
    assert (left.blob, left.origin.address) == (None, "203.0.113.9")
    ordered = world.upload(b"a bridge")
    world.holding.order(world.one, ordered.case, reference="7 K 3", reason="Asked by police")
    world.decided(ordered.case)
    clock.advance(MINUTE)
    world.keeper.turn()
    assert vault.open(ordered.blob).read() == b"a bridge"  # a court of the seat says so


def test_where_media_go_with_the_receipt_they_go_when_every_report_is_filed(database, vault, clock):
    world = World(database, vault, Rules(SeatRule.UNTIL_RECEIPT))
    mine = world.upload()
    world.decided(mine.case)
    with database.transaction() as tx:
        about = filings.About(mine.case, "ncmec", tx.now, tx.now, person=1)
        other = filings.draft(tx, about, {})
    world.file(mine.case)
    world.keeper.turn()
    assert vault.open(mine.blob).read() == b"a harbour"  # another report still needs it
    with database.transaction() as tx:
        filings.move(tx, other, filings.FilingState.DROPPED)
    clock.advance(2 * 3600)
    world.keeper.turn()
    with pytest.raises(NotFound):
        vault.open(mine.blob)
    (media,) = [one for one in world.items(mine.case) if one.what is Kept.MEDIA]
    assert (bool(media.ended_at), bool(media.destroyed_at)) == (True, True)
    assert world.holds(mine.case)[0].stands


@ONE
def test_what_cannot_be_kept_is_tried_again_alarmed_and_done_in_the_end(world, clock, monkeypatch):
    mine = world.upload()
    put, full = world.vault.put, True

    def sometimes(source, *, purpose):
        if full:
            raise DiskFull
        return put(source, purpose=purpose)

    monkeypatch.setattr(world.vault, "put", sometimes)
    world.decided(mine.case)
    for _ in range(20):
        clock.advance(10 * MINUTE)
        world.keeper.turn()
    with world.db.read() as tx:
        (failing,) = preservations.failing(tx)
        assert holds.held_upload(tx, mine.id)  # its row is locked all the while
    assert (failing.case, failing.fault) == (mine.case, DiskFull.code)
    told = world.events(EventType.PRESERVATION_FAILED)
    assert 2 <= len(told) <= 5  # once an hour
    assert told[0].body["attempts"] == preservations.ALARM_AFTER
    full = False
    clock.advance(2 * 3600)
    world.keeper.turn()
    with world.db.read() as tx:
        assert (preservations.failing(tx), preservations.get(tx, mine.case).done) == ([], True)
    assert "upload" in whats(world.items(mine.case))


@ONE
def test_who_is_killed_between_two_steps_is_taken_over_and_nothing_is_kept_twice(world, clock):
    mine = world.upload()
    world.decide(mine.case)

    class Killed(BaseException):
        """Nobody catches it."""

    add = hold_items.add
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hold_items, "add", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            world.keeper.turn()
    assert hold_items.add is add
    assert world.keeper.turn() == 0  # somebody has it, as far as anybody knows
    clock.advance(preservations.LEASE.total_seconds())
    assert world.keeper.turn() == 1
    items = world.items(mine.case)
    assert len({(one.what, one.name, one.sha256) for one in items}) == len(items)
    assert whats(items) == ["account", "case", "media", "upload"]


@ONE
def test_bytes_that_are_gone_are_a_gap_and_bytes_that_changed_an_alarm(world, vault, clock):
    gone, hurt = world.upload(), world.upload(b"a bridge")
    vault.shred(gone.blob)
    world.decided(gone.case)
    assert DESTROYED in {one.gap for one in world.items(gone.case)}
    path = vault.path(hurt.blob)
    whole = path.read_bytes()
    path.write_bytes(b"noise")
    world.decided(hurt.case)
    with world.db.read() as tx:
        assert preservations.get(tx, hurt.case).fault == "tampered"
    path.write_bytes(whole)  # from a backup
    clock.advance(MINUTE)
    world.keeper.turn()
    assert "media" in whats(world.items(hurt.case))


def test_two_people_destroy_when_the_time_is_over_and_the_proof_stays(world, vault, clock):
    case = world.stream()
    mine = world.upload()
    for one in (case.id, mine.case):
        world.decided(one)
        world.file(one)
        world.keeper.turn()
    hold, broadcast = world.holds(mine.case)[0], world.holds(case.id)[0]
    with pytest.raises(Conflict):
        world.holding.propose_end(world.one, hold.id, "No room.")
    clock.advance(YEAR.total_seconds())
    assert world.holding.remind() == 2
    with world.db.read() as tx:
        assert holds.get(tx, hold.id).state is HoldState.DUE
    with pytest.raises(Held):
        vault.shred(mine.blob)  # due is not destroyed
    world.holding.propose_end(world.one, hold.id, "Its time is over.")
    with pytest.raises(NeedsSecondPerson):
        world.holding.confirm_end(world.one, hold.id)
    world.holding.confirm_end(world.two, hold.id)
    world.end(broadcast)
    for _ in range(2):
        world.keeper.turn()
    for item in [*world.items(mine.case), *world.items(case.id)]:
        lasting = bool(item.gap) or item.table == "account_snapshots"
        assert (item.destroyed_at is None) is lasting, item
        if item.blob is not None:
            with pytest.raises(NotFound):
                vault.open(item.blob)
    with world.db.read() as tx:
        left = uploads.get(tx, mine.id)
        assert (left.blob, left.origin.address, cases.get(tx, mine.case).account) == (None, "", "")
        stream = streams.get(tx, cases.get(tx, case.id).subject)
        assert (stream.name, stream.account) == ("", "")
        assert stream_people.viewers(tx, stream.id) == []
        assert [one.text for one in kept_comments.of_case(tx, case.id)] == [""]
        with pytest.raises(NotFound):
            filings.report_of(tx, filings.of_case(tx, mine.case)[0].id)
    with world.db.read() as tx:
        said = [one for one in audit.page(tx, limit=200) if one.action == "hold.destroyed"]
    proof = next(one for one in said if one.subject == hold.id)
    gone = [one for one in world.items(mine.case) if one.destroyed_at is not None]
    text = "\n".join(f"{one.id} {one.what.value} {one.sha256}" for one in gone)
    assert proof.facts["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert proof.facts["second"] == world.two.person


@ONE
def test_an_extension_needs_a_reason_and_a_later_day_and_an_order_a_reference(world, clock):
    mine = world.upload()
    world.decided(mine.case)
    (hold,) = world.holds(mine.case)
    later = hold.ends + timedelta(days=90)
    for to, reason in ((hold.ends, "Why"), (later, " "), (clock.now() + 20 * YEAR, "Why")):
        with pytest.raises(BadInput):
            world.holding.extend(world.one, hold.id, to, reason)
    done = world.holding.extend(world.one, hold.id, later, "To prevent exploitation: linked case.")
    assert (done.ends, done.counted) == (later, Why.EXTENDED)
    world.file(mine.case)
    assert world.holds(mine.case)[0].ends == later  # a receipt makes it no shorter
    with pytest.raises(BadInput):
        world.holding.order(world.one, mine.case, reference=" ", reason="Order")


def test_an_order_stands_beside_and_its_end_can_be_refused(world, clock):
    mine = world.upload()  # nobody has decided yet
    court = world.holding.order(world.one, mine.case, reference="1 BvR 1", reason="Order")
    world.keeper.turn()
    assert whats(world.items(mine.case)) == ["account", "case", "media", "upload"]
    world.decided(mine.case)
    clock.advance(YEAR.total_seconds())
    report = next(one for one in world.holds(mine.case) if one.kind is HoldKind.REPORT)
    with pytest.raises(Conflict, match="1 BvR 1"):
        world.holding.propose_end(world.one, report.id, "Its time is over.")
    world.holding.propose_end(world.one, court.id, "Let go.")
    world.holding.refuse_end(world.two, court.id, "It did not.")
    with pytest.raises(NotFound):
        world.holding.confirm_end(world.two, court.id)
    listed = world.holding.listed(state=HoldState.DUE)
    assert [one.id for one in listed.holds] == [report.id]
    assert listed.counts[HoldState.STANDS] == 1
    manifest = world.holding.of_case(world.one, mine.case)
    assert len(manifest.items) == len(world.items(mine.case))


def test_bytes_that_another_case_holds_stay_until_it_lets_go(world, vault, clock):
    mine = world.upload()
    world.decided(mine.case)
    other = world.upload(b"a bridge")
    court = world.holding.order(world.one, other.case, reference="2 K 2", reason="Order")
    with world.db.transaction() as tx:
        item = hold_items.Thing(Kept.MEDIA, "the same bytes", tx.now, blob=mine.blob)
        hold_items.add(tx, other.case, [item])
    clock.advance(YEAR.total_seconds())
    world.end(world.holds(mine.case)[0])
    world.keeper.turn()
    assert vault.open(mine.blob).read() == b"a harbour"
    world.end(court, "Let go.")
    for _ in range(2):
        clock.advance(2 * DAY)
        world.keeper.turn()
    with pytest.raises(NotFound):
        vault.open(mine.blob)
