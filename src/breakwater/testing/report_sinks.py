"""The contract of report sinks: what `reporting.sinks.courier` relies on, whoever receives.

Subclass `ReportSinkContract` in the tests of a sink, return it from `sink`, and say what its
recipient has by now. Kept by the built-in ones in `tests/contract/test_report_sinks.py`.
"""

from __future__ import annotations

import io
from abc import abstractmethod
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from breakwater.errors import Unavailable
from breakwater.model.filing import Filing, FilingState
from breakwater.model.ids import new_id
from breakwater.model.recipient import Parcel
from breakwater.model.report import (
    ChatIm,
    Email,
    Incident,
    IncidentType,
    IpCapture,
    Person,
    PersonReported,
    Report,
    Reporter,
    ReportFile,
    Victim,
)
from breakwater.reporting.ports import ReportSink
from breakwater.testing.seams import hold

WHEN: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
ODD: Final = "héron 鷺 \u202e \x07 \ud800 ]]> \n⟦more⟧"
SEALED: Final = b"age-encryption.org/v1 and then what nobody can read"


def least() -> Report:
    """The least that one can report: no person, no file, no word."""
    who = Reporter(Person(emails=(Email("safety@example.net"),)))
    return Report(kind=IncidentType.ABUSE_MATERIAL, summary=Incident(WHEN), reporter=who)


def much() -> Report:
    """A report with odd letters, two addresses, 500 files, and texts over any room."""
    seen = (IpCapture("2001:db8::1", port=65535, at=WHEN), IpCapture("::ffff:192.0.2.1"))
    who = Reporter(Person(emails=(Email("safety@example.net"),)), registered_as="Clips Ltd")
    return Report(
        kind=IncidentType.ABUSE_MATERIAL, reporter=who, complete=True,
        summary=Incident(WHEN, platform=ODD, escalate="A child is in danger now: " + ODD),
        places=(ChatIm("chat", ODD, ODD * 2000),),
        reported=(PersonReported(account=ODD, captures=seen),), victims=(Victim(account="kim"),),
        files=tuple(ReportFile(name=f"{ODD}{n}", sha256=f"{n:064x}") for n in range(500)),
        additional=ODD * 3000,
    )  # fmt: skip


def filing() -> Filing:
    """A filing that is on its way."""
    return Filing(
        id=new_id(), number=7, case=new_id(), destination="them", group=new_id(), person=0,
        version=1, state=FilingState.DESCRIBED, urgent=True, epoch=1, attempt=1,
        report_id="BW-7-1", knowledge_at=WHEN, due_at=WHEN + timedelta(days=1), created_at=WHEN,
    )  # fmt: skip


class ReportSinkContract:
    """What the courier relies on."""

    by_hand = False
    """A person hands it over: the sink does nothing by itself."""

    @abstractmethod
    def sink(self) -> ReportSink:
        """The sink under test; called once a test."""

    @abstractmethod
    def arrived(self) -> Sequence[str]:
        """What the recipient has by now, each by what it tells apart: twice the same is one."""

    @abstractmethod
    def take_away(self) -> None:
        """Let the recipient be unreachable from now on."""

    def test_any_report_is_written_and_the_same_each_time(self) -> None:
        """Whatever is known; a parcel that is made again after a crash says the same."""
        sink, one = self.sink(), filing()
        for report in (least(), much()):
            papers = sink.papers(report, one)
            hold(bool(papers) and all(papers.values()), "a paper is empty")
            hold(papers == sink.papers(report, one), "the same report is written in two ways")
            for name in papers:
                hold(name == name.strip("./\\ ") and "/" not in name, f"{name} is no plain name")

    def test_nothing_that_is_known_is_left_out(self) -> None:
        """Accounts, addresses, ports and hashes stand in some paper."""
        said = b"\n".join(self.sink().papers(much(), filing()).values()).decode()
        for known in ("kim", "2001:db8::1", "65535", "192.0.2.1", f"{499:064x}"):
            hold(known in said, f"{known} is left out")

    def test_what_it_lacks_is_said_in_sentences(self) -> None:
        """So that a person can mend it."""
        lacks = self.sink().lacks(least())
        hold(all(one.endswith(".") and " " in one for one in lacks), "no sentence")
        hold(not self.sink().lacks(much()), "a whole report is not taken")

    def test_handed_over_twice_it_arrives_once(self) -> None:
        """A lost answer is asked for again."""
        sink, one = self.sink(), filing()
        parcel = Parcel(
            one.id, new_id(), "BW-7-1.tar.age", len(SEALED), "0" * 64, ("age1key",)
        )  # fmt: skip
        answers = [sink.hand_over(parcel, one, io.BytesIO(SEALED)) for _ in range(2)]
        if self.by_hand:
            hold(answers == [None, None] and not self.arrived(), "it did what a person does")
            return
        hold(all(said is not None and said.code == 0 for said in answers), "it was refused")
        hold(len(set(self.arrived())) == 1, "the recipient has none, or two")

    def test_a_recipient_that_is_away_is_said_so(self) -> None:
        """Then it is tried again, for as long as it takes."""
        sink, one = self.sink(), filing()
        parcel = Parcel(one.id, new_id(), "BW-7-1.tar.age", len(SEALED), "0" * 64, ("age1key",))
        self.take_away()
        try:
            said = sink.hand_over(parcel, one, io.BytesIO(SEALED))
        except Unavailable:
            return
        hold(self.by_hand and said is None, "nobody took it, and it was not said")
