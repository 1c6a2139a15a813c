"""A received report from records, for whoever may see what of it.

Who reports, what happened and what was found is for those who decide or report; accounts and
file names for `account:read`; people, addresses and the sender's free words for
`identity:read`. An admin sees the reasons alone. Pictures go through the view log like all
others. Used by `read_case`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from breakwater.errors import NotFound
from breakwater.model.access import Permission
from breakwater.model.case import Case, CaseKind, CaseStep
from breakwater.model.ids import Id
from breakwater.model.received import ReceivedFile, ReceivedReport
from breakwater.model.upload import Upload
from breakwater.records import api_keys, cases, received, uploads
from breakwater.reporting.receiving import reading, screening
from breakwater.reporting.receiving.reading import Capture, Contents, Person
from breakwater.web.pages import words
from breakwater.web.pages.models_case import EvidencePair
from breakwater.web.pages.models_received import (
    Facts,
    ReceivedFileRow,
    ReceivedPersonRow,
    ReceivedView,
    ReferralRow,
)
from breakwater.web.pages.read_names import called
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say

PEOPLE: Final = 8
FILES: Final = 12
CAPTURES: Final = 3

ROLES: Final[Mapping[str, str]] = Spoken({
    "reported": later("Who is reported"),
    "recipient": later("For whom it was meant"),
    "victim": later("A child"),
})  # fmt: skip
MARKS: Final[Mapping[str, str]] = Spoken({
    "sextortion": later("Blackmail with pictures"),
    "csamSolicitation": later("Asking for or offering pictures"),
    "minorToMinorInteraction": later("Between minors"),
    "spam": later("Spam"),
    "sadisticOnlineExploitation": later("Made to hurt themselves"),
    "animeDrawingVirtualHentai": later("Drawn or virtual"),
    "potentialMeme": later("May be a meme"),
    "viral": later("Spreads widely"),
    "possibleSelfProduction": later("Perhaps taken by the child"),
    "physicalHarm": later("Physical harm"),
    "violenceGore": later("Violence"),
    "bestiality": later("With an animal"),
    "liveStreaming": later("From a live broadcast"),
    "infant": later("An infant"),
    "generativeAi": later("Made by a computer"),
})  # fmt: skip
CERTAINTY: Final[Mapping[str, str]] = Spoken({
    "certain": later("certain"),
    "uncertain": later("uncertain"),
    "unknown": later("unknown"),
})  # fmt: skip


def of_case(look: Look, found: Case) -> ReceivedReport | None:
    """The report that became this case; None when it is a case of another kind."""
    return received.of_case(look.tx, found.id) if found.kind is CaseKind.RECEIVED else None


def media(look: Look, report: ReceivedReport | None) -> list[Upload]:
    """Its screened files whose bytes are kept, in their order."""
    if report is None:
        return []
    files = received.files_of(look.tx, report.id)
    found = uploads.many(look.tx, [file.id for file in files])
    return [found[file.id] for file in files if file.id in found and found[file.id].blob]


def plain(upload: Upload, number: int) -> EvidencePair:
    """A file that no bank knows, to be looked at like the others."""
    verdict = upload.verdict
    unreadable = verdict is not None and verdict.rule.startswith(screening.UNREADABLE)
    return EvidencePair(
        item=upload.id, frame=0, at="", words=say("File %(n)s of the report", n=number),
        bank="", bank_url="", entry=0, kind="", value="", distance=0, limit=0, bits_total=0,
        refusal=say("No bank here knows it."),
        no_still=say("The file cannot be read, so there is no picture.") if unreadable else "",
    )  # fmt: skip


def view(look: Look, found: Case, report: ReceivedReport | None) -> ReceivedView | None:
    """The section of the case page."""
    if report is None:
        return None
    steps = cases.history(look.tx, found.id)
    reasons = tuple(retold(step.note) for step in steps if step.what == "triaged")
    base = ReceivedView(
        case=found.id, number=report.number, at=words.ago(report.opened_at, look.now),
        reasons=reasons, referrals=_referrals(look, report),
        may_refer=look.may(Permission.REPORT_REFER) and look.who.person is not None,
    )  # fmt: skip
    if not (look.may(Permission.CASE_DECIDE) or look.may(Permission.IDENTITY_READ)):
        return replace(base, hidden=say("Your role sees why the report waits, and nothing of it."))
    contents = reading.contents(received.xml_of(look.tx, report.id))
    files = received.files_of(look.tx, report.id)
    return replace(
        base,
        masked=_masked(look),
        reporter=_reporter(look, report, contents),
        incident=_incident(look, contents),
        marks=_marks(contents.annotations),
        escalation=contents.escalation,
        people=_people(look, contents, _places(steps)),
        more_people=max(0, len(contents.people) - PEOPLE),
        files=_files(look, files, steps),
        more_files=max(0, len(files) - FILES),
    )


def _masked(look: Look) -> str:
    if look.may(Permission.IDENTITY_READ):
        return ""
    if look.may(Permission.ACCOUNT_READ):
        return say("Names, addresses and the sender's free words are masked for your role.")
    return say("Accounts, names, addresses and the sender's free words are masked for your role.")


def _reporter(look: Look, report: ReceivedReport, contents: Contents) -> Facts:
    rows = [(say("Sent by"), _sender(look, report)), (say("Service"), report.service)]
    if look.may(Permission.IDENTITY_READ):
        rows += [
            (say("Person"), contents.reporter),
            (say("E-mail"), ", ".join(contents.emails)),
            (say("For legal requests"), contents.legal_url),
        ]
    if contents.agency:
        police = " ".join(filter(None, (contents.agency, contents.agency_case)))
        rows.append((say("Told to the police"), police))
    return _kept(rows)


def _sender(look: Look, report: ReceivedReport) -> str:
    try:
        return api_keys.by_id(look.tx, report.sender)[0].name
    except NotFound:
        return called(look.tx, report.sender)


def _incident(look: Look, contents: Contents) -> Facts:
    rows = [
        (say("Kind"), contents.incident),
        (say("When"), contents.at),
        (say("Platform"), contents.platform),
    ]
    for place in contents.places:
        if look.may(Permission.ACCOUNT_READ):
            rows.append((say("Where"), ", ".join(place.lines[:3])))
        if place.written:
            rows.append((say("Chat or mail"), say("%(n)s characters", n=place.written)))
    if look.may(Permission.IDENTITY_READ):
        rows.append((say("Further words"), contents.additional[:600]))
    return _kept(rows)


def _people(
    look: Look, contents: Contents, places: Sequence[Mapping[str, Any]]
) -> tuple[ReceivedPersonRow, ...]:
    rows, at = [], 0
    for person in contents.people[:PEOPLE]:
        own = places[at : at + len(person.captures)]
        at += len(person.captures)
        rows.append(ReceivedPersonRow(ROLES[person.role], _person(look, person, own)))
    return tuple(rows)


def _person(look: Look, person: Person, places: Sequence[Mapping[str, Any]]) -> Facts:
    rows: list[tuple[str, str]] = []
    if look.may(Permission.ACCOUNT_READ):
        names = ", ".join(filter(None, (person.screen_name, *person.display_names)))
        rows += [(say("Account"), person.account), (say("Names there"), names)]
    if look.may(Permission.IDENTITY_READ):
        rows += [
            (say("Name"), person.name),
            (say("E-mail"), ", ".join(person.emails)),
            (say("Telephone"), ", ".join(person.phones)),
            *((say("Address"), _capture(one)) for one in person.captures[:CAPTURES]),
        ]
    elif person.captures:
        rows.append((say("Address"), say("Masked for your role")))
    rows += [
        (say("Seems to be in"), ", ".join(dict.fromkeys(filter(None, map(_country, places))))),
        (say("Age"), person.age),
        (say("Devices"), str(person.devices or "")),
        (say("Connected accounts"), str(person.accounts or "")),
        (say("Earlier reports"), ", ".join(person.prior)),
    ]
    return _kept(rows)


def _capture(one: Capture) -> str:
    where = one.address
    if one.port:
        where = say("%(address)s, port %(port)s", address=one.address, port=one.port)
    return ", ".join(filter(None, (where, one.event, one.at)))


def _country(place: Mapping[str, Any]) -> str:
    countries = place.get("countries") or ()
    if not countries:
        return ""
    sure = CERTAINTY[str(place["certainty"])]
    return f"{', '.join(countries)} ({sure})"


def _places(steps: Sequence[CaseStep]) -> Sequence[Mapping[str, Any]]:
    for step in steps:
        if step.what == screening.SCREENED:
            found: Sequence[Mapping[str, Any]] = step.facts.get("places", ())
            return found
    return ()


def _files(
    look: Look, files: Sequence[ReceivedFile], steps: Sequence[CaseStep]
) -> tuple[ReceivedFileRow, ...]:
    judged = uploads.many(look.tx, [file.id for file in files[:FILES]])
    seen = {Id(s.facts["file"]): s.note for s in steps if s.what == screening.SEEN}
    return tuple(_file(look, file, judged.get(file.id), seen) for file in files[:FILES])


def _file(
    look: Look, file: ReceivedFile, upload: Upload | None, seen: Mapping[Id, str]
) -> ReceivedFileRow:
    said = reading.file_facts(file.details)
    number = say("File %(n)s", n=file.place + 1)
    name = (said.name or file.name) if look.may(Permission.ACCOUNT_READ) else ""
    kind = (upload.type if upload else "") or file.declared_type or say("Unknown")
    verdict = upload.verdict if upload else None
    found = [f"{retold(one.words)}, {one.bank}" for one in (verdict.matches if verdict else ())[:3]]
    if file.id in seen:
        found.append(retold(seen[file.id]))
    if upload is None:
        found.append(say("Not screened yet"))
    elif verdict is not None and verdict.rule.startswith(screening.UNREADABLE):
        found.append(retold(verdict.reason))
    return ReceivedFileRow(
        title=f"{number}: {name}" if name else number,
        facts=_kept([
            (say("Type"), kind),
            (say("Size"), words.size(file.size)),
            (say("Sender looked at all of it"), _said(said.viewed)),
            (say("Public there"), "" if said.public is None else _said(said.public)),
            (say("Class"), said.classification),
            ("SHA-256", words.short(file.sha256) if look.may(Permission.HASH_READ) else ""),
        ]),
        marks=_marks(said.annotations),
        found=tuple(found),
    )  # fmt: skip


def _said(value: bool | None) -> str:
    return say("Not said") if value is None else say("Yes") if value else say("No")


def _marks(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(MARKS[name] for name in sorted(names) if name in MARKS)


def _referrals(look: Look, report: ReceivedReport) -> tuple[ReferralRow, ...]:
    return tuple(
        ReferralRow(
            one.recipient, one.reference, called(look.tx, one.by), words.ago(one.at, look.now)
        )
        for one in received.referrals_of(look.tx, report.id)
    )


def _kept(rows: Sequence[tuple[str, str]]) -> Facts:
    return tuple((name, value) for name, value in rows if value)
