"""Exhibits are taken in once: what is known is shown to nobody, what is bad is listed, none is lost.

The same on both databases, with the real jail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders_exhibits import files_of, house, listed, seized, somebody
from tests.integration.conftest import photo
from tests.integration.grading_sets import entry, nearly, vics

from breakwater.app import App
from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.linking import exhibits as verb
from breakwater.linking.exhibits import NewExhibits
from breakwater.model.access import Principal, Role
from breakwater.model.case import CaseKind
from breakwater.model.exhibit import ExhibitState, SetState
from breakwater.model.link import MediumState, Origin
from breakwater.records import audit, cases, exhibits, link_media

S = ExhibitState


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[App]:
    with house(tmp_path / "house", database_url) as running:
        yield running


@pytest.fixture
def examiner(app: App) -> Principal:
    return somebody(app, Role.INVESTIGATOR)


def states(app: App, number: int) -> dict[str, ExhibitState]:
    return {one.reference: one.state for one in files_of(app, number)}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_of_a_folder_only_what_nobody_knows_becomes_a_case_and_media(app, examiner, tmp_path):
    known, near, new, other = photo(1), nearly(photo(2)), photo(3), photo(4)
    number, near_to = listed(app, known), listed(app, photo(2), "pdq")
    folder = seized(
        tmp_path / "usb",
        {"a/known.png": known, "b.jpg": near, "c.png": new, "d.png": other, "e.png": new,
         "notes.txt": b"plain words", "z.jpg": photo(5)[:900]},
    )  # fmt: skip
    done = app.exhibiting.exhibits.load(
        examiner, NewExhibits("K-2026-7 / 3", folder, source="a stick")
    )
    assert (done.state, done.offered, done.known, done.bad) == (SetState.DONE, 7, 2, 1)
    found = files_of(app, done.number)
    assert [(one.state, one.known_entry) for one in found] == [
        (S.KNOWN, number), (S.KNOWN, near_to), (S.UNKNOWN, None), (S.UNKNOWN, None),
        (S.UNKNOWN, None), (S.BAD, None), (S.UNKNOWN, None),
    ]  # fmt: skip
    assert found[4].same_as == found[2].number
    assert "no type that is decoded" in found[5].fault
    assert found[6].fault
    kept = [one for one in found if one.blob is not None]
    assert [one.number for one in kept] == [found[2].number, found[3].number, found[6].number]
    with app.vault.open(kept[0].blob) as bytes_:
        assert bytes_.read() == new
    with app.db.read() as tx:
        (case,) = cases.page(tx)
        media = link_media.of_case(tx, case.id)
        told = exhibits.one(tx, found[2].number).told
    assert (case.kind, case.subject) == (CaseKind.LEAD, done.id)
    assert [(one.origin, one.blob) for one in media] == [(Origin.EXHIBIT, one.blob) for one in kept]
    assert {one.medium for one in kept} == {one.number for one in media}
    assert (found[2].md5, found[2].sha1) == (
        hashlib.md5(new).hexdigest(), hashlib.sha1(new).hexdigest(),
    )  # fmt: skip
    assert told["path"] == "c.png"
    assert found[2].told == {}


def test_what_a_person_judged_is_not_shown_again_and_what_waits_is_not_shown_twice(
    app, examiner, tmp_path
):
    one, two = photo(1), photo(2)
    first = app.exhibiting.exhibits.load(
        examiner, NewExhibits("one", seized(tmp_path / "1", {"a.png": one, "b.png": two}))
    )
    again = app.exhibiting.exhibits.load(
        examiner, NewExhibits("two", seized(tmp_path / "2", {"c.png": one}))
    )
    (copy,) = files_of(app, again.number)
    assert (copy.state, copy.same_as) == (S.UNKNOWN, files_of(app, first.number)[0].number)
    assert (again.taken, copy.blob) == (0, None)
    with app.db.transaction() as tx:
        (case,) = cases.page(tx)
        cases.close(tx, case.id, by="test", reason="judged")
    third = app.exhibiting.exhibits.load(
        examiner, NewExhibits("three", seized(tmp_path / "3", {"d.png": two, "e.png": photo(3)}))
    )
    assert [one.state for one in files_of(app, third.number)] == [S.KNOWN, S.UNKNOWN]
    with app.db.read() as tx:
        (waiting,) = cases.page(tx)
    assert waiting.subject == third.id


def test_a_vics_case_with_files_that_are_missing_or_not_what_was_claimed(app, examiner, tmp_path):
    one, two, known = photo(1), photo(2), photo(3)
    number = listed(app, known)
    folder = seized(tmp_path / "media", {"F/1.PNG": one, "f2.png": two})
    file = vics(
        tmp_path / "case.json",
        [
            entry(1, "f/1.png", one, IsSuspected="true"), entry(2, "f2.png", photo(9)),
            entry(3, "gone.png", photo(4)), {"MediaID": 4, "MD5": "nothing"},
            entry(5, "away.png") | {"SHA256": sha(known)},
        ],
    )  # fmt: skip
    done = app.exhibiting.exhibits.load(examiner, NewExhibits("V 1", folder, vics=file))
    assert states(app, done.number) == {
        "row 1": S.UNKNOWN, "row 2": S.UNKNOWN, "row 3": S.NO_BYTES, "row 4": S.BAD, "row 5": S.KNOWN,
    }  # fmt: skip
    found = files_of(app, done.number)
    assert (found[3].fault, found[4].known_entry) == ("Its MD5 is none.", number)
    assert found[2].fault == "The file was not found."
    assert (done.offered, done.taken, done.known, done.bad) == (5, 2, 1, 1)
    with app.db.read() as tx:
        assert exhibits.one(tx, found[1].number).told["other_bytes"] is True
        assert "other_bytes" not in exhibits.one(tx, found[0].number).told


def test_a_set_that_stays_where_it_is_leaves_hashes_alone(app, examiner, tmp_path):
    folder = seized(tmp_path / "1", {"a.png": photo(1)})
    done = app.exhibiting.exhibits.load(examiner, NewExhibits("stays", folder, keep=False))
    (one,) = files_of(app, done.number)
    assert (one.state, one.blob, one.sha256) == (S.NO_BYTES, None, sha(photo(1)))
    with app.db.read() as tx:
        medium = link_media.get(tx, one.medium)
    assert (medium.state, medium.sha256) == (MediumState.ABSTAINED, one.sha256)


def test_a_killed_import_goes_on_and_nothing_is_there_twice(app, examiner, tmp_path, monkeypatch):
    monkeypatch.setattr(verb, "WINDOW", 2)
    contents = {f"{seed}.png": photo(seed) for seed in range(1, 6)}
    wanted = NewExhibits("again", seized(tmp_path / "1", contents))

    def killed(state):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        app.exhibiting.exhibits.load(examiner, wanted, progress=killed)
    with app.db.read() as tx:
        (half,) = exhibits.every(tx)
    assert (half.state, half.offered) == (SetState.TAKING, 2)
    done = app.exhibiting.exhibits.load(examiner, wanted)
    assert (done.number, done.offered, done.taken) == (half.number, 5, 5)
    assert sorted(one.sha256 for one in files_of(app, done.number)) == sorted(
        map(sha, contents.values())
    )
    assert app.exhibiting.exhibits.load(examiner, wanted) == done


def test_a_vics_file_that_ends_early_is_said_and_goes_on_when_it_is_whole(app, examiner, tmp_path):
    folder = seized(tmp_path / "1", {"a.png": photo(1), "b.png": photo(2)})
    file = vics(tmp_path / "v.json", [entry(1, "a.png"), entry(2, "b.png")])
    whole = file.read_bytes()
    file.write_bytes(whole[: whole.index(b"b.png")])
    wanted = NewExhibits("cut", folder, vics=file)
    with pytest.raises(BadInput):
        app.exhibiting.exhibits.load(examiner, wanted)
    with app.db.read() as tx:
        (failed,) = exhibits.every(tx)
    assert failed.state is SetState.FAILED
    assert "ends before its end" in failed.fault
    file.write_bytes(whole)
    done = app.exhibiting.exhibits.load(examiner, wanted)
    assert (done.state, done.taken, done.offered) == (SetState.DONE, 2, 2)


def test_the_worker_takes_in_what_was_begun(app, examiner, tmp_path):
    folder = seized(tmp_path / "1", {"a.png": photo(1)})
    begun = app.exhibiting.exhibits.begin(examiner, NewExhibits("later", folder))
    assert begun.state is SetState.TAKING
    app.exhibiting.exhibits.turn()
    assert app.exhibiting.exhibits.get(examiner, begun.number).state is SetState.DONE
    app.exhibiting.exhibits.turn()
    assert len(files_of(app, begun.number)) == 1


def test_who_may_and_what_is_refused(app, examiner, tmp_path):
    folder, take = seized(tmp_path / "1", {"a.png": photo(1)}), app.exhibiting.exhibits
    grader = somebody(app, Role.GRADER, Role.ADMIN)
    for refused in (
        lambda: take.load(grader, NewExhibits("x", folder)), lambda: take.every(grader),
        lambda: take.told(grader, 1),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            refused()
    for wrong in (
        NewExhibits(" ", folder), NewExhibits("x", tmp_path / "none"),
        NewExhibits("x", folder, vics=tmp_path / "none.json"), NewExhibits("x" * 201, folder),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            take.load(examiner, wrong)
    done = take.load(examiner, NewExhibits("x", folder))
    with pytest.raises(Conflict):
        take.load(examiner, NewExhibits("x", folder, vics=vics(tmp_path / "v.json", [])))
    (one,) = files_of(app, done.number)
    assert take.told(examiner, one.number).told["path"] == "a.png"
    with app.db.read() as tx:
        read = [row.action for row in audit.page(tx, actor=str(examiner.id))]
    assert read[0] == "exhibit.read"


def test_paths_and_times_lie_in_no_column_in_clear(app, examiner, tmp_path):
    name = "somebody-by-name.png"
    done = app.exhibiting.exhibits.load(
        examiner, NewExhibits("sealed", seized(tmp_path / "1", {name: photo(1)}))
    )
    with app.db.read() as tx:
        rows = [*tx.run("SELECT * FROM exhibits"), *tx.run("SELECT * FROM exhibit_sets")]
    text = "".join(
        value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for row in rows
        for value in row
    )
    assert name not in text
    assert name.encode().hex() not in text
    assert done.checkpoint["after"] == name.encode().hex()
