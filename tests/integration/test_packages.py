"""A package from a decided case to the officer's receipt: whole, sealed, checked by bare Python."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
import tracemalloc
from pathlib import Path

import pyrage
import pytest

from breakwater.cli.opening import HereDesk
from breakwater.errors import (
    BadInput,
    Conflict,
    DiskFull,
    NeedsSecondPerson,
    NotAllowed,
    NotFound,
    SendingRefused,
)
from breakwater.model.access import Role
from breakwater.model.broadcast import Sender
from breakwater.model.case import CaseKind, Priority
from breakwater.model.ids import new_id
from breakwater.model.match import Match
from breakwater.model.package import PackageState
from breakwater.model.signal import MD5
from breakwater.model.stream import Alert, Control
from breakwater.records import audit, cases, received, stream_alerts, stream_orders
from breakwater.reporting.packages import notes, verify
from breakwater.reporting.packages.notes import ReceiptText
from breakwater.reporting.packages.packages import NewKey, Wish
from breakwater.reporting.receiving import casework
from breakwater.review.grading.sources import MediaFolder
from breakwater.review.grading.vics import VicsReader
from tests import ispws_samples as samples
from tests.integration import deciding, packing
from tests.integration.conftest import photo
from tests.integration.packing import AT, checked, facts_of, files_of, police, verified
from tests.integration.served import OPERATOR
from tests.integration.test_review_views import somebody

house, case, good, copy = packing.house, packing.case, packing.good, packing.copy
set_up_once = deciding.set_up_once


def test_a_good_package_passes_in_a_bare_interpreter(house, good, case):
    done = verified(good)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it is as it was sealed." in done.stdout
    assert not done.stderr
    for what in ("PDQ from luma", "entries in the signed tree", "signatures (Ed25519)"):
        assert what in done.stdout
    names = files_of(good)
    assert (good / "verify.py").read_bytes() == Path(verify.__file__).read_bytes()
    assert {"papers/cover.pdf", "papers/draft-uk-s9-statement.pdf"} <= set(names)
    assert [name for name in names if name.startswith("papers/draft-fre-902")]
    facts = facts_of(good)
    assert facts["case_number"] >= 1
    assert [one["name"] for one in facts["recipients"]] == ["Police of Ö"]
    assert (facts["proposed"]["name"], facts["agreed"]["name"]) == ("Ada Ö", "Ben")
    assert facts["reports"][0]["papers"] == [
        "reports/1/0001-submit-sent.xml", "reports/1/0002-submit-answered.xml",
    ]  # fmt: skip
    assert (good / "reports/1/0001-submit-sent.xml").read_bytes() == b"<report/>"
    (told,) = (one for one in facts["items"] if one["name"] == "accounts.json")
    assert "Zoë 👩‍👧 نور" in (good / told["path"]).read_text()


def test_each_compared_frame_gives_its_hash_from_its_luma(good):
    found = [
        one for item in facts_of(good)["items"] for one in item["comparisons"]
        if one["kind"] == "pdq"
    ]  # fmt: skip
    assert {"original", "flipy"} <= {one["view"] for one in found}
    assert all(one["luma"] and one["own"] for one in found)
    sizes = {(good / one["luma"]).stat().st_size for one in found}
    assert sizes == {64 * 64 * 4}


def test_pictures_are_decoded_again_by_another_library(good, capsys):
    status, said = checked(good, capsys, "--with-pdqhash")
    assert status == 0, said
    assert "pictures decoded again" in said


def test_two_people_and_no_key_hand_evidence_over(house):
    case = house.case()
    wish = Wish((house.key.id,), "Asked.")
    for nobody in (OPERATOR, somebody(house.app, Role.REVIEWER), somebody(house.app, Role.ADMIN)):
        with pytest.raises(NotAllowed):
            house.desk.propose(nobody, case, wish)
    with pytest.raises(BadInput):
        house.desk.propose(house.first, case, Wish((), "Asked."))
    with pytest.raises(BadInput):
        house.desk.propose(house.first, case, Wish((house.key.id,), " "))
    house.desk.propose(house.first, case, wish)
    with pytest.raises(Conflict):
        house.desk.propose(house.second, case, Wish((house.key.id,), "Other."))
    with pytest.raises(NeedsSecondPerson):
        house.desk.confirm(house.first, case)
    assert house.desk.of_case(house.second, case).waiting is not None
    house.desk.refuse(house.second, case)
    with pytest.raises(NotFound):
        house.desk.confirm(house.second, case)
    assert house.desk.of_case(house.second, case).packages == ()


def test_nothing_goes_where_the_table_does_not_allow_it(house):
    case = house.case()
    abroad = house.enter(police(), "BR", "Police elsewhere")
    with pytest.raises(SendingRefused):
        house.desk.propose(house.first, case, Wish((house.key.id, abroad.id), "Asked."))
    gone = house.enter(police(), "GB", "A desk that closed")
    house.desk.withdraw_key(house.second, gone.id)
    with pytest.raises(BadInput, match="withdrawn"):
        house.desk.propose(house.first, case, Wish((gone.id,), "Asked."))
    secret = str(pyrage.x25519.Identity.generate())
    for bad in (secret, "age1nothing", ""):
        with pytest.raises(BadInput):
            house.desk.add_key(house.first, NewKey("X", "GB", house.key.kind, bad))


def test_every_step_is_in_the_log_before_it_is_done(house, case, tmp_path):
    package = house.made(case)
    house.taken(package, house.second)
    with house.app.db.read() as tx:
        rows = audit.page(tx, subject=package.id)
    assert [row.action for row in reversed(rows)] == [
        "package.make",
        "package.seal",
        "package.take",
    ]
    assert rows[0].actor == house.second.person
    assert rows[1].facts["sha256"] == package.sha256
    folder = house.whom.opened(house.taken(package), tmp_path)
    entries = [
        json.loads(line) for line in (folder / "audit/entries.jsonl").read_text().splitlines()
    ]
    actions = {json.loads(one["leaf"])["action"] for one in entries}
    assert {"package.make", "package.propose", "case.decide"} <= actions


def test_the_officers_receipt_is_checked_and_kept(house, case):
    package = house.made(case)
    said = ReceiptText(package.id, package.sha256, AT, "Sgt. Maja Lind, Malmö")

    def receipt(what=said, pem=house.whom.pem):
        return notes.sign_receipt(what, pem=pem, name="police.example")

    good = receipt()
    other, _ = notes.new_key()
    wrong = ReceiptText(package.id, "00" * 32, AT, "Sgt. Maja Lind")
    for bad in (receipt(pem=other), receipt(wrong), good.replace("Maja", "Mara"), "x", good[:-9]):
        with pytest.raises(BadInput):
            house.desk.record(house.first, bad)
    kept = house.desk.record(house.first, good)
    assert kept.officer == "Sgt. Maja Lind, Malmö"
    with pytest.raises(Conflict):
        house.desk.record(house.second, good)
    found = house.desk.of_case(house.first, case).receipts[package.id]
    assert [one.text for one in found] == [good]


def test_bytes_whose_key_is_gone_are_a_gap_and_the_rest_is_right(house, tmp_path, capsys):
    case = house.case()
    kept = house.file(case, b"GIF89a kept", name="Ein Ä \u202e\U0001f600 gpj.\n../../x")
    gone = house.file(case, b"GIF89a gone", name="weg.gif")
    house.app.vault.shred(gone.blob)
    folder = house.unpacked(case, tmp_path)
    status, said = checked(folder, capsys)
    assert status == 0, said
    assert "the key in the vault is gone" in said
    items = {one["id"]: one for one in facts_of(folder)["items"]}
    assert items[kept.id]["name"] == "Ein Ä \u202e\U0001f600 gpj.\n../../x"
    assert (folder / items[kept.id]["path"]).read_bytes() == b"GIF89a kept"
    assert items[gone.id]["path"] == ""
    assert items[gone.id]["sha256"] == hashlib.sha256(b"GIF89a gone").hexdigest()


def test_a_case_without_media_or_creator_is_a_package_too(house, tmp_path, capsys):
    folder = house.unpacked(house.case(account=""), tmp_path)
    status, said = checked(folder, capsys)
    assert status == 0, said
    assert "The case holds no media." in said
    assert "Nobody is known who sent it." in said


def test_without_media_no_picture_of_any_size_leaves(house, case, tmp_path, capsys):
    folder = house.unpacked(case, tmp_path, media=False)
    assert checked(folder, capsys)[0] == 0
    assert not [name for name in files_of(folder) if name.startswith(("media/", "luma/"))]
    read = (folder / "READ-ME.txt").read_text()
    assert "    media/" not in read
    assert "    luma/" not in read
    assert "    audit/" in read
    assert any(one["comparisons"] for one in facts_of(folder)["items"])


def test_what_cannot_be_made_says_so_and_is_made_again(house, monkeypatch):
    package = house.agreed(house.case())

    def full(*_, **__):
        raise DiskFull

    with monkeypatch.context() as broken:
        broken.setattr(house.app.vault, "put", full)
        house.app.packages.maker.run(package.id, 3, lambda _: None)
    failed = house.desk.one(house.first, package.id)
    assert (failed.state, failed.fault) == (PackageState.FAILED, DiskFull.code)
    with pytest.raises(NotFound):
        house.desk.take(house.first, package.id)
    house.desk.again(house.first, package.id)
    house.app.packages.maker.run(package.id, 1, lambda _: None)
    assert house.desk.one(house.first, package.id).state is PackageState.SEALED
    with pytest.raises(Conflict):
        house.desk.again(house.first, package.id)


def test_media_that_change_while_they_are_packed_seal_nothing(house, monkeypatch):
    case = house.case()
    one = house.file(case, b"GIF89a one")
    other = house.file(house.case(), b"GIF89a two")
    package = house.agreed(case)
    opened, times = house.app.vault.open, []

    def swapped(blob):
        times.append(blob)
        return opened(other.blob if times.count(one.blob) > 1 and blob == one.blob else blob)

    monkeypatch.setattr(house.app.vault, "open", swapped)
    house.app.packages.maker.run(package.id, 3, lambda _: None)
    assert house.desk.one(house.first, package.id).fault == "tampered"


def test_five_hundred_files(house, tmp_path, capsys):
    case = house.case()
    same = house.file(house.case(), b"GIF89a same")
    names = [f"файл {n} \U0001f4f7.gif" for n in range(500)]
    house.named(case, names, same.blob, same.size, same.sha256)
    folder = house.unpacked(case, tmp_path)
    status, said = checked(folder, capsys)
    assert status == 0, said
    assert len(list((folder / "media").iterdir())) == 500


@pytest.mark.parametrize(
    "size", [48 << 20, pytest.param(2 << 30, marks=pytest.mark.long)], ids=["48 MB", "2 GB"]
)
def test_a_large_video_goes_through_in_bounded_memory(house, tmp_path, size):
    case = house.case()
    with tempfile.TemporaryFile(dir=tmp_path) as sparse:
        sparse.truncate(size)
        one = house.file(case, sparse, name="long.mp4", size=size)
    package = house.agreed(case)
    tracemalloc.start()
    house.app.packages.maker.run(package.id, 3, lambda _: None)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 24 << 20
    found, file = house.desk.take(house.first, package.id)
    with file, (tmp_path / "plain.tar").open("wb") as plain:
        pyrage.decrypt_io(file, plain, [house.whom.identity])
    assert found.size > size
    with tarfile.open(tmp_path / "plain.tar") as tar:
        (inside,) = (name for name in tar.getnames() if "/media/" in name)
        assert tar.getmember(inside).size == one.size


def test_a_command_makes_it_where_nothing_is_served(house, tmp_path):
    case, desk = house.case(), HereDesk(house.app)
    keys = [one["id"] for one in desk.package_keys("Ben") if one["name"] == "Police of Ö"]
    with pytest.raises(NotAllowed):
        desk.packages(str(case), "Rae")
    waits = desk.propose_package(str(case), {"keys": keys[:1], "reason": "Asked."}, "Ben")
    with house.app.db.read() as tx:
        number = cases.get(tx, case).number
    assert desk.packages(str(number), "Ada Ö")["waiting"] == waits
    made = desk.make_package(house.desk.confirm(house.first, case).id, "Ben")
    assert made["state"] == "sealed"
    written = desk.take_package(made["id"], "Ben", tmp_path / "case.age")
    assert written["sha256"] == made["sha256"]
    assert (tmp_path / "case.age").stat().st_mode & 0o777 == 0o600


def test_a_broadcast_without_its_viewers(house, tmp_path, capsys):
    app, at = house.app, house.app.clock.now()
    one = app.live.streams.begin(OPERATOR, "", "live/\u00e9", Sender(account="acct-9"))
    near = Match(
        new_id(), 7, "KNOWN", "pdq", "0f" * 32, 8, 31, own=f"{(int('0f' * 32, 16) ^ 0xFF):064x}",
        time_s=2.5,
    )  # fmt: skip
    with app.db.transaction() as tx:
        case = cases.open(
            tx, kind=CaseKind.STREAM, subject=one.id, why="Seen.", priority=Priority.HIGH,
            service=one.service, account="acct-9",
        )  # fmt: skip
        alert = Alert(one.id, at, 2.5, "match", "It looks like a boat.")
        stream_alerts.add(tx, alert, case=case.id, wanted=Control.CUT, matches=[near])
    held = {
        "preroll": b"G" + bytes(187) + b"G" + bytes(187), "still": photo(1), "viewers": b"{}",
        "comments": b'{"comments": []}',
    }  # fmt: skip
    for what, content in held.items():
        blob = app.vault.put(io.BytesIO(content), purpose="evidence")
        with app.db.transaction() as tx:
            stream_orders.keep(tx, one.id, what, blob=blob, detail="2500")
    with app.db.transaction() as tx:
        stream_orders.keep(tx, one.id, "recording", gap="The media server has none.")
    folder = house.unpacked(case.id, tmp_path)
    status, said = checked(folder, capsys)
    assert status == 0, said
    items = {one["name"]: one for one in facts_of(folder)["items"]}
    assert items["still.jpg"]["transcoded"]
    assert items["broadcast-before.ts"]["path"].endswith(".ts")
    assert (folder / items["broadcast-before.ts"]["path"]).read_bytes() == held["preroll"]
    assert items["broadcast-recording.ts"]["gap"] == "The media server has none."
    assert (folder / items["chat.json"]["path"]).read_bytes() == held["comments"]
    assert "values as they were written down, without their frame: 1" in said
    assert not [name for name in items if "viewers" in name]
    (found,) = items["alerts.json"]["comparisons"]
    assert (found["distance"], found["luma"]) == (8, "")


def test_a_received_report_with_its_files(house, tmp_path, capsys):
    xml = samples.report()
    blob = house.app.vault.put(io.BytesIO(photo(2)), purpose="evidence")
    with house.app.db.transaction() as tx:
        made = received.open_report(
            tx, sender=OPERATOR.id, service="photos", xml=xml,
            sha256=hashlib.sha256(xml).hexdigest(),
        )  # fmt: skip
        received.add_file(
            tx, made, name="\u0444.png", declared_type="image/png", size=len(photo(2)),
            md5=hashlib.md5(photo(2)).hexdigest(), sha256=hashlib.sha256(photo(2)).hexdigest(),
            blob=blob,
        )  # fmt: skip
        case = casework.open_case(tx, made, xml, [])
        received.finish(tx, made, case.id)
    folder = house.unpacked(case.id, tmp_path)
    status, said = checked(folder, capsys)
    assert status == 0, said
    items = {one["name"]: one for one in facts_of(folder)["items"]}
    assert (folder / items["\u0444.png"]["path"]).read_bytes() == photo(2)
    assert (folder / items["received-report.xml"]["path"]).read_bytes() == xml


def test_investigators_programs_find_the_media_beside_the_case(good):
    found = MediaFolder(good)
    for name in ("us", "uk"):
        reader = VicsReader(io.BytesIO((good / f"case-{name}.vics.json").read_bytes()))
        rows = list(reader.rows())
        assert (reader.form, reader.context) == ("vics 2.0", name.upper())
        media = [one for one in facts_of(good)["items"] if one["path"].startswith("media/")]
        assert len(rows) == len(media) > 0
        for row in rows:
            content = found.find(row).read_bytes()
            assert hashlib.md5(content).hexdigest() == row.claimed(MD5)
    assert sorted(path.name for path in (good / "papers").iterdir()) == [
        "cover.pdf", "disclosure-schedule.csv", "disclosure-schedule.pdf",
        "draft-fre-902-11.pdf", "draft-fre-902-13.pdf", "draft-fre-902-14.pdf",
        "draft-uk-s9-statement.pdf",
    ]  # fmt: skip
