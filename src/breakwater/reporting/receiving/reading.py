"""What people and triage read of a sender's XML: the incident, who is in it, from where.

In: the XML as it was received and taken by `rules`. Out: frozen values. Nothing is made up:
what a sender left out is empty. The whole XML stays beside it; this is its front page. It
reads the elements by the published description and shares nothing with what we ourselves send.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from breakwater.reporting.receiving import rules

ROLES = (
    ("personOrUserReported", "personOrUserReportedPerson", "reported"),
    ("intendedRecipient", "intendedRecipientPerson", "recipient"),
    ("victim", "victimPerson", "victim"),
)
"""Element of a report, element of the person in it, and the role it says."""


@dataclass(frozen=True, slots=True)
class Capture:
    """An address at a moment.

    Attributes:
        port: empty when none was sent; behind a carrier's translation nobody is found without it.
        at: as the sender wrote it.
    """

    address: str
    port: str = ""
    event: str = ""
    at: str = ""
    proxy: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a report.

    Attributes:
        role: `reported`, `recipient` or `victim`.
        account: the sender's own id of the account.
        accounts: how many further accounts the sender connects with it.
        prior: numbers of earlier reports that the sender names.
    """

    role: str
    account: str = ""
    service: str = ""
    screen_name: str = ""
    display_names: tuple[str, ...] = ()
    name: str = ""
    age: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    captures: tuple[Capture, ...] = ()
    devices: int = 0
    accounts: int = 0
    prior: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where it happened.

    Attributes:
        kind: the element's name: `webPageIncident`, `chatImIncident` …
        lines: its short texts: addresses of pages, names of rooms and clients.
        written: how many characters of chat or mail came with it.
    """

    kind: str
    lines: tuple[str, ...] = ()
    written: int = 0


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a sender says of one file."""

    name: str = ""
    viewed: bool | None = None
    public: bool | None = None
    relevance: str = ""
    annotations: frozenset[str] = frozenset()
    classification: str = ""
    hashes: tuple[tuple[str, str], ...] = ()
    captures: tuple[Capture, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """The front page of a received report.

    Attributes:
        escalation: why the sender calls it urgent; empty when they do not.
        company: who reports: the sender's template or the reporting person's mail domain.
        emails: of the reporting and the contact person.
        agency: the police that know already, and their case number.
        batched: many users who shared one item that spread.
    """

    incident: str
    at: str = ""
    platform: str = ""
    escalation: str = ""
    annotations: frozenset[str] = frozenset()
    places: tuple[Place, ...] = ()
    reporter: str = ""
    emails: tuple[str, ...] = ()
    legal_url: str = ""
    agency: str = ""
    agency_case: str = ""
    people: tuple[Person, ...] = field(default_factory=tuple)
    additional: str = ""
    batched: bool = False

    def of_role(self, role: str) -> tuple[Person, ...]:
        """Everybody of one role."""
        return tuple(person for person in self.people if person.role == role)


def contents(xml: bytes) -> Contents:
    """Read a report that was taken."""
    root = rules.parse(xml)
    incident = _one(root, "incidentSummary")
    reporter = _one(root, "reporter")
    return Contents(
        incident=_text(incident, "incidentType"),
        at=_text(incident, "incidentDateTime"),
        platform=_text(incident, "platform"),
        escalation=_text(incident, "escalateToHighPriority"),
        annotations=_names(incident.find("reportAnnotations")),
        places=tuple(_place(one[0]) for one in root.findall("internetDetails") if len(one)),
        reporter=_name(_one(reporter, "reportingPerson")),
        emails=_texts(reporter, "*/email"),
        legal_url=_text(reporter, "legalURL"),
        agency=_text(root, "lawEnforcement/agencyName"),
        agency_case=_text(root, "lawEnforcement/caseNumber"),
        people=tuple(
            _person(one, inner, role)
            for element, inner, role in ROLES
            for one in root.findall(element)
        ),
        additional=_text(root, "additionalInfo"),
        batched=root.find("batchedReport") is not None,
    )


def file_facts(details: bytes) -> FileFacts:
    """Read what was said of a file; nothing when nothing was said."""
    if not details:
        return FileFacts()
    root = rules.parse(details)
    meme = {"potentialMeme"} if root.find("potentialMeme") is not None else set()
    return FileFacts(
        name=_text(root, "originalFileName") or _text(root, "fileName"),
        viewed=_flag(root, "fileViewedByEsp"),
        public=_flag(root, "publiclyAvailable"),
        relevance=_text(root, "fileRelevance"),
        annotations=_names(root.find("fileAnnotations")) | meme,
        classification=_text(root, "industryClassification"),
        hashes=tuple(
            (one.get("hashType", ""), (one.text or "").strip())
            for one in root.findall("originalFileHash")
        ),
        captures=_captures(root),
    )


def _person(one: etree._Element, inner: str, role: str) -> Person:
    person = _one(one, inner)
    return Person(
        role=role,
        account=_text(one, "espIdentifier"),
        service=_text(one, "espService"),
        screen_name=_text(one, "screenName"),
        display_names=_texts(one, "displayName"),
        name=_name(person),
        age=_text(person, "age"),
        emails=_texts(person, "email"),
        phones=_texts(person, "phone"),
        captures=_captures(one),
        devices=len(one.findall("deviceId")),
        accounts=len(one.findall("associatedAccount")),
        prior=_texts(one, "priorCTReports"),
    )


def _place(one: etree._Element) -> Place:
    short = [
        (child.text or "").strip()
        for child in one
        if child.tag not in {"content", "additionalInfo", "ipCaptureEvent", "incidentAddress"}
    ]
    return Place(str(one.tag), tuple(filter(None, short)), len(_text(one, "content")))


def _captures(one: etree._Element) -> tuple[Capture, ...]:
    return tuple(
        Capture(
            _text(event, "ipAddress"), _text(event, "port"), _text(event, "eventName"),
            _text(event, "dateTime"), bool(_flag(event, "possibleProxy")),
        )
        for event in one.findall("ipCaptureEvent")
    )  # fmt: skip


def _one(parent: etree._Element, name: str) -> etree._Element:
    """A child, or an empty element in its place, so that what is left out reads as empty."""
    found = parent.find(name)
    return etree.Element(name) if found is None else found


def _text(parent: etree._Element, path: str) -> str:
    return (parent.findtext(path) or "").strip()


def _texts(parent: etree._Element, path: str) -> tuple[str, ...]:
    return tuple(filter(None, ((one.text or "").strip() for one in parent.findall(path))))


def _name(person: etree._Element) -> str:
    return " ".join(filter(None, (_text(person, "firstName"), _text(person, "lastName"))))


def _names(parent: etree._Element | None) -> frozenset[str]:
    return frozenset() if parent is None else frozenset(str(child.tag) for child in parent)


def _flag(parent: etree._Element, name: str) -> bool | None:
    found = parent.find(name)
    return None if found is None else (found.text or "").strip() in {"", "true", "1"}
