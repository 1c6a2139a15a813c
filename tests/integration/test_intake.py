"""The main job on real parts: what is known is blocked, kept and shown; the rest is forgotten."""

from __future__ import annotations

import io
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from breakwater.app import App, build
from breakwater.banks.manage import NewBank, NewEntry, Provenance
from breakwater.errors import (
    DatabaseInUse,
    IdempotencyReuse,
    NeedsSecondPerson,
    NotFound,
    ScanningNotPermitted,
)
from breakwater.fingerprint.video import unpack
from breakwater.intake.lookup import Named
from breakwater.intake.submit import Submission
from breakwater.model.access import Principal
from breakwater.model.bank import BankAction, EntryStatus
from breakwater.model.case import CaseKind
from breakwater.model.match import Action
from breakwater.model.signal import Signal, View
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.records import accounts, cases, entries, uploads, videos
from breakwater.worker.loop import Worker
from tests.integration.conftest import person, photo, spooled, work

VIDEOS = Path(__file__).parents[1] / "data/videos"
ADDRESS = "203.0.113.77"


def submit(
    app: App, content: bytes, by: Principal, *, surface: Surface = Surface.PUBLIC, key: str = "",
    jurisdiction: str = "", declared: str = "", account: str = "acct-17",
) -> Upload:  # fmt: skip
    with spooled(content, app.settings.spool_dir) as spool:
        return app.intake.submit(
            spool,
            Submission(
                "photos", surface, declared_type=declared, idempotency_key=key,
                origin=Origin(
                    account=account, address=ADDRESS, port=40001, jurisdiction=jurisdiction,
                    reference="obj-1",
                ),
            ),
            by,
        )  # fmt: skip


def pdq_of(app: App, content: bytes) -> NewEntry:
    """The entry that a picture would be listed as."""
    with spooled(content, app.settings.spool_dir) as spool, spool.reader() as reader:
        prints = app.pool.fingerprint(
            reader, declared="", limits=app.intake.limits.image, lane="list"
        )
    found = next(p for p in prints.of("pdq") if p.view is View.ORIGINAL)  # type: ignore[union-attr]
    return NewEntry(found.signal, found.quality)


@pytest.fixture
def known(app: App, machine: Principal) -> bytes:
    """A picture that is listed in the blocking bank KNOWN."""
    picture = photo(1)
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK, verified=True), machine)
    app.banks.add("KNOWN", [pdq_of(app, picture)], machine, Provenance(labels=("demo",)))
    return picture


def test_a_known_picture_is_blocked_kept_and_a_case(
    app: App, machine: Principal, known: bytes
) -> None:
    upload = submit(app, known, machine)
    assert upload.verdict is not None
    assert upload.verdict.action is Action.BLOCK
    assert upload.verdict.rule == "bank.block"
    match = upload.verdict.matches[0]
    assert (match.bank, match.distance, match.labels) == ("KNOWN", 0, ("demo",))
    with app.db.read() as tx:
        assert upload.case is not None
        case = cases.get(tx, upload.case)
        assert case.kind is CaseKind.UPLOAD
        assert "0 of 256 bits differ" in case.why
        assert uploads.get(tx, upload.id).origin.address == ADDRESS
    assert upload.blob is not None
    with app.vault.open(upload.blob) as kept:
        assert kept.read() == known


def test_an_edited_copy_is_blocked_and_a_mirrored_one_says_so(
    app: App, machine: Principal, known: bytes
) -> None:
    picture = Image.open(io.BytesIO(known))
    small = io.BytesIO()
    picture.resize((200, 150)).save(small, "JPEG", quality=60)
    verdict = submit(app, small.getvalue(), machine).verdict
    assert verdict is not None
    assert verdict.action is Action.BLOCK
    mirrored = io.BytesIO()
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(mirrored, "PNG")
    verdict = submit(app, mirrored.getvalue(), machine).verdict
    assert verdict is not None
    assert verdict.action is Action.BLOCK
    assert verdict.matches[0].view is not View.ORIGINAL


def test_an_unknown_picture_passes_and_its_sender_is_forgotten(
    app: App, machine: Principal, known: bytes, settings: object
) -> None:
    upload = submit(app, photo(2), machine, account="canary-account")
    assert upload.verdict is not None
    assert upload.verdict.action is Action.ALLOW
    assert upload.case is None
    assert upload.blob is None
    app.db.checkpoint()
    for file in app.settings.data_dir.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"canary-account" not in content, file
            assert ADDRESS.encode() not in content, file


def test_a_blocked_senders_address_is_sealed_at_rest(
    app: App, machine: Principal, known: bytes
) -> None:
    submit(app, known, machine, account="canary-account")
    for file in app.settings.data_dir.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"canary-account" not in content, file
            assert ADDRESS.encode() not in content, file


@pytest.mark.parametrize(
    ("content", "declared", "rule"),
    [
        (b"", "", "undecodable.empty"),
        (b"hello, this is text", "", "undecodable.unknown_type"),
        (photo(3)[:500], "", "undecodable.truncated"),
        (photo(3), "image/jpeg", "undecodable.type_mismatch"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "", "undecodable.refused_type"),
    ],
)
def test_what_cannot_be_read_is_a_case_and_never_allowed(
    app: App, machine: Principal, content: bytes, declared: str, rule: str
) -> None:
    upload = submit(app, content, machine, declared=declared)
    assert upload.verdict is not None
    assert upload.verdict.action is Action.HOLD
    assert upload.verdict.rule.startswith("undecodable.")
    if rule != "undecodable.truncated":
        assert upload.verdict.rule == rule
    assert upload.case is not None


def test_private_content_without_a_basis_is_refused_and_nothing_is_stored(
    app: App, machine: Principal, known: bytes
) -> None:
    with pytest.raises(ScanningNotPermitted):
        submit(app, known, machine, surface=Surface.PRIVATE, jurisdiction="DE")
    with app.db.read() as tx:
        assert uploads.recent(tx, 10) == []


def test_a_repeated_request_is_answered_alike_and_another_body_refused(
    app: App, machine: Principal, known: bytes
) -> None:
    first = submit(app, known, machine, key="k-1")
    again = submit(app, known, machine, key="k-1")
    assert first.id == again.id
    assert first.case == again.case
    with pytest.raises(IdempotencyReuse):
        submit(app, photo(9), machine, key="k-1")


def test_another_services_verdict_is_not_found(app: App, machine: Principal, known: bytes) -> None:

    upload = submit(app, known, machine)
    assert app.intake.get(upload.id, machine).verdict == upload.verdict
    with pytest.raises(NotFound):
        app.intake.get(upload.id, replace(machine, service="other"))


def test_what_passed_becomes_a_case_when_it_is_listed_later(
    app: App, machine: Principal, known: bytes, worker: Worker
) -> None:
    passed = submit(app, photo(5), machine)
    assert passed.case is None
    app.banks.add("KNOWN", [pdq_of(app, photo(5))], machine)
    work(worker)
    now = app.intake.get(passed.id, machine)
    assert now.verdict is not None
    assert (now.verdict.action, now.revision) == (Action.BLOCK, 2)
    with app.db.read() as tx:
        assert now.case is not None
        assert cases.get(tx, now.case).kind is CaseKind.RETROACTIVE


def test_what_passed_is_found_by_an_exact_hash_too(
    app: App, machine: Principal, known: bytes, worker: Worker
) -> None:
    passed = submit(app, photo(6), machine)
    for kind, value in (("md5", passed.md5), ("sha1", passed.sha1), ("sha256", passed.sha256)):
        app.banks.add("KNOWN", [NewEntry(Signal.parse(f"{kind}:{value}"))], machine)
    work(worker)
    now = app.intake.get(passed.id, machine)
    assert now.verdict is not None
    assert now.verdict.action is Action.BLOCK
    assert {m.kind for m in now.verdict.matches} == {"md5", "sha1", "sha256"}


def test_a_withdrawn_entry_no_longer_blocks_and_frees_what_it_held(
    app: App, machine: Principal, known: bytes, worker: Worker
) -> None:
    held = submit(app, known, machine)
    assert held.verdict is not None
    app.banks.withdraw(held.verdict.matches[0].number, machine, "listed by mistake")
    assert submit(app, known, machine).verdict.action is Action.ALLOW  # type: ignore[union-attr]
    work(worker)
    now = app.intake.get(held.id, machine)
    assert now.verdict is not None
    assert now.verdict.action is Action.ALLOW
    with pytest.raises(NotFound), app.vault.open(held.blob):  # type: ignore[arg-type]
        pass


def test_a_harmless_entry_needs_two_people_and_then_silences(
    app: App, machine: Principal, known: bytes
) -> None:
    app.banks.create(NewBank("LOOSE", action=BankAction.BLOCK), machine)
    other = photo(7)
    app.banks.add("LOOSE", [pdq_of(app, other)], machine)
    ann, bob = person("Ann"), person("Bob")
    app.banks.create(NewBank("HARMLESS"), machine)
    (calm,) = app.banks.add("HARMLESS", [pdq_of(app, other)], ann, Provenance(negative=True))
    assert calm.status is EntryStatus.PROPOSED
    assert submit(app, other, machine).verdict.action is Action.BLOCK  # type: ignore[union-attr]
    with pytest.raises(NeedsSecondPerson):
        app.banks.confirm_negative(calm.number, ann)
    app.banks.confirm_negative(calm.number, bob)
    verdict = submit(app, other, machine).verdict
    assert verdict is not None
    assert (verdict.action, verdict.rule) == (Action.ALLOW, "harmless")


def test_an_entry_that_matches_a_flood_is_quarantined_with_a_case(
    app: App, machine: Principal, known: bytes, worker: Worker
) -> None:
    limit = app.settings.flood_matches_per_hour

    first = submit(app, known, machine)
    work(worker)
    assert first.verdict is not None
    number = first.verdict.matches[0].number
    with app.db.transaction() as tx:
        for _ in range(limit):
            entries.count_match(tx, [number])
    submit(app, known, machine)
    work(worker)
    assert app.banks.entry(number).status is EntryStatus.QUARANTINED
    verdict = submit(app, known, machine).verdict
    assert verdict is not None
    assert (verdict.action, verdict.rule) == (Action.ALLOW, "quarantined")
    assert verdict.matches[0].why_not == "quarantined"
    app.banks.release(number, machine)
    work(worker)
    assert submit(app, known, machine).verdict.action is Action.BLOCK  # type: ignore[union-attr]


def test_a_large_upload_is_durable_before_202_and_finished_by_the_worker(
    app: App, machine: Principal, known: bytes, worker: Worker
) -> None:

    app.intake.limits = replace(app.intake.limits, inline_bytes=10)
    pending = submit(app, known, machine)
    assert pending.state is UploadState.PENDING
    assert pending.verdict is None
    work(worker)
    done = app.intake.get(pending.id, machine)
    assert done.verdict is not None
    assert done.verdict.action is Action.BLOCK
    harmless = submit(app, photo(11), machine)
    work(worker)
    now = app.intake.get(harmless.id, machine)
    assert now.verdict is not None
    assert now.verdict.action is Action.ALLOW
    with pytest.raises(NotFound), app.vault.open(harmless.blob):  # type: ignore[arg-type]
        pass


def test_a_remembered_lookup_becomes_a_case_and_one_that_is_not_keeps_nothing(
    app: App, machine: Principal, known: bytes
) -> None:
    entry = pdq_of(app, known)
    assert app.lookups.lookup([entry.signal])[0][0].bank == "KNOWN"
    with app.db.read() as tx:
        assert uploads.recent(tx, 10) == []
    found, upload = app.lookups.remember(
        [entry.signal], Named("photos", Surface.PUBLIC, "obj-7"), principal=machine
    )
    assert found[0][0].distance == 0
    assert upload.case is not None


def test_a_case_with_an_account_asks_for_its_data_and_shows_the_gap(
    app: App, machine: Principal, known: bytes, worker: Worker
) -> None:
    submit(app, known, machine, account="acct-3")
    work(worker)
    with app.db.read() as tx:
        told = accounts.snapshots(tx, "photos", "acct-3")
    assert ["callback" in snapshot.gap for snapshot in told] == [True]


def test_a_videos_frames_are_kept_as_one_blob_and_a_listed_frame_finds_it(
    app: App, machine: Principal, known: bytes, worker: Worker
) -> None:
    content = (VIDEOS / "chair-19-sd-bar.mp4").read_bytes()
    passed = submit(app, content, machine)
    assert passed.verdict is not None
    assert passed.verdict.action is Action.ALLOW
    with app.db.read() as tx:
        packed = videos.packed_of(tx, passed.id)
    assert packed is not None
    frames = unpack(packed)
    assert len(frames) > 1
    good = next(frame for frame in frames if frame.quality >= 50)
    app.banks.add("KNOWN", [NewEntry(Signal("pdq", good.value), good.quality)], machine)
    work(worker)
    now = app.intake.get(passed.id, machine)
    assert now.verdict is not None
    assert now.verdict.action is Action.BLOCK
    again = submit(app, content, machine).verdict
    assert again is not None
    assert again.matches[0].moments


def test_metrics_say_how_things_stand(app: App, machine: Principal, known: bytes) -> None:
    submit(app, known, machine)
    for turn in app.turns:
        turn.run()
    told = app.metrics.exposition().decode()
    assert 'breakwater_index_entries{kind="pdq"} 1.0' in told
    assert 'breakwater_cases_open{priority="high"} 1.0' in told
    assert "breakwater_index_lag_changes 0.0" in told
    assert 'breakwater_uploads_total{action="block",rule="bank.block"} 1.0' in told


def test_the_index_is_only_a_cache(app: App, machine: Principal, known: bytes) -> None:

    app.close()
    shutil.rmtree(app.settings.index_dir)
    again = build(app.settings, pool=app.pool, decode=False)
    try:
        assert submit(again, known, machine).verdict.action is Action.BLOCK  # type: ignore[union-attr]
    finally:
        again.close()


def test_database_file_has_one_owner(app: App, tmp_path: Path) -> None:

    with pytest.raises(DatabaseInUse):
        build(app.settings, pool=app.pool, decode=False)
    assert sqlite3.sqlite_version_info >= (3, 35)
