"""Reports to authorities from records, for report officers: what will be sent, and what is missing.

In comes what `reporting.filing` looked up and wrote down; out goes the page. Used by
`pages.filing`; tests: `tests/integration/test_filing_page.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.model.case import Case
from breakwater.model.clock import iso
from breakwater.model.filing import Call, Filing, FilingState, FilingStep, Phase
from breakwater.model.ids import Id
from breakwater.model.recipient import Parcel, Receipt
from breakwater.model.report import (
    AssociatedAccount,
    ChatIm,
    DetailKind,
    IpCapture,
    Party,
    Person,
    Report,
    ReportFile,
    WebPage,
)
from breakwater.model.sanction import Clue
from breakwater.records import parcels
from breakwater.records.database import Tx
from breakwater.reporting import fallen
from breakwater.reporting.drafting.gaps import Gap
from breakwater.reporting.filing import Looked
from breakwater.reporting.naming import Part
from breakwater.reporting.permits import Destination
from breakwater.reporting.sinks.courier import BY_HAND
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark
from breakwater.web.pages.models_filing import (
    Choice,
    Facts,
    FileRow,
    FilingsView,
    FilingView,
    GapRow,
    PartyRow,
    StepRow,
)
from breakwater.web.pages.read_names import called
from breakwater.web.pages.read_received import MARKS
from breakwater.web.pages.read_sanctions import CLUES
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say

S = FilingState
STATES: Final[Mapping[str, str]] = Spoken({
    S.DRAFT: later("Draft: nothing is sent"),
    S.SECOND: later("Waits for a second person"),
    S.NEW: later("Being sent"),
    S.OPEN: later("Being sent"),
    S.UPLOADED: later("Being sent"),
    S.DESCRIBED: later("Being sent"),
    S.RETRACTING: later("Taken back, then sent anew"),
    S.DEAD: later("Stopped: a person must look"),
    S.FINISHED: later("Filed"),
    S.DROPPED: later("Not sent"),
})  # fmt: skip
STYLES: Final = {S.FINISHED: "ok", S.DEAD: "bad", S.DROPPED: "none", S.SECOND: "held"}
ACTS: Final[Mapping[FilingState, tuple[str, ...]]] = {
    S.DRAFT: ("send", "renew", "drop"),
    S.SECOND: ("confirm", "take-back", "drop"),
    S.DEAD: ("retry", "drop"),
}
ACT_WORDS: Final[Mapping[str, str]] = Spoken({
    "send": later("Send the report"),
    "renew": later("Draft it again from the case"),
    "confirm": later("Agree: send it"),
    "take-back": later("Take it back"),
    "drop": later("Do not send it"),
    "retry": later("Try again"),
    "told": later("Write down that they were told"),
})  # fmt: skip
CALLS: Final[Mapping[str, str]] = Spoken({
    Call.SUBMIT: later("Report opened"),
    Call.UPLOAD: later("File %(n)s sent"),
    Call.DESCRIBE: later("File %(n)s described"),
    Call.FINISH: later("Report filed"),
    Call.RETRACT: later("Report taken back"),
})  # fmt: skip
KINDS: Final[Mapping[str, str]] = Spoken({
    "Child Pornography (possession, manufacture, and distribution)": later("Abuse material"),
    "Child Sex Trafficking": later("Trafficking"),
    "Child Sex Tourism": later("Travel for abuse"),
    "Child Sexual Molestation": later("Abuse outside the internet"),
    "Misleading Domain Name": later("A misleading domain"),
    "Misleading Words or Digital Images on the Internet": later("Misleading words or pictures"),
    "Online Enticement of Children for Sexual Acts": later("Enticement"),
    "Unsolicited Obscene Material Sent to a Child": later("Unwanted material sent to a child"),
})  # fmt: skip
SEALED: Final[Mapping[str, str]] = Spoken({
    Call.SUBMIT: later("Sealed for the recipient"),
    Call.FINISH: later("Handed over"),
})  # fmt: skip
PARTS: Final[Mapping[str, str]] = Spoken({
    Part.REPORTED: later("Who is reported"),
    Part.RECIPIENT: later("For whom it was meant"),
    Part.VICTIM: later("A child"),
})  # fmt: skip
FELL: Final = later(
    "The decision under this report was taken back, and the recipient still has it. Tell them so by its number above, then write down here how and what they answered."
)
GOES: Final = later(
    "The decision under this report was taken back while it is on its way. Look again when it is filed: the recipient must be told."
)
TOLD: Final = later(
    "The decision under this report was taken back. The recipient was told: %(words)s"
)
CAPTURES: Final = 5
LINKED: Final = 12
FILES: Final = 60
LINES: Final = 100
LETTERS: Final = 120
"""Of one line of the chat log on the page; the log itself is sent whole."""


def view(
    case: Case, every: Sequence[Filing], looked: Looked | None, missing: Iterable[Gap], *,
    handed: Handed, to: Mapping[str, Destination], now: datetime, may: bool, many: int = 0,
) -> FilingsView:  # fmt: skip
    """The page."""
    chosen = looked.filing.id if looked is not None else None
    return FilingsView(
        case=case.id, number=case.number,
        choices=tuple(
            Choice(one.number, _about(one, to), mark(one.state), one.id == chosen) for one in every
        ),
        one=None if looked is None else _one(looked, to, now, handed, may=may),
        missing=tuple(_gap(one) for one in missing), may=may, many=many if may else 0,
        batched=bool(looked and looked.report.batched),
        others=tuple((name, one.title or name) for name, one in to.items() if not one.drafts),
    )  # fmt: skip


def _fell(one: Filing, handed: Handed) -> str:
    if not handed.fell:
        return ""
    if handed.told:
        return say(TOLD, words=handed.told)
    return say(FELL if one.state is S.FINISHED else GOES)


def mark(state: FilingState, *, fell: bool = False) -> Mark:
    """A state as pages show it; `fell`: the recipient is still to be told that it was wrong."""
    if fell:
        return Mark("bad", say("Filed, and its decision was taken back"))
    return Mark(STYLES.get(state, "wait"), STATES[state])


def _about(one: Filing, to: Mapping[str, Destination]) -> str:
    where = to.get(one.destination)
    whom = (where.title if where else "") or one.destination
    about = say("Report %(n)s to %(whom)s", n=one.number, whom=whom)
    return say("%(about)s, version %(n)s", about=about, n=one.version) if one.version > 1 else about


@dataclass(frozen=True, slots=True)
class Handed:
    """What was handed over: the sealed file, receipts with names, and what stands for the report.

    Attributes:
        fell: nothing that was decided stands for it any more.
        told: what a person wrote down that the recipient was told of that; empty: nothing.
    """

    parcel: Parcel | None = None
    receipts: tuple[tuple[Receipt, str], ...] = ()
    stands: str = ""
    fell: bool = False
    told: str = ""


def handed_of(tx: Tx, filing: Filing) -> Handed:
    """What was handed over of a report, and whether what was decided still stands."""
    proof = parcels.proof(tx, filing.id)
    given = tuple((one, called(tx, Id(one.by))) for one in parcels.receipts(tx, filing.id))
    fell = fallen.fell(tx, filing)
    return Handed(
        parcels.find(tx, filing.id), given, proof.basis if proof else "",
        fell=fell, told=fallen.told(tx, filing) if fell else "",
    )  # fmt: skip


def _one(
    looked: Looked, to: Mapping[str, Destination], now: datetime, handed: Handed, *, may: bool
) -> FilingView:
    one, report = looked.filing, looked.report
    where = to.get(one.destination)
    blocked = any(gap.blocks for gap in looked.gaps)
    why_not = ""
    if where is None or not where.set_up:
        why_not = say("No recipient is set up, so nothing can be sent.")
    elif blocked:
        why_not = say("It is sent when what is marked below is known.")
    ready = one.state is not S.DRAFT or not why_not
    waits = ("told",) if one.state is S.FINISHED and handed.fell and not handed.told else ()
    acts = [a for a in ACTS.get(one.state, waits) if a != "send" or ready] if may else []
    return FilingView(
        id=one.id, number=one.number, state=mark(one.state, fell=bool(waits)), urgent=one.urgent,
        due=None if one.state.ends else words.due(one.due_at, now), real=bool(where and where.production),
        receipt=one.report_id, fault=one.fault, why_not=why_not if one.state is S.DRAFT else "",
        acts=tuple((act, ACT_WORDS[act]) for act in acts),
        gaps=tuple(_gap(gap) for gap in looked.gaps), incident=_incident(report),
        marks=_marks(a.value for a in report.summary.annotations),
        escalation=report.summary.escalate, parties=_parties(report),
        files=tuple(_file(file) for file in report.files[:FILES]), chat=_shown(_chat(report)),
        written=len(_chat(report)),
        words=report.additional, steps=tuple(_steps(looked.steps, now, sealed=bool(handed.parcel))),
        orphans=sum(not orphan.retracted for orphan in looked.orphans),
        to=(where.title if where else "") or one.destination,
        declares=bool(where and where.declares and one.state is S.DRAFT),
        parcel=(handed.parcel.name, handed.parcel.sha256) if handed.parcel else None,
        receipts=tuple((r.reference, words.ago(r.at, now), by) for r, by in handed.receipts),
        may_receive=may and bool(handed.parcel) and one.state in {S.DESCRIBED, S.FINISHED},
        stands=handed.stands, fell=_fell(one, handed),
        done=words.ago(one.finished_at, now) if one.finished_at else None,
        moving=one.state.under_way,
        parts=_parts(report) if may and one.state is S.DRAFT else (),
    )  # fmt: skip


def _parts(report: Report) -> tuple[tuple[str, str], ...]:
    """What somebody may be named as: who did it only where that is open."""
    full = bool(report.reported) and not report.batched
    return tuple((part, word) for part, word in PARTS.items() if part != Part.REPORTED or not full)


def _gap(gap: Gap) -> GapRow:
    return GapRow(retold(gap.says), retold(gap.why), gap.blocks)


def _incident(report: Report) -> Facts:
    summary = report.summary
    pages = [url for place in report.places if isinstance(place, WebPage) for url in place.urls]
    return _kept([
        (say("Kind"), KINDS[report.kind.value]),
        (say("When"), iso(summary.at)),
        (say("What that moment is"), summary.at_note),
        (say("Platform"), summary.platform),
        (say("Where"), ", ".join(pages[:5])),
        (say("Who reports"), ", ".join(one.address for one in report.reporter.person.emails)),
    ])  # fmt: skip


def _parties(report: Report) -> tuple[PartyRow, ...]:
    rows = [PartyRow(say("Who is reported"), _party(one)) for one in report.reported]
    rows += [PartyRow(say("For whom it was meant"), _party(one)) for one in report.recipients]
    return (*rows, *(PartyRow(say("A child"), _party(one)) for one in report.victims))


def _party(one: Party) -> Facts:
    person = one.person or Person()
    seen = [_capture(capture) for capture in one.captures[:CAPTURES]]
    if len(one.captures) > CAPTURES:
        seen.append(say("%(n)s more", n=len(one.captures) - CAPTURES))
    return _kept([
        (say("Account"), one.account),
        (say("Names there"), ", ".join((*one.display_names, *filter(None, [one.screen_name])))),
        (say("Name"), " ".join(filter(None, (person.first_name, person.last_name)))),
        (say("E-mail"), ", ".join(mail.address for mail in person.emails)),
        (say("Telephone"), ", ".join(phone.number for phone in person.phones)),
        *((say("Address"), address) for address in seen),
        (say("Devices"), str(len(one.devices) or "")),
        *_linked(one.linked),
        (say("Earlier reports"), ", ".join(f"no. {number}" for number in one.prior_reports)),
        (say("Further words"), one.additional[:600]),
    ])  # fmt: skip


def _linked(every: Sequence[AssociatedAccount]) -> Facts:
    """Accounts that the service told in one row, and each that was found here with what says so."""
    told = ", ".join(one.account for one in every if not one.found_by)
    found = []
    for one in (one for one in every[:LINKED] if one.found_by):
        by = ", ".join(CLUES[Clue(what)] for what in one.found_by if what in set(Clue))
        words = say(
            "%(account)s: found here, by %(what)s (confidence %(n)s %%)",
            account=one.account, what=by, n=one.confidence,
        )  # fmt: skip
        found.append((say("Connected account"), words))
    return ((say("Connected accounts"), told), *found)


def _capture(one: IpCapture) -> str:
    where = one.address
    if one.port:
        where = say("%(address)s, port %(port)s", address=one.address, port=one.port)
    event = one.event.value if one.event else ""
    return ", ".join(filter(None, (where, event, iso(one.at) if one.at else "")))


def _file(file: ReportFile) -> FileRow:
    seen = Mark("ok", say("Seen whole")) if file.viewed else Mark("none", say("Not seen whole"))
    marks = _marks(a.value for a in file.annotations)
    if file.classification is not None:
        marks = (say("Class %(grade)s", grade=file.classification.value), *marks)
    pairs = [one for facts in file.details for one in facts.pairs if facts.kind is DetailKind.EXIF]
    exif = ", ".join(f"{one.name} {one.value}" for one in pairs)
    return FileRow(file.name or say("Unnamed"), seen, marks, file.sha256, exif)


def _chat(report: Report) -> tuple[str, ...]:
    logs = [place.content for place in report.places if isinstance(place, ChatIm)]
    return tuple(line for log in logs for line in log.splitlines())


def _shown(lines: Sequence[str]) -> tuple[str, ...]:
    """The first lines, which are those that are evidence, each cut."""
    return tuple(one if len(one) <= LETTERS else f"{one[: LETTERS - 1]}…" for one in lines[:LINES])


def _steps(steps: Iterable[FilingStep], now: datetime, *, sealed: bool) -> Iterable[StepRow]:
    """Answers and what was lost, the newest first; an intent says nothing by itself."""
    for one in sorted(steps, key=lambda step: step.id, reverse=True):
        if one.phase is Phase.INTENT:
            continue
        said = CALLS[one.call] if one.file is None else CALLS[one.call] % {"n": one.file + 1}
        if sealed and one.call in SEALED:
            said = SEALED[one.call]
        if one.detail == BY_HAND:
            found, said = Mark("wait", say("Waits")), say("A person hands it over")
        elif one.phase is Phase.LOST:
            found = Mark("bad", say("No answer"))
        elif one.code == 0:
            found = Mark("ok", say("Done"))
        else:
            found = Mark("bad", say("Answer %(code)s", code=one.code or one.http))
        yield StepRow(words.ago(one.at, now), said, one.request_id, found)


def _marks(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(MARKS[name] for name in sorted(names) if name in MARKS)


def _kept(rows: Iterable[tuple[str, str]]) -> Facts:
    return tuple((name, value) for name, value in rows if value)
