"""Received reports as rows: sealed, numbered, one step at a time, and forgotten when they end."""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from tests import builders
from tests import ispws_samples as samples

from breakwater.errors import AppendOnly, Conflict
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import new_id
from breakwater.model.received import ReceivedState
from breakwater.records import received
from breakwater.records.tables.nouns_received import received_files, received_reports
from breakwater.reporting.receiving.answers import Answer, Code
from breakwater.reporting.receiving.ispws import Caller, Ispws, Sent

pytestmark = pytest.mark.usefixtures("keyring")
SENDER = new_id()
XML = "<report>Zoë 静</report>".encode()


def opened(tx, xml: bytes = XML, sender=SENDER):
    return received.open_report(
        tx, sender=sender, service="photos", xml=xml, sha256=hashlib.sha256(xml).hexdigest()
    )


def added(tx, vault, report, content: bytes = b"picture", name: str = "kim's file.jpg"):
    return received.add_file(
        tx, report, name=name, declared_type="image/jpeg", size=len(content),
        md5=hashlib.md5(content).hexdigest(), sha256=hashlib.sha256(content).hexdigest(),
        blob=vault,
    )  # fmt: skip


@pytest.fixture
def blob(vault):
    return vault.put(io.BytesIO(b"picture"), purpose="evidence")


def test_what_a_sender_wrote_is_kept_whole_and_sealed(database, blob):
    with database.transaction() as tx:
        one, two = opened(tx), opened(tx)
        assert two.number == one.number + 1
        file = added(tx, blob, one)
        received.describe(tx, one, file, b"<fileDetails>otter</fileDetails>")
    with database.read() as tx:
        assert received.xml_of(tx, one.id) == XML
        assert received.find(tx, one.number) == received.get(tx, one.id)
        kept = received.file(tx, file.id)
        assert kept is not None
        assert kept.name == "kim's file.jpg"
        assert kept.details == b"<fileDetails>otter</fileDetails>"
        assert kept.token == file.id.replace("-", "")
        for table in (received_reports, received_files):
            rows = [str(value) for row in tx.execute(sa.select(table)) for value in row]
            assert not any(word in value for value in rows for word in ("Zoë", "kim", "otter"))
        for impossible in (0, -1, 1 << 63, two.number + 1):
            assert received.find(tx, impossible) is None


def test_a_file_is_described_once(database, blob):
    with database.transaction() as tx:
        report = opened(tx)
        file = added(tx, blob, report)
        received.describe(tx, report, file, b"first")
        with pytest.raises(Conflict):
            received.describe(tx, report, file, b"second")
        found = received.file(tx, file.id)
        assert found is not None
        assert found.details == b"first"


@pytest.mark.parametrize("end", ["finish", "retract"])
def test_a_report_that_ended_takes_nothing_more(database, blob, end):
    with database.transaction() as tx:
        report = opened(tx)
        case = builders.case(tx)
        if end == "finish":
            received.finish(tx, report, case.id)
            assert received.of_case(tx, case.id) == received.get(tx, report.id)
        else:
            received.discard(tx, report, ReceivedState.RETRACTED)
        for act in (
            lambda: added(tx, blob, report),
            lambda: received.finish(tx, report, case.id),
            lambda: received.discard(tx, report, ReceivedState.RETRACTED),
        ):
            with pytest.raises(Conflict):
                act()
        assert received.files_of(tx, report.id) == []


def test_what_is_taken_back_is_forgotten_and_its_row_stays(database, blob):
    with database.transaction() as tx:
        report = opened(tx)
        file = added(tx, blob, report)
        assert received.discard(tx, report, ReceivedState.EXPIRED) == [blob]
        assert received.xml_of(tx, report.id) == b""
        left = received.file(tx, file.id)
        assert left is not None
        assert (left.blob, left.name, left.details) == (None, "", b"")
        assert received.get(tx, report.id).state is ReceivedState.EXPIRED


def test_the_same_file_in_an_earlier_finished_report_is_found(database, blob, vault):
    other = vault.put(io.BytesIO(b"x"), purpose="evidence")
    third = vault.put(io.BytesIO(b"x"), purpose="evidence")
    with database.transaction() as tx:
        first, unfinished, last = opened(tx), opened(tx), opened(tx)
        added(tx, blob, first)
        added(tx, other, unfinished)
        mine = added(tx, third, last)
        assert received.seen_before(tx, last.id, [mine]) == {}
        received.finish(tx, first, builders.case(tx).id)
        found = received.seen_before(tx, last.id, [mine])
        assert [one.number for one in found[mine.id]] == [first.number]


def test_prints_of_other_finished_reports_are_read(database, blob, vault):
    other = vault.put(io.BytesIO(b"x"), purpose="evidence")
    with database.transaction() as tx:
        first, last = opened(tx), opened(tx)
        old, new = added(tx, blob, first), added(tx, other, last)
        received.keep_prints(tx, old.id, [b"\1" * 32, b"\2" * 32])
        received.keep_prints(tx, old.id, [b"\1" * 32, b"\2" * 32])
        received.keep_prints(tx, new.id, [b"\3" * 32])
        assert received.prints(tx, but=last.id) == []
        received.finish(tx, first, builders.case(tx).id)
        assert sorted(received.prints(tx, but=last.id)) == [
            (first.number, old.id, b"\1" * 32), (first.number, old.id, b"\2" * 32),
        ]  # fmt: skip
        assert received.prints_of(tx, last.id) == {new.id: [b"\3" * 32]}


def test_calls_and_referrals_are_only_ever_added(database):
    with database.transaction() as tx:
        report = opened(tx)
        received.note_call(
            tx, number=report.number, what="submit", code=0, sender=SENDER, request="r"
        )
        received.refer(tx, report.id, recipient="Polizei", reference="7", by=SENDER)
        assert [c.what for c in received.calls_of(tx, report.number)] == ["submit"]
        assert [r.recipient for r in received.referrals_of(tx, report.id)] == ["Polizei"]
    for statement in (
        "UPDATE received_calls SET code = 0", "DELETE FROM received_calls",
        "UPDATE received_referrals SET recipient = ''", "DELETE FROM received_referrals",
    ):  # fmt: skip
        with pytest.raises(AppendOnly), database.transaction() as tx:
            tx.execute(sa.text(statement))


KEY = Caller(
    Principal(SENDER, "photos", frozenset({Permission.REPORT_SUBMIT}), service="photos"),
    request="a-request",
)


def uploaded(server: Ispws, report: int, content: bytes = b"x") -> Answer:
    digests = hashlib.md5(content).hexdigest(), hashlib.sha256(content).hexdigest()
    sent = Sent("a.jpg", "image/jpeg", len(content), *digests)
    return server.upload(KEY, str(report), sent, io.BytesIO(content))


@pytest.fixture
def server(database, vault, clock):
    return Ispws(db=database, vault=vault, clock=clock)


def test_an_unfinished_report_ends_after_24_hours_or_1_hour_of_rest(server, database, clock):
    left, kept = (server.submit(KEY, samples.report()).report_id for _ in range(2))
    file = uploaded(server, left).file_id
    clock.advance(23 * 3600 + 3000)
    assert uploaded(server, kept).code is Code.SUCCESS
    clock.advance(599)
    assert uploaded(server, left).code is Code.SUCCESS, "a second before its end"
    clock.advance(3600)
    for answer in (
        server.finish(KEY, str(left)),
        server.fileinfo(KEY, samples.details(left, file)),
        uploaded(server, left),
        server.retract(KEY, str(left)),
    ):
        assert answer.code is Code.NO_REPORT
    assert server.sweep() == 2
    assert server.sweep() == 0
    with database.read() as tx:
        gone = received.find(tx, left)
        assert gone is not None
        assert gone.state is ReceivedState.EXPIRED
        assert received.xml_of(tx, gone.id) == b""
        assert [one.blob for one in received.files_of(tx, gone.id)] == [None, None]


def test_what_is_worked_on_is_kept_longer_than_a_day(server, database, clock):
    kept = server.submit(KEY, samples.report()).report_id
    for _ in range(30):
        clock.advance(3599)
        assert uploaded(server, kept).code is Code.SUCCESS
        assert server.sweep() == 0
    clock.advance(3599)
    done = server.finish(KEY, str(kept))
    assert done.code is Code.SUCCESS
    assert done.files is not None
    assert len(done.files) == 30


def test_of_two_finishes_at_once_one_is_done_and_one_case_opened(server, database):
    report = server.submit(KEY, samples.report()).report_id
    with ThreadPoolExecutor(8) as several:
        answers = list(several.map(lambda _: server.finish(KEY, str(report)), range(8)))
    codes = sorted(int(answer.code) for answer in answers)
    assert codes == [0] + [5102] * 7
    with database.read() as tx:
        found = tx.execute(sa.text("SELECT COUNT(*) FROM cases")).scalar_one()
        finished = [c for c in received.calls_of(tx, report) if c.what == "finish" and c.code == 0]
    assert found == 1
    assert len(finished) == 1


def test_files_that_come_at_once_are_all_kept_each_in_its_place(server, database):
    report = server.submit(KEY, samples.report()).report_id
    with ThreadPoolExecutor(8) as several:
        answers = list(several.map(lambda n: uploaded(server, report, b"%d" % n), range(16)))
    assert {answer.code for answer in answers} == {Code.SUCCESS}
    files = server.finish(KEY, str(report)).files
    assert files is not None
    assert set(files) == {answer.file_id for answer in answers}
    with database.read() as tx:
        kept = received.files_of(tx, received.find(tx, report).id)
    assert [one.place for one in kept] == list(range(16))
