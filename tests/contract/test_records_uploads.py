"""Uploads: what passed leaves no trace of who sent it, what did not is kept whole and sealed."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from tests import builders

from breakwater.errors import (
    BadInput,
    BreakwaterError,
    Conflict,
    IdempotencyReuse,
    NotFound,
    Tampered,
)
from breakwater.model.match import Action
from breakwater.model.signal import View
from breakwater.model.upload import Origin, Surface, UploadState
from breakwater.records import uploads
from breakwater.records.tables.nouns_intake import uploads as table

pytestmark = pytest.mark.usefixtures("keyring")


def finish(tx, action=Action.ALLOW, *matches, upload=None, **facts):
    upload = upload or builders.upload(**facts)
    return uploads.finish(tx, replace(upload, verdict=builders.verdict(action, *matches)))


def stored(database, upload):
    """The row's bytes as the database has them, for looking for what must not be there."""
    with database.read() as tx:
        row = tx.execute(sa.select(table).where(table.c.id == upload.id)).one()
    return row, json.dumps([str(v) for v in row]).encode() + b"".join(
        v for v in row if isinstance(v, bytes)
    )


def test_an_allowed_upload_keeps_no_address_and_no_account_name(database):
    upload = builders.upload(sha1="ab" * 20, md5="cd" * 16)
    with database.transaction() as tx:
        done = finish(tx, upload=upload)
    row, raw = stored(database, upload)
    for private in (upload.origin.account, upload.origin.address, upload.origin.place, "40123"):
        assert private.encode() not in raw
    assert row.origin_sealed is None
    assert row.reference == "object-17"
    assert len(row.account_key) == 32
    assert done.origin == Origin(reference="object-17")
    with database.read() as tx:
        assert uploads.get(tx, upload.id) == done
        assert done.sha256 == upload.sha256
        assert (done.sha1, done.md5) == (upload.sha1, upload.md5)
        assert uploads.history(tx, upload.id) == []
        assert [u.id for u in uploads.by_account(tx, "photos", "river-otter-81")] == [upload.id]
        assert uploads.by_account(tx, "other", "river-otter-81") == []
        assert uploads.by_account(tx, "photos", "") == []


def test_what_passed_on_a_private_surface_keeps_no_hash_and_no_pseudonym(database):
    upload = builders.upload(surface=Surface.PRIVATE, sha1="ab" * 20, md5="cd" * 16)
    with database.transaction() as tx:
        finish(tx, upload=upload)
    row, _ = stored(database, upload)
    assert (row.sha256, row.sha1, row.md5, row.account_key) == (None, None, None, None)
    assert row.reference == ""


@pytest.mark.parametrize("action", [Action.HOLD, Action.BLOCK])
def test_what_did_not_pass_keeps_its_account_data_sealed(database, action):
    upload = builders.upload()
    with database.transaction() as tx:
        done = finish(tx, action, builders.match(1), upload=upload)
    _, raw = stored(database, upload)
    for private in (upload.origin.account, upload.origin.address, upload.origin.place):
        assert private.encode() not in raw
    with database.read() as tx:
        assert uploads.get(tx, upload.id).origin == upload.origin
        assert uploads.get(tx, upload.id) == done


def test_a_sealed_origin_cannot_be_moved_to_another_upload(database):
    with database.transaction() as tx:
        one, two = finish(tx, Action.HOLD), finish(tx, Action.HOLD)
        sealed = sa.select(table.c.origin_sealed).where(table.c.id == one.id)
        tx.execute(
            sa.update(table)
            .where(table.c.id == two.id)
            .values(origin_sealed=tx.execute(sealed).scalar_one())
        )
    with database.read() as tx, pytest.raises(Tampered):
        uploads.get(tx, two.id)


def test_a_pending_upload_keeps_its_origin_until_it_passes(database):
    upload = builders.upload()
    with database.transaction() as tx:
        uploads.start(tx, upload)
        waiting = uploads.get(tx, upload.id)
        assert waiting.state is UploadState.PENDING
        assert waiting.verdict is None
        assert waiting.origin == upload.origin
        assert uploads.pending(tx) == 1
    with database.transaction() as tx:
        done = finish(tx, upload=upload)
        assert done.revision == 1
        assert uploads.pending(tx) == 0
    row, _ = stored(database, upload)
    assert row.origin_sealed is None


def test_an_upload_has_one_first_verdict(database):
    with database.transaction() as tx:
        done = finish(tx, Action.BLOCK)
    with pytest.raises(Conflict), database.transaction() as tx:
        finish(tx, Action.ALLOW, upload=done)
    with pytest.raises(BreakwaterError), database.transaction() as tx:
        uploads.finish(tx, builders.upload())
    with database.read() as tx:
        assert uploads.get(tx, done.id).verdict.action is Action.BLOCK


def test_a_text_that_cannot_be_stored_is_bad_input(database):
    for text in ("a\x00b", "\ud800"):
        for facts in ({"service": text}, {"declared_type": text}):
            with pytest.raises(BadInput), database.transaction() as tx:
                uploads.start(tx, builders.upload(**facts))
        for member in ("reference", "account", "place"):
            origin = replace(builders.ORIGIN, **{member: text})
            with pytest.raises(BadInput), database.transaction() as tx:
                uploads.start(tx, builders.upload(origin=origin))
    with database.read() as tx:
        assert uploads.recent(tx) == []


def test_any_other_text_is_read_back_as_it_came(database):
    for text in ("x" * 100_000, "🦦 \u202e", "'; DROP TABLE uploads; --", "%s :x ?"):
        origin = replace(builders.ORIGIN, reference=text, account=text, place=text)
        with database.transaction() as tx:
            done = finish(tx, Action.HOLD, origin=origin, service=text, declared_type=text)
        with database.read() as tx:
            assert uploads.get(tx, done.id) == done
            assert [u.id for u in uploads.by_account(tx, text, text)] == [done.id]


def test_a_match_is_read_back_with_what_the_entry_said_then(database):
    match = builders.match(
        7, labels=("a", "b"), permitted_use="hashes only", source="a partner", verified=True,
        view=View.FLIPX, frame=12, time_s=0.5, moments=((12, 0.5), (14, 0.75)), quality=88,
        acting=False, why_not="quarantined", own=builders.value("pdq", 8).hex(),
    )  # fmt: skip
    near = builders.match(8, negative=True, distance=0)
    with database.transaction() as tx:
        done = finish(tx, Action.HOLD, near, match)
    with database.read() as tx:
        assert uploads.get(tx, done.id).verdict.matches == (near, match)


def test_verdicts_are_appended_and_the_last_one_is_the_present(database, clock):
    with database.transaction() as tx:
        first = finish(tx)
    clock.advance(86_400)
    with database.transaction() as tx:
        second = uploads.revise(tx, first.id, builders.verdict(Action.BLOCK, builders.match(3)))
        assert second.revision == 2
        assert second.verdict.action is Action.BLOCK
        assert second.change > first.change
    with database.transaction() as tx:
        third = uploads.revise(tx, first.id, builders.verdict(Action.ALLOW, rule="withdrawn"))
        assert third.revision == 3
        assert third.verdict.matches == ()
    with database.read() as tx:
        steps = uploads.history(tx, first.id)
        assert [(s.revision, s.verdict.action, len(s.verdict.matches)) for s in steps] == [
            (1, Action.ALLOW, 0),
            (2, Action.BLOCK, 1),
            (3, Action.ALLOW, 0),
        ]
        assert steps[0].at == first.received_at
        assert uploads.get(tx, first.id) == third
    with pytest.raises(NotFound), database.transaction() as tx:
        uploads.revise(tx, builders.some_id(), builders.verdict())
    with database.transaction() as tx:
        waiting = uploads.start(tx, builders.upload())
    with pytest.raises(Conflict), database.transaction() as tx:
        uploads.revise(tx, waiting.id, builders.verdict())


def test_verdicts_and_matches_cannot_be_changed_or_deleted(database):
    with database.transaction() as tx:
        done = finish(tx, Action.BLOCK, builders.match(3))
    for words in (
        "UPDATE upload_verdicts SET reason = 'x'",
        "DELETE FROM upload_verdicts",
        "UPDATE upload_matches SET distance = 0",
        "DELETE FROM upload_matches",
    ):
        with pytest.raises(BreakwaterError), database.transaction() as tx:
            tx.execute(sa.text(words))
    with database.read() as tx:
        assert len(uploads.get(tx, done.id).verdict.matches) == 1


def test_uploads_that_an_entry_touches_are_paged_by_their_present_verdict(database):
    with database.transaction() as tx:
        ids = sorted(
            finish(tx, Action.HOLD, builders.match(5), builders.match(5, frame=2)).id
            for _ in range(5)
        )
        finish(tx, Action.HOLD, builders.match(6))
        uploads.revise(tx, ids[0], builders.verdict(Action.ALLOW))
    with database.read() as tx:
        page = uploads.touched_by(tx, 5, limit=3)
        assert [upload.id for upload in page] == ids[1:4]
        rest = uploads.touched_by(tx, 5, after=page[-1].id, limit=3)
        assert [upload.id for upload in rest] == ids[4:]
        assert uploads.touched_by(tx, 99) == []


def test_uploads_are_found_by_exact_hashes(database):
    with database.transaction() as tx:
        done = finish(tx, sha1="ab" * 20, md5="cd" * 16)
        uploads.start(tx, builders.upload(md5="cd" * 16))
    with database.read() as tx:
        for kind, text in (("sha256", done.sha256), ("sha1", done.sha1), ("md5", done.md5)):
            value = bytes.fromhex(text)
            assert uploads.with_hashes(tx, kind, [b"x" * 16, value]) == [(done.id, value)]
        assert uploads.with_hashes(tx, "pdq", [b"x" * 32]) == []
        assert uploads.with_hashes(tx, "md5", []) == []


def test_the_ledger_counts_every_first_verdict_once(database, clock):
    with database.transaction() as tx:
        for action in (Action.ALLOW, Action.ALLOW, Action.HOLD, Action.BLOCK):
            last = finish(tx, action)
        uploads.revise(tx, last.id, builders.verdict(Action.ALLOW))
        uploads.refused(tx, "photos")
    clock.advance(120)
    with database.transaction() as tx:
        finish(tx)
        long_ago = clock.now() - timedelta(hours=1)
        assert uploads.counts(tx, long_ago) == {"allow": 3, "hold": 1, "block": 1, "refused": 1}
        assert uploads.counts(tx, clock.now()) == {"allow": 1}
        assert uploads.ledger(tx, long_ago)["block", "bank.block"] == 1
        minutes = uploads.by_minute(tx, long_ago)
        assert [sum(found.values()) for _, found in sorted(minutes.items())] == [5, 1]


def test_recent_ones_come_first(database, clock):
    with database.transaction() as tx:
        seen = []
        for n in range(4):
            at = clock.now() + timedelta(seconds=n)
            seen.append(finish(tx, received_at=at, service="a" if n % 2 else "b").id)
        assert [u.id for u in uploads.recent(tx, 3)] == seen[:0:-1]
        assert [u.id for u in uploads.recent(tx, service="a")] == [seen[3], seen[1]]
        assert set(uploads.many(tx, [*seen, builders.some_id()])) == set(seen)


def test_what_passed_is_dropped_after_its_retention_and_evidence_is_not(database, clock):
    with database.transaction() as tx:
        public = [finish(tx) for _ in range(3)]
        private = finish(tx, surface=Surface.PRIVATE)
        held = finish(tx, Action.HOLD)
        case = builders.case(tx)
        later = finish(tx)
        uploads.set_case(tx, later.id, case.id)
        waiting = uploads.start(tx, builders.upload())
    clock.advance(3_600)
    with database.transaction() as tx:
        assert uploads.drop_before(tx, clock.now(), Surface.PRIVATE) == 1
        assert uploads.find(tx, private.id) is None
        assert uploads.drop_before(tx, clock.now(), limit=2) == 2
        assert uploads.drop_before(tx, clock.now()) == 1
        assert uploads.drop_before(tx, clock.now()) == 0
        kept = uploads.many(tx, [*(u.id for u in public), held.id, later.id, waiting.id])
    assert set(kept) == {held.id, later.id, waiting.id}


def test_erasure_by_reference_takes_what_passed_and_leaves_evidence(database):
    origin = replace(builders.ORIGIN, reference="picture-9")
    with database.transaction() as tx:
        passed = finish(tx, origin=origin)
        held = finish(tx, Action.HOLD, origin=origin)
        other = finish(tx, origin=origin, service="elsewhere")
        assert uploads.erase(tx, "photos", "picture-9") == [passed.id]
        assert uploads.erase(tx, "photos", "picture-9") == []
        assert set(uploads.many(tx, [passed.id, held.id, other.id])) == {held.id, other.id}


def test_what_is_not_confirmed_is_forgotten(database):
    with database.transaction() as tx:
        done = finish(tx, Action.HOLD)
        uploads.revise(tx, done.id, builders.verdict(Action.ALLOW))
        uploads.forget_evidence(tx, done.id)
        after = uploads.get(tx, done.id)
    assert after.origin == Origin(reference="object-17")
    assert after.blob is None


CLAIM = {"key": "a-key", "body_sha256": "ab" * 32}


def test_a_repeated_key_answers_the_first_upload_for_48_hours(database, clock):
    me, first = builders.some_id(), builders.some_id()
    facts = {"principal": me, **CLAIM}
    with database.transaction() as tx:
        assert uploads.claim_idempotency(tx, upload=first, **facts) is None
    clock.advance(48 * 3_600 - 1)
    with database.transaction() as tx:
        assert uploads.claim_idempotency(tx, upload=builders.some_id(), **facts) == first
        assert uploads.forget_idempotency(tx) == 0
    with pytest.raises(IdempotencyReuse), database.transaction() as tx:
        uploads.claim_idempotency(
            tx, principal=me, key="a-key", body_sha256="cd" * 32, upload=builders.some_id()
        )
    with database.transaction() as tx:
        assert (
            uploads.claim_idempotency(
                tx, principal=builders.some_id(), upload=builders.some_id(), **CLAIM
            )
            is None
        )
    clock.advance(2)
    second = builders.some_id()
    with database.transaction() as tx:
        assert uploads.claim_idempotency(tx, upload=second, **facts) is None
        assert uploads.claim_idempotency(tx, upload=builders.some_id(), **facts) == second
    clock.advance(49 * 3_600)
    with database.transaction() as tx:
        assert uploads.forget_idempotency(tx) == 2


def test_of_many_who_send_one_key_at_once_exactly_one_claims_it(database):
    me = builders.some_id()
    answers = []

    def claim():
        mine = builders.some_id()
        with database.transaction() as tx:
            before = uploads.claim_idempotency(tx, principal=me, upload=mine, **CLAIM)
        answers.append((mine, before))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    winners = [mine for mine, before in answers if before is None]
    assert len(winners) == 1
    assert {before for _, before in answers} == {None, winners[0]}
