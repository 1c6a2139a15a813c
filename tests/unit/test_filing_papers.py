"""What is sent is made from the draft when it is sent, and cites what stands by then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from breakwater.model import report as r
from breakwater.model.filing import Filing, FilingFile, FilingState
from breakwater.model.ids import Id
from breakwater.reporting.cybertipline.papers import Forms
from breakwater.reporting.cybertipline.read import read_file_details, read_report
from breakwater.reporting.cybertipline.write import LONGEST, attached_texts

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FILE = r.ReportFile(name="a.jpg", sha256="ab" * 32, viewed=False)
DRAFT = r.Report(
    kind=r.IncidentType.ABUSE_MATERIAL,
    summary=r.Incident(NOW),
    reporter=r.Reporter(r.Person(emails=(r.Email("safety@example.org"),))),
    reported=(r.PersonReported(account="u-1", prior_reports=(7,)),),
    victims=(r.Victim(account="kid", prior_reports=(3,)),),
    files=(FILE,),
)
FILING = Filing(
    id=Id("f"), number=12, case=Id("c"), destination="ncmec", group=Id("g"), person=0, version=1,
    state=FilingState.NEW, urgent=False, epoch=1, attempt=2, report_id="99", knowledge_at=NOW,
    due_at=NOW, created_at=NOW,
    files=(FilingFile(0, None, 1, FILE.sha256, "", file_id="f" * 32),),
)  # fmt: skip


class Fixed:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


FORMS = Forms(clock=Fixed())


def test_a_report_says_what_its_draft_says_under_the_reference_of_this_attempt() -> None:
    sent = read_report(FORMS.of(DRAFT.plain()).report(FILING, []), files=DRAFT.files)
    assert sent == replace(DRAFT, reference="12/1/2")


def test_who_is_reported_cites_the_other_reports_and_a_victim_does_not() -> None:
    sent = read_report(FORMS.of(DRAFT.plain()).report(FILING, ["41", "7", "42"]))
    assert sent.reported[0].prior_reports == (7, 41, 42)
    assert sent.victims[0].prior_reports == (3,)
    assert sent.related == ("41", "7", "42")


def test_details_name_the_recipients_numbers() -> None:
    told = FORMS.of(DRAFT.plain()).details(FILING, 0)
    assert read_file_details(told) == (FILE, 99, "f" * 32)


def test_a_text_of_its_own_is_the_one_that_was_drafted() -> None:
    draft = replace(
        DRAFT, additional="a" * (LONGEST + 1), places=(r.ChatIm(content="b" * LONGEST * 2),)
    )
    texts = attached_texts(draft)
    sent = FORMS.of(draft.plain()).report(FILING, ["41"])
    assert len(texts) == 2
    assert all(one.sha256.encode() in sent for one in texts)
