"""Protects what becomes of an item before anyone sees it, case by case, without a database."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from tests import builders

from breakwater.errors import BadInput
from breakwater.model.grading import GradeItem, GradeSet, ItemState, SetState, item_id
from breakwater.model.ids import new_id
from breakwater.model.media import MediaType, Reason, Undecodable
from breakwater.model.signal import MD5, Fingerprint, Fingerprints, Signal
from breakwater.review.grading.looks import Looks
from breakwater.review.grading.placing import Prepared, draft, known_by, placed, reader, windows
from breakwater.review.grading.sources import BadRow, SourceRow

S = ItemState
SET = GradeSet(
    new_id(), 1, "s", "s", "csv", SetState.IMPORTING, 2, created_at=datetime(2026, 3, 1, tzinfo=UTC)
)  # fmt: skip


def prints(*, frames: int = 1, quality: int = 100) -> Fingerprints:
    exact = [Fingerprint(Signal(k, builders.value(k, "file"))) for k in ("md5", "sha1", "sha256")]
    look = Fingerprint(Signal("pdq", builders.value("pdq", "file")), quality=quality, frame=0)
    return Fingerprints("image/png", 4, 3, frames, 0.0, (*exact, look))


def row(**said) -> SourceRow:
    return SourceRow(1, **said)


EXACT = builders.match(kind="sha256", distance=0, limit=0)
NEAR = builders.match(distance=10)
FAR = builders.match(distance=11)


@pytest.mark.parametrize(
    ("outcome", "match", "known"),
    [
        (prints(), EXACT, True),
        (prints(), NEAR, True),
        (prints(), FAR, False),
        (prints(frames=2), NEAR, False),
        (prints(frames=2), EXACT, True),
        (prints(quality=40), NEAR, False),
        (None, EXACT, True),
        (prints(), builders.match(kind="sha256", limit=0, distance=0, acting=False), False),
        (prints(), builders.match(kind="sha256", limit=0, distance=0, negative=True), False),
    ],
)  # fmt: skip
def test_known_is_the_same_file_or_a_still_that_is_very_near(outcome, match, known):
    one = Prepared(row(), outcome=outcome, matches=(match,))
    assert bool(known_by(one)) is known
    assert (draft(one, SET).state is S.KNOWN) is known


def test_what_is_not_there_or_not_readable_says_why():
    missing = draft(Prepared(row()), SET)
    assert (missing.state, missing.why) == (S.MISSING, "The set names it without its file.")
    fault = Undecodable(Reason.TRUNCATED, type=MediaType.JPEG)
    broken = draft(Prepared(row(), outcome=fault), SET)
    assert (broken.state, broken.type, broken.why) == (
        S.UNREADABLE, "image/jpeg", "The file ends before its content does.",
    )  # fmt: skip


def test_a_claimed_hash_that_is_not_the_files_is_marked_and_the_real_one_kept():
    lie = Signal("md5", builders.value("md5", "other"))
    item = draft(Prepared(row(hashes=(lie,), claims={"x": 1}), outcome=prints()), SET)
    assert item.claims == {"x": 1, "hash_differs": ["md5"]}
    assert item.md5 == builders.value("md5", "file").hex()
    assert row(hashes=(lie,)).claimed(MD5) == lie.value.hex()
    assert (item.state, item.needed) == (S.OPEN, 2)


def item(number: int, sha: str, pdq: bytes = b"", state: ItemState = S.OPEN) -> GradeItem:
    return GradeItem(
        item_id(number), number, 1, number, state, "image/png", sha256=sha, pdq=pdq.hex()
    )


def test_copies_go_to_the_first_and_near_ones_to_the_leader_never_to_one_another():
    first_of: dict[str, int] = {}
    looks = Looks()
    base = bytes(32)
    eight = b"\xff" + bytes(31)
    sixteen = b"\xff\xff" + bytes(30)
    done = [
        placed(one, first_of, looks)
        for one in (
            item(1, "a", base), item(2, "a", base), item(3, "b", eight), item(4, "c", sixteen),
            item(5, "d"), item(6, "e", base, S.KNOWN), item(7, "b", eight),
        )
    ]  # fmt: skip
    assert [(one.state, one.leader, one.bits) for one in done] == [
        (S.OPEN, None, None), (S.COPY, 1, None), (S.NEAR, 1, 8), (S.OPEN, None, None),
        (S.OPEN, None, None), (S.KNOWN, None, None), (S.COPY, 3, None),
    ]  # fmt: skip


def test_windows_leave_out_what_is_behind_us(monkeypatch):
    monkeypatch.setattr("breakwater.review.grading.placing.WINDOW", 2)
    rows = [SourceRow(1), BadRow(2, "x"), SourceRow(3), SourceRow(4), SourceRow(5)]
    assert [[one.row for one in window] for window in windows(rows, after=2)] == [[3, 4], [5]]


@pytest.mark.parametrize(
    ("raw", "form"),
    [(b"\xef\xbb\xbf \n{}", "vics"), (b"\xef\xbb\xbfpath\nx\n", "csv"), (b"md5;x\n", "csv")],
)
def test_the_reader_is_chosen_by_what_the_file_is(raw, form):
    assert reader(io.BytesIO(raw)).form == form
    with pytest.raises(BadInput):
        reader(io.BytesIO(b"[1]"))
