"""Filings to other recipients: sealed once, handed over once, whatever stops between; both databases."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from datetime import timedelta
from hashlib import md5, sha256

import pyrage
import pytest
from tests.integration.matrix_filing import simple_report

from breakwater.errors import BadInput, Conflict, SendingRefused
from breakwater.model.case import CaseKind, Priority
from breakwater.model.filing import Answer, FilingFile, FilingState
from breakwater.model.ids import new_id
from breakwater.model.recipient import Recipient
from breakwater.model.report import ReportFile
from breakwater.model.sending import RecipientKind
from breakwater.records import cases, filing_steps, filings, parcels
from breakwater.records.vault import Vault
from breakwater.reporting.sinks.courier import Courier, To
from breakwater.reporting.sinks.referral import Referral
from breakwater.reporting.sinks.ways import ByHand, IntoFolder

pytestmark = pytest.mark.usefixtures("keyring")
MEDIA = b"an ordinary picture of a heron " * 5000
POINTS = ("before-seal", "after-seal", "kept-seal", "before-hand-over", "after-hand-over", "kept-hand-over")  # fmt: skip


class Killed(BaseException):
    """The process ends here."""


class Desk:
    """A recipient with a folder, a case with one file, and a courier that may be killed."""

    def __init__(self, database, place) -> None:
        self.db, self.place = database, place
        self.folder = place / "out"
        self.folder.mkdir()
        (place / "vault").mkdir()
        self.key = pyrage.x25519.Identity.generate()
        self.vault = Vault(place / "vault", database, database.keys)
        self.way = IntoFolder(self.folder)
        self.refusal = None

    def courier(self, *, kill: str = "", hand: bool = False, media: bool = True) -> Courier:
        def reached(point: str) -> None:
            if point == kill:
                raise Killed

        def permit(tx, filing) -> None:
            del tx, filing
            if self.refusal:
                raise self.refusal

        one = Recipient(
            "police", "Police", "GB", RecipientKind.POLICE, "police", (str(self.key.to_public()),),
            media=media,
        )  # fmt: skip
        to = {"police": To(one, Referral(ByHand() if hand else self.way))}
        return Courier(
            db=self.db, vault=self.vault, to=to, spool=self.place, permit=permit, reached=reached
        )

    def filing(self):
        blob = self.vault.put(io.BytesIO(MEDIA), purpose="evidence")
        digest = sha256(MEDIA).hexdigest()
        told = ReportFile(blob=blob, name="../héron 鷺.jpg", sha256=digest)
        report = replace(simple_report(), files=(told,))
        kept = FilingFile(0, blob, len(MEDIA), digest, md5(MEDIA).hexdigest())
        with self.db.transaction() as tx:
            case = cases.open(
                tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Seen.", priority=Priority.HIGH
            )
            about = filings.About(case.id, "police", tx.now, tx.now + timedelta(days=1))
            made = filings.draft(tx, about, report.plain(), (kept,))
            return filings.move(tx, made, FilingState.NEW)

    def now(self, one):
        with self.db.read() as tx:
            return filings.get(tx, one.id)

    def opened(self, data: bytes) -> dict[str, bytes]:
        plain = pyrage.decrypt(data, [self.key])
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            return {one.name: tar.extractfile(one).read() for one in tar.getmembers()}


@pytest.fixture
def desk(database, tmp_path) -> Desk:
    return Desk(database, tmp_path)


def test_a_referral_is_sealed_to_the_recipient_and_put_into_its_folder(desk) -> None:
    one = desk.filing()
    assert desk.courier().carry(one.id) is None
    done = desk.now(one)
    assert (done.state, done.report_id) == (FilingState.FINISHED, f"BW-{done.number}-1")
    (file,) = desk.folder.iterdir()
    found = desk.opened(file.read_bytes())
    assert found["files/001-_h_ron__.jpg"] == MEDIA
    assert all(not name.startswith(("/", ".")) for name in found)
    assert {"report.json", "read-me.txt"} < set(found)
    with desk.db.read() as tx:
        parcel = parcels.find(tx, one.id)
    assert parcel.sha256 == sha256(file.read_bytes()).hexdigest()
    receipt = desk.courier().receive("officer", one.id, "Crime 12/3456")
    with desk.db.read() as tx:
        assert parcels.receipts(tx, one.id) == [receipt]


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point_loses_nothing_and_doubles_nothing(desk, point) -> None:
    one = desk.filing()
    with pytest.raises(Killed):
        desk.courier(kill=point).carry(one.id)
    assert desk.courier().carry(one.id) is None
    assert desk.courier().carry(one.id) is None
    assert desk.now(one).state is FilingState.FINISHED
    (file,) = desk.folder.iterdir()
    with desk.db.read() as tx:
        assert parcels.find(tx, one.id).sha256 == sha256(file.read_bytes()).hexdigest()
        steps = filing_steps.of_filing(tx, one.id)
        assert filing_steps.unanswered(tx, desk.now(one)) is None
    assert [s.call.value for s in steps if s.phase.value == "answer"][-1] == "finish"


def test_a_folder_that_is_away_for_a_week_takes_it_when_it_is_back(desk) -> None:
    one = desk.filing()
    desk.folder.rmdir()
    later = [desk.courier().carry(one.id, tries) for tries in (1, 5, 400)]
    assert all(each.fault == "unavailable" for each in later)
    desk.folder.mkdir()
    assert desk.courier().carry(one.id) is None
    assert len(list(desk.folder.iterdir())) == 1
    assert desk.now(one).fault == ""


def test_what_a_person_hands_over_is_filed_when_its_receipt_is_written_down(desk) -> None:
    one, courier = desk.filing(), desk.courier(hand=True)
    with pytest.raises(Conflict):
        courier.receive("officer", one.id, "too early")
    assert courier.carry(one.id) is None
    assert desk.now(one).state is FilingState.DESCRIBED
    parcel, source = courier.opened("officer", one.id)
    with source:
        assert parcel.size == len(source.read())
    with pytest.raises(BadInput):
        courier.receive("officer", one.id, "  ")
    courier.receive("officer", one.id, "Handed to Sgt Example, 3 March")
    assert desk.now(one).state is FilingState.FINISHED


def test_what_the_table_refuses_stops_before_it_is_sealed(desk) -> None:
    one = desk.filing()
    desk.refusal = SendingRefused("Not to Police. media: why.")
    assert desk.courier().carry(one.id) is None
    stopped = desk.now(one)
    assert (stopped.state, stopped.fault) == (FilingState.DEAD, "sending_refused")
    with desk.db.read() as tx:
        assert parcels.find(tx, one.id) is None
        assert "sending.refused" in {step.what for step in cases.history(tx, one.case)}
    desk.refusal = None
    with desk.db.transaction() as tx:
        filings.begin_anew(tx, desk.now(one))
    assert desk.courier().carry(one.id) is None
    assert desk.now(one).state is FilingState.FINISHED


def test_media_stay_here_where_the_recipient_takes_none(desk) -> None:
    one = desk.filing()
    desk.courier(media=False).carry(one.id)
    (file,) = desk.folder.iterdir()
    found = desk.opened(file.read_bytes())
    assert not any(name.startswith("files/") for name in found)
    assert sha256(MEDIA).hexdigest() in found["report.json"].decode()


def test_a_final_refusal_stops_for_a_person(desk) -> None:
    class No:
        def hand_over(self, parcel, filing, source):
            return Answer(4000, description="mail refused: 550")

    desk.way = No()
    one = desk.filing()
    assert desk.courier().carry(one.id) is None
    assert (desk.now(one).state, desk.now(one).fault) == (FilingState.DEAD, "mail refused: 550")


def test_a_stranger_opens_nothing(desk) -> None:
    one = desk.filing()
    desk.courier().carry(one.id)
    (file,) = desk.folder.iterdir()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.generate()])


def test_two_who_carry_the_same_hand_over_one(desk) -> None:
    one = desk.filing()
    taken = []

    class Slow(IntoFolder):
        def hand_over(self, parcel, filing, source):
            if not taken:
                taken.append(True)
                desk.courier().carry(one.id)
            return super().hand_over(parcel, filing, source)

    desk.way = Slow(desk.folder)
    with pytest.raises(Exception, match="taken this over"):
        desk.courier().carry(one.id)
    assert desk.now(one).state is FilingState.FINISHED
    assert len(list(desk.folder.iterdir())) == 1
