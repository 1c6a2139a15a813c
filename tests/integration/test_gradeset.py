"""Protects what happens before anyone looks: known taken out, copies and near copies joined.

Real database, vault, jail and index; ordinary pictures.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from breakwater.app import App
from breakwater.banks.manage import NewBank
from breakwater.errors import BadInput, NotAllowed
from breakwater.model.access import Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.grading import ItemState, SetState
from breakwater.model.ids import new_id
from breakwater.records import audit, gradesets
from breakwater.review.grading.sets import NewSet
from tests.integration.conftest import photo
from tests.integration.grading_sets import (
    entry,
    media,
    nearly,
    pictures,
    somebody,
    vics,
    video_like,
)
from tests.integration.test_intake import pdq_of, submit

S = ItemState


@pytest.fixture
def lead(app: App) -> Principal:
    return somebody(app, Role.QA_LEAD)


def items(app: App, number: int):
    with app.db.read() as tx:
        return gradesets.page(tx, number)


def test_what_a_bank_knows_is_taken_out_and_copies_are_joined(app, lead, machine, tmp_path):
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK, verified=True), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(9))], machine)
    files = {
        "a/one.png": photo(1), "a/again.png": photo(1), "a/near.jpg": nearly(photo(1)),
        "b/known.png": photo(9), "b/moving.gif": video_like(3), "b/text.jpg": b"no picture at all",
    }  # fmt: skip
    rows = [entry(at, name, content) for at, (name, content) in enumerate(files.items(), 1)]
    rows.append(entry(7, "b/gone.png", photo(50), Category=1))
    rows.append({"MediaID": 8})
    done = app.review.grade_sets.load(
        lead, NewSet(vics(tmp_path / "set.json", rows), media(tmp_path / "m", files), graders=2)
    )
    assert (done.rows, done.bad) == (8, 1)
    found = items(app, done.set_number)
    assert [item.state for item in found] == [
        S.OPEN, S.COPY, S.NEAR, S.KNOWN, S.OPEN, S.UNREADABLE, S.MISSING,
    ]  # fmt: skip
    first, copy, near, known, _, _, gone = found
    assert copy.leader == near.leader == first.number
    assert near.bits is not None
    assert near.bits <= 10
    assert "Bank KNOWN" in known.why
    assert gone.claims["category"] == 1
    assert {item.needed for item in found} == {2}
    kept = {item.state for item in found if item.blob is not None}
    assert kept == {S.OPEN, S.NEAR, S.UNREADABLE}
    made = app.review.grade_sets.get(done.set_number)
    assert (made.form, made.context, made.state) == ("vics 2.0", "US", SetState.OPEN)
    assert dict(made.counts) == Counter(item.state for item in found)
    with app.db.read() as tx:
        (row,) = audit.page(tx, actor=lead.id)
    assert (row.action, row.facts["known"]) == ("grade_set.import", 1)


def test_a_second_set_finds_what_an_earlier_one_has(app, lead, tmp_path):
    before = pictures(2)
    rows = [entry(at, name) for at, name in enumerate(before, 1)]
    wanted = NewSet(vics(tmp_path / "a.json", rows), media(tmp_path / "m", before))
    first = app.review.grade_sets.load(lead, wanted).set_number
    files = {"x/1.png": photo(1), "x/2.jpg": nearly(photo(2)), "x/3.png": photo(30)}
    rows = [entry(at, name) for at, name in enumerate(files, 1)]
    done = app.review.grade_sets.load(
        lead, NewSet(vics(tmp_path / "b.json", rows, what="Media"), media(tmp_path / "n", files))
    )
    found = items(app, done.set_number)
    assert [item.state for item in found] == [S.COPY, S.NEAR, S.OPEN]
    assert [item.leader for item in found[:2]] == [i.number for i in items(app, first)]


def test_an_import_that_was_cut_short_goes_on_and_adds_nothing_twice(
    app, lead, tmp_path, monkeypatch
):
    monkeypatch.setattr("breakwater.review.grading.placing.WINDOW", 2)
    files = pictures(5)
    file = vics(tmp_path / "set.json", [entry(at, name) for at, name in enumerate(files, 1)])
    folder = media(tmp_path / "m", files)
    windows = 0

    def pull_the_plug(_state) -> None:
        nonlocal windows
        windows += 1
        if windows == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        app.review.grade_sets.load(lead, NewSet(file, folder), progress=pull_the_plug)
    (cut,) = app.review.grade_sets.every()
    assert (cut.state, cut.rows_read) == (SetState.IMPORTING, 4)
    done = app.review.grade_sets.load(lead, NewSet(file, folder))
    assert (done.set_number, done.resumed_at, done.rows) == (cut.number, 4, 5)
    assert [item.row for item in items(app, cut.number)] == [1, 2, 3, 4, 5]
    again = app.review.grade_sets.load(lead, NewSet(file, folder))
    assert (again.set_number, dict(again.by_state)) == (cut.number, {"open": 5})
    assert app.review.grade_sets.get(cut.number).state is SetState.OPEN


def test_a_file_that_ends_before_its_end_is_never_opened_for_graders(app, lead, tmp_path):
    files = pictures(2)
    file = vics(tmp_path / "set.json", [entry(at, name) for at, name in enumerate(files, 1)])
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(BadInput, match="ends before its end"):
        app.review.grade_sets.load(lead, NewSet(file, media(tmp_path / "m", files)))
    (cut,) = app.review.grade_sets.every()
    assert (cut.state, cut.fault) == (
        SetState.FAILED,
        "The file is no JSON, or ends before its end.",
    )


def test_the_worker_imports_and_a_failed_set_goes_on_when_its_file_comes_again(app, lead, tmp_path):
    files = pictures(2)
    wanted = NewSet(
        vics(tmp_path / "set.json", [entry(at, name) for at, name in enumerate(files, 1)]),
        media(tmp_path / "m", files),
    )
    begun = app.review.grade_sets.begin(lead, wanted)
    assert begun.state is SetState.IMPORTING
    app.review.grade_sets.turn()
    assert app.review.grade_sets.get(begun.number).state is SetState.OPEN
    broken = tmp_path / "broken.json"
    broken.write_bytes(wanted.file.read_bytes()[:-3])
    failed = app.review.grade_sets.begin(lead, NewSet(broken, wanted.media))
    app.review.grade_sets.turn()
    assert app.review.grade_sets.get(failed.number).state is SetState.FAILED
    again = app.review.grade_sets.begin(lead, NewSet(broken, wanted.media))
    assert (again.number, again.state) == (failed.number, SetState.IMPORTING)


def test_csv_sets_are_read_too_and_hashes_that_lie_are_said(app, lead, tmp_path):
    folder = media(tmp_path / "m", {"one.png": photo(1), "Two.PNG": photo(2)})
    file = tmp_path / "set.csv"
    file.write_text(f"path;md5;note\none.png;{'0' * 32};first\ntwo.png;;second\n;;third\n")
    done = app.review.grade_sets.load(lead, NewSet(file, folder))
    first, second = items(app, done.set_number)
    assert first.claims == {"note": "first", "hash_differs": ["md5"]}
    assert (second.state, second.claims) == (S.OPEN, {"note": "second"})
    assert app.review.grade_sets.bad_rows(done.set_number) == [
        (3, "The row names neither a hash nor a file.")
    ]


def test_paths_never_lead_out_of_the_folder(app, lead, tmp_path):
    (tmp_path / "secret.png").write_bytes(photo(1))
    folder = media(tmp_path / "m", {"a/b.png": photo(2)})
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    (folder / "out").symlink_to(tmp_path)
    rows = [entry(at, path) for at, path in enumerate(
        ("../secret.png", "C:\\a\\..\\..\\secret.png", "link.png", "out/secret.png",
         "C:\\A\\B.png"), 1)]  # fmt: skip
    done = app.review.grade_sets.load(lead, NewSet(vics(tmp_path / "s.json", rows), folder))
    states = [item.state for item in items(app, done.set_number)]
    assert states == [S.MISSING, S.MISSING, S.OPEN]
    assert done.bad == 2


def test_uploads_of_cases_become_a_set_that_copies_nothing_in_the_vault(app, lead, machine):
    app.banks.create(NewBank("KNOWN", action=BankAction.HOLD), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine)
    held = [
        submit(app, photo(1, form="JPEG", quality=quality), machine, account=f"acct-{at}")
        for at, quality in enumerate((80, 80, 60))
    ]
    passed = submit(app, photo(7), machine)
    made = app.review.gather.gather(lead, "doubtful", [one.id for one in held], graders=2)
    assert (made.form, made.state, made.graders) == ("uploads", SetState.OPEN, 2)
    found = items(app, made.number)
    assert [item.state for item in found] == [S.OPEN, S.COPY, S.NEAR]
    assert [item.upload for item in found] == [one.id for one in held]
    assert [item.blob for item in found] == [one.blob for one in held]
    for wanted in ([], [passed.id], [new_id()]):
        with pytest.raises(BadInput):
            app.review.gather.gather(lead, "none", wanted)
    with pytest.raises(NotAllowed):
        app.review.gather.gather(somebody(app, Role.GRADER), "none", [held[0].id])


@pytest.mark.parametrize("role", [Role.GRADER, Role.REVIEWER])
def test_sets_are_made_by_those_who_answer_for_quality(app, tmp_path: Path, role):
    with pytest.raises(NotAllowed):
        app.review.grade_sets.load(somebody(app, role), NewSet(tmp_path / "x.csv", tmp_path))
