"""Reports on their way: drafted when a case is decided, looked at by a person, sent, overdue.

In come decisions and what people do on the report's page; out go filings and the job that
carries each on. A report that is urgent needs one person; where the policy says so, another one
waits for a second (reference: law). What has a gap that blocks is not sent. Called by
`web.api.filings` and `web.pages.report`; tests: `tests/integration/test_filing.py`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.access import Principal
from breakwater.model.event import Event, EventType
from breakwater.model.filing import Filing, FilingFile, FilingState, FilingStep
from breakwater.model.ids import Id, new_id
from breakwater.model.ports import Blob
from breakwater.model.report import Relevance, Report, ReportFile
from breakwater.records import approvals, cases, decisions, filing_steps, filings, jobs
from breakwater.records.database import Database, Tx
from breakwater.records.filing_steps import Orphan
from breakwater.reporting import batching, following
from breakwater.reporting.cybertipline.write import attached_texts
from breakwater.reporting.drafting.draft import Drafted, Drafter
from breakwater.reporting.drafting.gaps import Gap, still_open
from breakwater.reporting.drafting.lead import ELSEWHERE, told_with
from breakwater.reporting.drafting.material import gather
from breakwater.reporting.permits import Destination, Permits
from breakwater.reporting.viewed import say_who_viewed

DRAFT_JOB: Final = "reporting.draft"
"""Kind of the job that drafts the reports of a decided case."""

SEND: Final = "filing.send"
"""Kind of the approval that a second person gives."""

EVIDENCE: Final = "evidence"
"""Retention class of texts that go with a report."""

ALARM_BEFORE: Final = timedelta(hours=2)
"""This long before a report is due, it is said."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One report, as its page shows it."""

    filing: Filing
    report: Report
    steps: tuple[FilingStep, ...]
    orphans: tuple[Orphan, ...]
    gaps: tuple[Gap, ...]


class Filings:
    """Reports, as people and decisions move them."""

    def __init__(
        self,
        *,
        db: Database,
        vault: Blob,
        drafter: Drafter,
        destinations: Mapping[str, Destination],
        permits: Permits,
    ) -> None:
        """Take what it needs."""
        self._permits = permits
        self._db = db
        self._vault = vault
        self._drafter = drafter
        self._destinations = destinations

    def on_decided(self, event: Event) -> None:
        """A decision was taken, or taken back: drafts follow, and go."""
        case = event.subject
        with self._db.transaction() as tx:
            if cases.get(tx, case).kind in ELSEWHERE or told_with(tx, case):
                return
            if decisions.known_since(tx, case) or decisions.in_danger(tx, case):
                jobs.enqueue(tx, DRAFT_JOB, {"case": case}, dedup_key=f"draft:{case}")
                return
            for one in filings.of_case(tx, case):
                if one.state in {FilingState.DRAFT, FilingState.SECOND}:
                    filings.move(tx, one, FilingState.DROPPED)
                    batching.let_go(tx, one)
                    tx.audit("reporting", "filing.drop", one.id, why="decision taken back")

    def draft(self, case: Id, *, by: Principal | None = None, to: str = "") -> list[Filing]:
        """Draft every report a case needs, for every recipient; drafts that wait are renewed.

        What is filed already is not drafted again but where there is more to say, or somebody
        asks; nor where a report to another recipient stands for it.

        Args:
            case: which was decided.
            by: who asks; None: nobody did.
            to: for this recipient only; empty: for each that is always drafted for.

        Raises:
            NotFound: no such case, or no such recipient.
            Conflict: nobody has decided that it is illegal, others reported it, or another case's
                report tells it.
        """
        with self._db.read() as tx:
            if (refusal := ELSEWHERE.get(cases.get(tx, case).kind)) is not None:
                raise Conflict(refusal)
            if (lead := told_with(tx, case)) is not None:
                raise Conflict(f"This goes with the report of case {lead}, decided with it.")
            found = gather(tx, case)
        drafted = [self._with_texts(one) for one in self._drafter.draft(found)]
        made = []
        with self._db.transaction() as tx:
            tx.lock_changes()
            tx.audit(by.id if by else "reporting", "filing.draft", case, reports=len(drafted))
            for destination in self._drafted_for(to):
                group = _group(tx, case, destination.name)
                for one in drafted:
                    due = found.known_at + destination.time_for(urgent=one.urgent)
                    about = filings.About(
                        case, destination.name, found.known_at, due, group, one.person, one.urgent
                    )
                    if (kept := self._keep(tx, about, one, asked=by is not None)) is not None:
                        made.append(kept)
        return made

    def _drafted_for(self, to: str) -> list[Destination]:
        if to and to not in self._destinations:
            raise NotFound(f"recipient {to}")
        every = self._destinations.values()
        return [one for one in every if one.name == to or (not to and one.drafts)]

    def on_finished(self, event: Event) -> None:
        """A report was filed: what it stands for is dropped, and the rest of it is drafted."""
        with self._db.transaction() as tx:
            done = filings.get(tx, event.subject)
            following.drop_covered(tx, done, self._destinations)
            if done.urgent:
                payload = {"case": done.case}
                jobs.enqueue(tx, DRAFT_JOB, payload, dedup_key=f"draft:{done.case}")

    def of_case(self, by: Principal, case: Id) -> tuple[Filing, ...]:
        """Every report of a case; looked at by name, so it is written down.

        Raises:
            NotFound: no such case.
        """
        with self._db.transaction() as tx:
            cases.get(tx, case)
            tx.audit(by.id, "filing.list", case)
            return tuple(filings.of_case(tx, case))

    def look(self, by: Principal, filing: Id) -> Looked:
        """One report with what it says and every call made for it; written down before it is shown.

        Raises:
            NotFound: no such report.
        """
        with self._db.transaction() as tx:
            found = filings.get(tx, filing)
            tx.audit(by.id, "filing.read", filing, case=found.case)
            report = Report.read(filings.report_of(tx, filing))
            steps = tuple(filing_steps.of_filing(tx, filing))
            orphans = tuple(filing_steps.orphans(tx, [found]))
        gaps = self.gaps(found.case).get(found.person, ()) if not found.state.ends else ()
        gaps = still_open(gaps, report, changed=found.wanted_by is not None)
        if not found.state.ends and found.destination in self._destinations:
            to = self._destinations[found.destination]
            lacks = to.lacks(replace(report, complete=True) if to.declares else report)
            gaps = (*(Gap("recipient", says, "", blocks=True) for says in lacks), *gaps)
        return Looked(found, report, steps, orphans, gaps)

    def gaps(self, case: Id) -> dict[int, tuple[Gap, ...]]:
        """What each report of a case does not say, by person."""
        with self._db.read() as tx:
            found = gather(tx, case)
        return {one.person: one.gaps for one in self._drafter.draft(found)}

    def change(self, by: Principal, filing: Id, report: Report) -> Filing:
        """Replace what a draft says; its files stay.

        Raises:
            Conflict: it is no draft any more.
            BadInput: its files are others.
        """
        with self._db.read() as tx:
            found = filings.get(tx, filing)
            before = Report.read(filings.report_of(tx, filing))
        texts = {one.name for one in attached_texts(before)}
        media = tuple(one for one in report.files if one.name not in texts)
        stood = [
            (one, kept)
            for one, kept in zip(before.files, found.files, strict=True)
            if one.name not in texts
        ]
        if [one.sha256 for one, _ in stood] != [one.sha256 for one in media]:
            raise BadInput("The files of a draft come from the case and are not changed here.")
        kept_files = tuple(kept for _, kept in stood)
        fresh = self._with_texts(
            Drafted(found.person, "", replace(report, files=media), kept_files, (), found.urgent)
        )
        assert fresh.report is not None  # noqa: S101 - it was given
        with self._db.transaction() as tx:
            filings.redraft(tx, found, fresh.report.plain(), fresh.files)
            tx.audit(by.id, "filing.change", filing)
            return filings.note(tx, found, wanted_by=by.id)

    def want(self, by: Principal, filing: Id, *, declared: bool = False) -> Filing:
        """Have a draft sent, or wait for a second person where the recipient needs one.

        Args:
            by: the person.
            filing: the draft.
            declared: they declare that all reasonably available information is in it.

        Raises:
            Conflict: it is no draft, or a gap that blocks is open.
            SendingRefused: it may not leave for this recipient.
        """
        with self._db.read() as tx:
            found = filings.get(tx, filing)
            material = gather(tx, found.case)
        if declared:
            found = self._declare(by, found)
        drafted = {one.person: one for one in self._drafter.draft(material)}
        fresh = drafted.get(found.person)
        with self._db.read() as tx:
            report = following.report_of(tx, found)
        if fresh is None:
            raise Conflict("The case names nobody more for this draft: withdraw it.")
        changed = found.wanted_by is not None
        gaps = still_open(fresh.gaps, report, changed=changed)
        open_gaps = [one for one in gaps if one.blocks]
        if not self._destination(found).set_up:
            raise Conflict(
                "No recipient is set up: set BREAKWATER_REPORTS_NCMEC_USER and its password."
            )
        if open_gaps:
            raise Conflict(" ".join(f"{one.says} {one.why}" for one in open_gaps))
        lacks = self._destination(found).lacks(report)
        if lacks:
            raise Conflict(" ".join(lacks))
        self._permits.ask(by.id, found)
        two = self._destination(found).two_people and not found.urgent
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = filings.get(tx, filing)
            if found.state is not FilingState.DRAFT:
                raise Conflict(f"This report is {found.state} already.")
            say_who_viewed(tx, found, fresh)
            tx.audit(by.id, "filing.want", filing, destination=found.destination, two_people=two)
            if not two:
                return self._send(tx, found, by)
            facts = {"case": found.case, "destination": found.destination}
            approvals.propose(
                tx, kind=SEND, subject=filing, by=_person(by), reason="send", facts=facts
            )
            return filings.move(tx, found, FilingState.SECOND, wanted_by=by.id)

    def _declare(self, by: Principal, filing: Filing) -> Filing:
        """Write the declaration of completeness into the draft, with who made it in the log."""
        with self._db.transaction() as tx:
            said = replace(following.report_of(tx, filing), complete=True)
            tx.audit(by.id, "filing.declare", filing.id)
            return filings.redraft(tx, filing, said.plain(), filing.files)

    def confirm(self, by: Principal, filing: Id) -> Filing:
        """The second person agrees: it is sent.

        Raises:
            NeedsSecondPerson: it is the same person.
            NotFound: nothing waits; it may have lapsed.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = filings.get(tx, filing)
            approvals.confirm(tx, kind=SEND, subject=filing, by=_person(by))
            tx.audit(by.id, "filing.confirm", filing, destination=found.destination)
            return self._send(tx, found, by)

    def take_back(self, by: Principal, filing: Id, reason: str) -> Filing:
        """Nothing is sent yet: it is a draft again."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = filings.get(tx, filing)
            if found.state is FilingState.SECOND:
                approvals.refuse(tx, kind=SEND, subject=filing, by=_person(by), note=reason)
            tx.audit(by.id, "filing.take_back", filing, reason=reason)
            return filings.move(tx, found, FilingState.DRAFT)

    def drop(self, by: Principal, filing: Id, reason: str) -> Filing:
        """Throw a draft away, or what the recipient will not have; with a reason.

        Raises:
            BadInput: no reason.
            Conflict: it is on its way or filed.
        """
        if not reason.strip():
            raise BadInput("Say why this report is not sent.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = filings.get(tx, filing)
            tx.audit(by.id, "filing.drop", filing, reason=reason)
            batching.let_go(tx, found)
            return filings.move(tx, found, FilingState.DROPPED)

    def revive(self, by: Principal, filing: Id) -> Filing:
        """Try again what stopped: what stood in its way is mended.

        Raises:
            Conflict: it did not stop.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            stopped = filings.get(tx, filing)
            if stopped.state is not FilingState.DEAD:
                raise Conflict(f"This report did not stop: it is {stopped.state}.")
            found = filings.begin_anew(tx, stopped)
            tx.audit(by.id, "filing.revive", filing)
            filings.carry_on(tx, filing)
            return found

    def remind(self) -> int:
        """Say what is due soon or overdue, once each; answers how many."""
        with self._db.transaction() as tx:
            late = filings.warn(tx, tx.now + ALARM_BEFORE)
            for one in late:
                tx.emit(
                    EventType.FILING_OVERDUE, one.id, case=one.case, state=one.state.value,
                    destination=one.destination,
                )  # fmt: skip
        return len(late)

    def _send(self, tx: Tx, filing: Filing, by: Principal) -> Filing:
        batching.must_stand(tx, filing, following.report_of(tx, filing))
        done = filings.move(tx, filing, FilingState.NEW, wanted_by=filing.wanted_by or by.id)
        filings.carry_on(tx, filing.id)
        return done

    def _keep(self, tx: Tx, about: filings.About, one: Drafted, *, asked: bool) -> Filing | None:
        """Keep a draft; None where it would say nothing that is not filed already."""
        if one.report is None:
            return None
        to = self._destination_named(about.destination)
        done = following.earlier(tx, about.case, to.name, one.report)
        says_more = following.adds(one.report, [said for _, said in done])
        stands = following.standing_for(tx, about.case, one.report, to, self._destinations)
        if not asked and (stands is not None or (done and not says_more)):
            return None
        fresh = following.adding_to(one.report, [before for before, _ in done]).plain()
        found = filings.draft(tx, about, fresh, one.files)
        kept = filings.report_of(tx, found.id)
        stale = found.state is FilingState.DRAFT and kept != fresh and not kept.get("batched")
        if stale and not found.wanted_by:
            found = filings.redraft(tx, found, fresh, one.files)
        return found

    def _with_texts(self, one: Drafted) -> Drafted:
        """Texts that are too long for a form go with the report as files of their own."""
        if one.report is None:
            return one
        files, kept = list(one.report.files), list(one.files)
        for text in attached_texts(one.report):
            blob = self._vault.put(io.BytesIO(text.data), purpose=EVIDENCE)
            md5 = hashlib.md5(text.data, usedforsecurity=False).hexdigest()
            kept.insert(0, FilingFile(0, blob, len(text.data), text.sha256, md5))
            files.insert(
                0,
                ReportFile(
                    blob=blob, name=text.name, sha256=text.sha256, md5=md5,
                    relevance=Relevance.SUPPLEMENTAL,
                ),
            )  # fmt: skip
        numbered = tuple(replace(file, position=n) for n, file in enumerate(kept))
        return replace(one, report=replace(one.report, files=tuple(files)), files=numbered)

    def _destination(self, filing: Filing) -> Destination:
        return self._destination_named(filing.destination)

    def _destination_named(self, name: str) -> Destination:
        if name not in self._destinations:
            raise NotFound(f"destination {name}")
        return self._destinations[name]


def _group(tx: Tx, case: Id, destination: str) -> Id:
    """The group that a case's filings to one recipient belong to."""
    known = [one for one in filings.of_case(tx, case) if one.destination == destination]
    return known[0].group if known else new_id()


def _person(by: Principal) -> Id:
    return by.person or by.id
