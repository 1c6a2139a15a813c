"""A decided case becomes a report that is drafted whole, sent to a real receiving side, and filed once."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from lxml import etree

from breakwater.app import build
from breakwater.banks.manage import NewBank
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson
from breakwater.model.access import Role
from breakwater.model.bank import BankAction
from breakwater.model.decision import AccountRole, DecisionFacts
from breakwater.model.facts import Activity, AgeBand, ChildFacts, ItemFacts, Maturity, Sex
from breakwater.model.filing import FilingState
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.model.report import FileAnnotation, Report
from breakwater.records import accounts, filing_steps, filings, views
from breakwater.settings import load
from tests.integration import deciding
from tests.integration.conftest import photo, work
from tests.integration.deciding import K, decide
from tests.integration.ispws_site import receiving
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

set_up_once, upload, known = deciding.set_up_once, deciding.upload, deciding.known
reviewer = deciding.reviewer
INFANT = ChildFacts(AgeBand.FROM_0, Sex.UNCLEAR, Maturity.PREPUBESCENT)
FOUND = DecisionFacts(
    role=AccountRole.SUSPECT,
    item=ItemFacts(Activity.NON_PENETRATIVE, children=(INFANT,), self_generated=True),
)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory):
    with receiving(tmp_path_factory.mktemp("receiver")) as site:
        yield site


@pytest.fixture
def opened(set_up_once, tmp_path, jail, clock, receiver):
    """An installation that reports to the receiver; `settings` for a test's own."""
    running = []

    def open_app(**settings):
        place = tmp_path / f"copy{len(running)}"
        shutil.copytree(set_up_once, place)
        chosen = load(
            data_dir=place / "data", root_key_file=place / "keys" / "root.key",
            audit_dir=place / "checkpoints", unsafe_fast_disk=True,
            **{
                "reports_email": "safety@example.net", "reports_platform": "Clips",
                "reports_ncmec_url": receiver.url, "reports_ncmec_user": receiver.user,
                "reports_ncmec_password": receiver.password, **settings,
            },
        )  # fmt: skip
        running.append(build(chosen, pool=jail, decode=False, clock=clock))
        return running[-1]

    yield open_app
    for one in running:
        one.close()


@pytest.fixture
def app(opened):
    return opened()


def decided(app, upload, who, facts=FOUND):
    decide(app, who, upload, K.ILLEGAL, reason="As listed.", facts=facts)
    return Id(str(upload.case))


def filed(app, case):
    """Draft, want and carry every report of a case."""
    who = somebody(app, Role.REPORT_OFFICER)
    for one in app.reporting.filings.draft(case):
        app.reporting.filings.want(who, one.id)
        assert app.reporting.sender.carry(one.id) is None
    with app.db.read() as tx:
        return filings.of_case(tx, case)


def at_receiver(receiver, filing):
    (found,) = [one for one in receiver.reports() if str(one["report_id"]) == filing.report_id]
    return found


def test_a_decided_upload_is_drafted_by_the_worker_and_filed_once(
    app, upload, reviewer, worker, receiver
):
    with app.db.transaction() as tx:
        facts = {"emails": ["kim@example.net"], "logins": [
            {"address": "::ffff:203.0.113.9", "port": 40123, "at": "2026-02-01T10:00:00Z"},
            {"address": "not an address"},
        ], "favourite_colour": "teal"}  # fmt: skip
        accounts.put(tx, upload.service, upload.origin.account, facts, taken_at=tx.now)
    case = decided(app, upload, reviewer)
    work(worker)
    with app.db.read() as tx:
        (draft,) = filings.of_case(tx, case)
        report = Report.read(filings.report_of(tx, draft.id))
    assert draft.state is FilingState.DRAFT
    assert draft.knowledge_at + timedelta(hours=24) == draft.due_at
    (person,) = report.reported
    assert person.account == upload.origin.account
    assert "203.0.113.9" in {one.address for one in person.captures}
    assert "favourite_colour" in person.additional
    assert "not an address" in person.additional
    (file,) = report.files
    assert file.sha256 == upload.sha256
    assert file.annotations == {FileAnnotation.INFANT, FileAnnotation.SELF_PRODUCTION}
    (done,) = filed(app, case)
    assert done.state is FilingState.FINISHED
    received = at_receiver(receiver, done)
    assert received["state"] == "finished"


def test_viewed_is_true_only_for_the_very_file_that_a_person_saw_clear_and_whole(
    app, upload, reviewer
):
    case = decided(app, upload, reviewer)

    def viewed():
        (draft,) = app.reporting.filings.draft(case)
        with app.db.read() as tx:
            (file,) = Report.read(filings.report_of(tx, draft.id)).files
        return file.viewed

    def look(level, ms):
        with app.db.transaction() as tx:
            made = views.start(
                tx, person=reviewer.person, item=upload.id, level=level, reason="case", case=case,
                frame=0,
            )  # fmt: skip
            if ms:
                views.end(tx, made.id, ms=ms)

    assert viewed() is False
    look(Level.S1, 900)
    look(Level.S2, 900)
    assert viewed() is False, "small and blurred is not viewed"
    look(Level.S3, 0)
    assert viewed() is False, "nobody knows whether it was on screen"
    look(Level.S3, 900)
    assert viewed() is True


def test_what_was_sent_is_kept_exactly_and_each_step_stands(app, upload, reviewer, receiver):
    case = decided(app, upload, reviewer)
    (done,) = filed(app, case)
    with app.db.read() as tx:
        steps = filing_steps.of_filing(tx, done.id)
        sent = filing_steps.paper(tx, steps[0].id)
    calls = [(one.call.value, one.phase.value) for one in steps]
    assert calls == [
        (call, phase)
        for call in ("submit", "upload", "fileinfo", "finish")
        for phase in ("intent", "answer")
    ]
    assert all(one.request_id for one in steps if one.phase.value == "answer")
    assert etree.fromstring(sent).tag == "report"
    with app.db.read() as tx:
        assert filing_steps.orphans(tx, [done]) == []


def test_an_apparent_child_is_the_victim_and_reported_by_none(app, upload, reviewer):
    facts = DecisionFacts(role=AccountRole.APPARENT_CHILD, item=FOUND.item)
    case = decided(app, upload, reviewer, facts)
    (draft,) = app.reporting.filings.draft(case)
    with app.db.read() as tx:
        report = Report.read(filings.report_of(tx, draft.id))
    assert report.reported == ()
    assert [one.account for one in report.victims] == [upload.origin.account]


def test_what_blocks_is_said_and_nothing_leaves(opened, machine, known, clock):
    app = opened(reports_email="")
    app.banks.create(NewBank("KNOWN2", action=BankAction.BLOCK, verified=True), machine)
    app.banks.add("KNOWN2", [pdq_of(app, photo(2))], machine)
    upload = submit(app, photo(2, form="JPEG", quality=80), machine)
    who = somebody(app, Role.REVIEWER)
    unknown = DecisionFacts(role=AccountRole.UNKNOWN, item=FOUND.item)
    case = decided(app, upload, who, unknown)
    assert app.reporting.filings.draft(case) == []
    (gaps,) = app.reporting.filings.gaps(case).values()
    assert [one.what for one in gaps if one.blocks] == ["reporter", "role"]


def test_a_real_report_waits_for_a_second_person(opened, machine, monkeypatch):
    app = opened()
    app.banks.create(NewBank("KNOWN2", action=BankAction.BLOCK, verified=True), machine)
    app.banks.add("KNOWN2", [pdq_of(app, photo(2))], machine)
    upload = submit(app, photo(2, form="JPEG", quality=80), machine)
    case = decided(app, upload, somebody(app, Role.REVIEWER))
    ncmec = app.reporting.destinations["ncmec"]
    real = type(ncmec)(ncmec.name, ncmec.due, two_people=True, production=True)
    monkeypatch.setitem(app.reporting.filings._destinations, "ncmec", real)
    first, second = (somebody(app, Role.REPORT_OFFICER, name=n) for n in ("Ada", "Ben"))
    (draft,) = app.reporting.filings.draft(case)
    assert app.reporting.filings.want(first, draft.id).state is FilingState.SECOND
    assert app.reporting.sender.carry(draft.id) is None
    with pytest.raises(NeedsSecondPerson):
        app.reporting.filings.confirm(first, draft.id)
    assert app.reporting.filings.confirm(second, draft.id).state is FilingState.NEW
    with pytest.raises(Conflict):
        app.reporting.filings.want(first, draft.id)


def test_taking_the_decision_back_drops_the_draft_and_a_new_one_is_another_version(
    app, upload, reviewer, worker
):
    said = decide(app, reviewer, upload, K.ILLEGAL, reason="As listed.", facts=FOUND)
    case = Id(str(upload.case))
    work(worker)
    app.review.decisions.undo(reviewer, said.id)
    work(worker)
    with app.db.read() as tx:
        (gone,) = filings.of_case(tx, case)
    assert gone.state is FilingState.DROPPED
    with pytest.raises(Conflict):
        app.reporting.filings.draft(case)
    decided(app, upload, reviewer)
    (again,) = app.reporting.filings.draft(case)
    assert (again.version, again.id != gone.id) == (2, True)


def test_late_is_said_once(app, upload, reviewer, clock):
    case = decided(app, upload, reviewer)
    app.reporting.filings.draft(case)
    assert app.reporting.filings.remind() == 0
    clock.advance(3600 * 23)
    assert app.reporting.filings.remind() == 1
    assert app.reporting.filings.remind() == 0


def test_a_draft_is_changed_by_a_person_with_its_texts_and_not_its_files(app, upload, reviewer):
    case = decided(app, upload, reviewer)
    (draft,) = app.reporting.filings.draft(case)
    who = somebody(app, Role.REPORT_OFFICER)

    def report():
        with app.db.read() as tx:
            return Report.read(filings.report_of(tx, draft.id))

    for words, files in (("A word. " * 20_000, 2), ("Others. " * 20_000, 2), ("Few.", 1)):
        app.reporting.filings.change(who, draft.id, replace(report(), additional=words))
        now = report()
        assert (now.additional, len(now.files)) == (words, files)
        assert now.files[-1].sha256 == upload.sha256
    with pytest.raises(BadInput):
        app.reporting.filings.change(who, draft.id, replace(report(), files=()))
    app.reporting.filings.draft(case)
    assert report().additional == "Few.", "what a person changed is not drafted over"


def test_an_empty_file_stays_behind_and_the_report_goes(app, machine, reviewer, receiver):
    empty = submit(app, b"", machine)
    case = decided(app, empty, reviewer)
    (done,) = filed(app, case)
    assert (done.state, done.files) == (FilingState.FINISHED, ())
    assert at_receiver(receiver, done)["files"] == []
    assert "empty" in {one.what for one in app.reporting.filings.gaps(case)[done.person]}
