"""Cases that lack, overflow or lie: the report is still right, and still one."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from datetime import timedelta

import pytest

from breakwater.errors import Conflict
from breakwater.intake.submit import Submission
from breakwater.model.event import EventType
from breakwater.model.filing import FilingState
from breakwater.model.ids import new_id
from breakwater.model.report import Report
from breakwater.model.upload import Origin, Surface
from breakwater.records import accounts, filings, uploads
from tests import builders
from tests.integration import deciding
from tests.integration import test_filing as ordinary
from tests.integration.conftest import photo, spooled
from tests.integration.deciding import K, told
from tests.integration.test_filing import FOUND, at_receiver, decided, filed

set_up_once, upload, known = ordinary.set_up_once, ordinary.upload, ordinary.known
reviewer, receiver, opened, app = (
    ordinary.reviewer, ordinary.receiver, ordinary.opened, ordinary.app,
)  # fmt: skip
MANY = 500 if os.environ.get("LONG") == "1" else 40
EVERYWHERE = "Zoë 🌊 Ωμέγα \u200fش 漢字 \u0301\u0302 & <b> ]]> \U0010ffff"
PLAIN = Origin(account="acct-17", address="203.0.113.9", port=40001, reference="obj-1")


def submitted(app, by, origin, content=None):
    with spooled(content or photo(1, form="JPEG", quality=80), app.settings.spool_dir) as spool:
        return app.intake.submit(spool, Submission("photos", Surface.PUBLIC, origin=origin), by)


def report_of(app, filing):
    with app.db.read() as tx:
        return Report.read(filings.report_of(tx, filing.id))


def test_without_a_creator_it_says_so_and_goes(app, known, machine, reviewer, receiver):
    one = submitted(app, machine, Origin())
    case = decided(app, one, reviewer)
    (done,) = filed(app, case)
    assert done.state is FilingState.FINISHED
    assert report_of(app, done).reported == ()
    gaps = {gap.what for gap in app.reporting.filings.gaps(case)[done.person]}
    assert {"account"} <= gaps
    assert at_receiver(receiver, done)["state"] == "finished"


@pytest.mark.parametrize(
    ("origin", "address"),
    [
        (replace(PLAIN, address="2001:db8::7"), "2001:db8::7"),
        (replace(PLAIN, address="::ffff:203.0.113.9"), "203.0.113.9"),
        (
            replace(PLAIN, account=EVERYWHERE, place=f"https://clips.example/{EVERYWHERE}"),
            PLAIN.address,
        ),
        (
            replace(PLAIN, account="a" * 256, place="https://clips.example/" + "p" * 1_900),
            PLAIN.address,
        ),
    ],
    ids=["v6", "mapped", "unicode", "long"],
)
def test_addresses_and_letters_of_every_kind_are_taken(
    app, known, machine, reviewer, receiver, origin, address
):
    one = submitted(app, machine, origin)
    (done,) = filed(app, decided(app, one, reviewer))
    assert done.state is FilingState.FINISHED
    (person,) = report_of(app, done).reported
    assert person.account == one.origin.account
    assert {capture.address for capture in person.captures} == {address}
    assert at_receiver(receiver, done)["state"] == "finished"


def test_a_time_in_the_future_is_written_as_it_was_told(app, known, machine, reviewer, receiver):
    ahead = app.db.clock.now() + timedelta(days=400)
    one = submitted(app, machine, replace(PLAIN, posted_at=ahead))
    with app.db.transaction() as tx:
        facts = {"logins": [{"address": "203.0.113.9", "port": 1, "at": ahead.isoformat()}]}
        accounts.put(tx, one.service, one.origin.account, facts, taken_at=tx.now)
    (done,) = filed(app, decided(app, one, reviewer))
    assert done.state is FilingState.FINISHED
    (person,) = report_of(app, done).reported
    assert ahead in {capture.at for capture in person.captures}
    assert at_receiver(receiver, done)["state"] == "finished"


def test_many_files_go_with_one_report(app, known, machine, reviewer, receiver):
    case = decided(app, submitted(app, machine, PLAIN), reviewer)
    (draft,) = app.reporting.filings.draft(case)
    (file,), (kept,) = report_of(app, draft).files, draft.files
    files = tuple(replace(file, name=f"{n:03}.jpg") for n in range(MANY))
    with app.db.transaction() as tx:
        told = replace(Report.read(filings.report_of(tx, draft.id)), files=files)
        filings.redraft(tx, draft, told.plain(), [replace(kept, position=n) for n in range(MANY)])
    app.reporting.filings.want(ordinary.somebody(app, ordinary.Role.REPORT_OFFICER), draft.id)
    assert app.reporting.sender.carry(draft.id) is None
    with app.db.read() as tx:
        (done,) = filings.of_case(tx, case)
    assert (done.state, len(done.files)) == (FilingState.FINISHED, MANY)
    received = at_receiver(receiver, done)
    assert len(received["files"]) == MANY
    assert all(one["described"] for one in received["files"])


def test_what_one_decision_reaches_of_one_account_is_one_report(app, known, machine, reviewer):
    first, *others = [submitted(app, machine, PLAIN) for _ in range(5)]
    stranger = submitted(app, machine, replace(PLAIN, account="acct-18"))
    also = [one.case for one in (*others, stranger)]
    deciding.decide(app, reviewer, first, K.ILLEGAL, facts=FOUND, also=also)
    (draft,) = app.reporting.filings.draft(first.case)
    assert len(draft.files) == 5
    with pytest.raises(Conflict, match=str(first.case)):
        app.reporting.filings.draft(others[-1].case)
    (own,) = app.reporting.filings.draft(stranger.case)
    assert len(own.files) == 1, "another account's is a report of its own"


def test_a_recipient_that_is_down_for_a_week_gets_it_once(
    app, known, machine, reviewer, receiver, clock
):
    one = submitted(app, machine, PLAIN)
    case = decided(app, one, reviewer)
    who = ordinary.somebody(app, ordinary.Role.REPORT_OFFICER)
    (draft,) = app.reporting.filings.draft(case)
    app.reporting.filings.want(who, draft.id)
    before = len(receiver.reports())
    receiver.stop()
    for tries in range(1, 8):
        later = app.reporting.sender.carry(draft.id, tries)
        assert later is not None
        assert later.at > app.db.clock.now()
        clock.advance(86_400)
    app.reporting.filings.remind()
    receiver.restart()
    assert app.reporting.sender.carry(draft.id, 8) is None
    with app.db.read() as tx:
        (done,) = filings.of_case(tx, case)
    assert done.state is FilingState.FINISHED
    assert len(receiver.reports()) == before + 1
    assert len(told(app, EventType.FILING_OVERDUE)) == 1
    assert len(told(app, EventType.FILING_STUCK)) == 1, "said once, not at each try"


@pytest.mark.long
def test_a_video_of_two_gigabytes_is_streamed(app, known, machine, reviewer, receiver, tmp_path):
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.write(photo(1))
        file.truncate(2 << 30)
    with large.open("rb") as source:
        blob = app.vault.put(source, purpose="evidence")
    first = submitted(app, machine, PLAIN)
    with app.db.transaction() as tx:
        case = builders.case(tx, subject=new_id(), service="photos", account=PLAIN.account)
        one = replace(first, id=case.subject, case=case.id, blob=blob, size=2 << 30)
        uploads.finish(tx, one)
    (done,) = filed(app, decided(app, one, reviewer))
    assert [file.size for file in done.files] == [2 << 30]
    assert at_receiver(receiver, done)["state"] == "finished"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_500_000, "kB"
