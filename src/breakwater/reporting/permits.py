"""Asks the table of what may leave before a report does, and writes a refusal down.

In: a filing with its report. Out: nothing where it may leave; where it may not, `SendingRefused`
says which classes of data and why, and the case keeps a note of it. The report stays as it is:
nothing is lost, and it can go when the table, the seat or the report has changed. Used by
`filing`, the machines that carry, and `danger`; tests: `tests/contract/test_permits.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.errors import SendingRefused
from breakwater.model.filing import Filing
from breakwater.model.report import Report
from breakwater.model.sending import DataClass, Occasion, RecipientKind, Sendings
from breakwater.records import cases, filings
from breakwater.records.database import Database, Tx
from breakwater.reporting.allowed import classes_of

REFUSED: Final = "sending.refused"
"""The step in the history of a case, and the verb in the audit log."""


@dataclass(frozen=True, slots=True)
class Destination:
    """One recipient.

    Attributes:
        due: time from actual knowledge until it must be filed ("as soon as reasonably possible",
            18 USC 2258A; the operator's own limit).
        two_people: nothing leaves before a second person agreed, but what is urgent.
        production: reports sent there are real.
        set_up: it can be reached; nothing is sent otherwise.
        country, kind: what the table of sendings knows it by.
        drafts: a report is drafted for it whenever a case is decided; otherwise when asked.
        due_urgent: the time of what is urgent; None: as of any other.
        title: its name for people.
        media: files go along; otherwise their hashes only.
        declares: a person declares that all reasonably available information is in the report.
        covered_by: recipients a report to whom stands for one to this.
        lacks: what keeps a report from going there, each in a sentence.
    """

    name: str
    due: timedelta
    two_people: bool = False
    production: bool = False
    set_up: bool = True
    country: str = ""
    kind: RecipientKind = RecipientKind.TEST
    drafts: bool = True
    due_urgent: timedelta | None = None
    title: str = ""
    media: bool = True
    declares: bool = False
    covered_by: tuple[str, ...] = ()
    lacks: Callable[[Report], Sequence[str]] = lambda _: ()

    def time_for(self, *, urgent: bool) -> timedelta:
        """From actual knowledge until it must be filed."""
        return self.due_urgent if urgent and self.due_urgent is not None else self.due


class Permits:
    """Whether a report may leave for its recipient."""

    def __init__(
        self, *, db: Database, sendings: Sendings, destinations: Mapping[str, Destination]
    ) -> None:
        """Take the table, and the recipients by name."""
        self._db = db
        self._sendings = sendings
        self._destinations = destinations

    def check(self, tx: Tx, filing: Filing) -> dict[DataClass, str]:
        """The legal basis of each class of data that would leave.

        Raises:
            SendingRefused: one of them may not; nothing has left.
        """
        where = self._destinations.get(filing.destination)
        if where is None:
            raise SendingRefused(f"No recipient {filing.destination} is set up.")
        report = Report.read(filings.report_of(tx, filing.id))
        data = set(classes_of(report))
        if not where.media:
            data.discard(DataClass.MEDIA)
        when = Occasion.DANGER if filing.urgent else Occasion.ALWAYS
        return self._sendings.must(
            where.country, where.kind, data, when=when, name=where.title or where.name
        )

    def ask(self, by: str, filing: Filing) -> None:
        """Ask in a transaction of its own; a refusal is written down before it is raised.

        Raises:
            SendingRefused: it may not leave.
        """
        try:
            with self._db.read() as tx:
                self.check(tx, filing)
        except SendingRefused as fault:
            with self._db.transaction() as tx:
                write_down(tx, filing, by, fault)
            raise


def write_down(tx: Tx, filing: Filing, by: str, fault: SendingRefused) -> None:
    """Note a refusal in the case and in the audit log."""
    cases.note(
        tx, filing.case, by=by, what=REFUSED, words=fault.detail, filing=filing.number,
        destination=filing.destination,
    )  # fmt: skip
    tx.audit(by, REFUSED, filing.id, destination=filing.destination, case=filing.case)
