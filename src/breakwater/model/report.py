"""A report to an authority: everything that is known of one incident, in no recipient's form.

In: a case, drafted by `reporting.drafting`. Out: one frozen value, which each recipient's writer
turns into its form; a superset of NCMEC's CyberTipline (reporting API, XSD of November 2025) and
of what UK law names (Online Safety Act s.66, SI 2026/268). Texts are whole: what is over a field's
room is carried on by the writer, marked, so that nothing is lost. Refused is only what cannot be.
`plain` and `read` are its JSON, which is how sealed drafts are kept. Tests:
`tests/unit/test_report_model.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from breakwater.errors import BadInput
from breakwater.model import report_json
from breakwater.model.report_file import (
    Classification,
    DetailKind,
    FileAnnotation,
    FileFacts,
    OriginalHash,
    Pair,
    Relevance,
    ReportFile,
)
from breakwater.model.report_party import (
    AccountKind,
    Address,
    AddressKind,
    AssociatedAccount,
    CaptureEvent,
    DeviceId,
    Disabled,
    Email,
    EmailKind,
    EstimatedLocation,
    IpCapture,
    Party,
    Person,
    PersonReported,
    Phone,
    PhoneKind,
    Recipient,
    Victim,
    must_be_aware,
)
from breakwater.model.report_place import (
    CellPhone,
    ChatIm,
    EmailMessages,
    InternetDetail,
    Newsgroup,
    NotInternet,
    OnlineGame,
    PeerToPeer,
    WebPage,
)

__all__ = [
    "AccountKind",
    "Address",
    "AddressKind",
    "Annotation",
    "AssociatedAccount",
    "CaptureEvent",
    "CellPhone",
    "ChatIm",
    "Classification",
    "Contacted",
    "DetailKind",
    "DeviceId",
    "Disabled",
    "Email",
    "EmailKind",
    "EmailMessages",
    "EstimatedLocation",
    "FileAnnotation",
    "FileFacts",
    "Incident",
    "IncidentType",
    "InternetDetail",
    "IpCapture",
    "Newsgroup",
    "NotInternet",
    "OnlineGame",
    "OriginalHash",
    "Pair",
    "Party",
    "Payment",
    "PeerToPeer",
    "Person",
    "PersonReported",
    "Phone",
    "PhoneKind",
    "Recipient",
    "Relevance",
    "Report",
    "ReportFile",
    "Reporter",
    "Victim",
    "WebPage",
]


class IncidentType(StrEnum):
    """What happened, in NCMEC's exact words."""

    ABUSE_MATERIAL = "Child Pornography (possession, manufacture, and distribution)"
    TRAFFICKING = "Child Sex Trafficking"
    TOURISM = "Child Sex Tourism"
    MOLESTATION = "Child Sexual Molestation"
    MISLEADING_DOMAIN = "Misleading Domain Name"
    MISLEADING_WORDS = "Misleading Words or Digital Images on the Internet"
    ENTICEMENT = "Online Enticement of Children for Sexual Acts"
    UNSOLICITED = "Unsolicited Obscene Material Sent to a Child"


class Annotation(StrEnum):
    """What else is true of the incident, in NCMEC's words."""

    SEXTORTION = "sextortion"
    SOLICITATION = "csamSolicitation"
    MINOR_TO_MINOR = "minorToMinorInteraction"
    SPAM = "spam"
    SADISTIC = "sadisticOnlineExploitation"


@dataclass(frozen=True, slots=True)
class Incident:
    """What happened, and when.

    Attributes:
        at: the moment, or the best that is known.
        at_note: what that moment is, and how sure.
        platform: where.
        escalate: why it cannot wait; giving a reason is what escalates, so it is never blank.
    """

    at: datetime
    at_note: str = ""
    platform: str = ""
    escalate: str = ""
    annotations: frozenset[Annotation] = frozenset()

    def __post_init__(self) -> None:
        """Refuse a time without a zone, and an escalation without a reason."""
        must_be_aware(self.at)
        if self.escalate and not self.escalate.strip():
            raise BadInput("Escalating needs a reason in words.")


@dataclass(frozen=True, slots=True)
class Contacted:
    """Police who know of it already.

    Attributes:
        reported: whether the provider told them.
        served_domestic: whether they served legal process in the provider's own country.
        served_international: whether police of another country did; served_country: which.
    """

    agency: str
    case_number: str = ""
    officer: Person | None = None
    reported: bool | None = None
    served_domestic: bool | None = None
    served_international: bool | None = None
    served_country: str = ""

    def __post_init__(self) -> None:
        """Refuse police without a name."""
        if not self.agency.strip():
            raise BadInput("Name the agency that was contacted.")


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports.

    Attributes:
        person: in whose name; at least one e-mail address.
        contact: whom police ask.
        template: the name of the provider's own form at the recipient.
        terms, legal_url: the provider's terms, and the page where police learn how to ask.
        registered_as: the party under which a UK recipient knows the provider.
    """

    person: Person
    contact: Person | None = None
    template: str = ""
    terms: str = ""
    legal_url: str = ""
    registered_as: str = ""

    def __post_init__(self) -> None:
        """Refuse a reporter whom nobody can answer."""
        if not self.person.emails:
            raise BadInput("The reporter has an e-mail address: set it before anything is filed.")


@dataclass(frozen=True, slots=True)
class Payment:
    """Money or a gift that changed hands, or was asked for.

    Attributes:
        kind: `payment`, `gift`, `subscription` …, in the service's words.
        amount: as told, digits and a point; currency: ISO 4217, or the platform's own coin.
        payer, payee: accounts, by the service's own names.
        reference: the payment's number at whoever moved it.
    """

    kind: str
    at: datetime | None = None
    amount: str = ""
    currency: str = ""
    payer: str = ""
    payee: str = ""
    reference: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a payment of which nothing is said, and a time without a zone."""
        if not self.kind.strip():
            raise BadInput("Say what kind of payment it was.")
        must_be_aware(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report, whole.

    Attributes:
        places: where it happened, one a kind of place.
        reported: who did it: at most one, unless `batched`; none when nobody knows.
        files: none for a report of words alone.
        additional: everything else, in words.
        batched: viral material, many who passed it on in one report.
        urgency: how urgent, in the words of the recipient's law (UK); empty: not assessed.
        complete: the declaration that all reasonably available information is in it (UK).
        supplementary_of: number or reference of the report that this one adds to.
        related: references of reports about the same incident, one for each who directed it.
        reference: the sender's own, by which the recipient can name it.
    """

    kind: IncidentType
    summary: Incident
    reporter: Reporter
    places: tuple[InternetDetail, ...] = ()
    law_enforcement: Contacted | None = None
    reported: tuple[PersonReported, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    victims: tuple[Victim, ...] = ()
    files: tuple[ReportFile, ...] = ()
    payments: tuple[Payment, ...] = ()
    additional: str = ""
    batched: bool = False
    urgency: str = ""
    complete: bool | None = None
    supplementary_of: str = ""
    related: tuple[str, ...] = ()
    reference: str = ""

    def __post_init__(self) -> None:
        """Refuse several reported persons in one report that is no batch."""
        if len(self.reported) > 1 and not self.batched:
            raise BadInput(
                "A report names one reported person: draft one for each, citing one another."
            )
        if not all(one.strip() for one in self.related):
            raise BadInput("A related report has a reference.")

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it: every member, so that absent is never read as false."""
        told: dict[str, Any] = report_json.plain(self)
        return told

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote; members that have a default may be missing.

        Raises:
            BadInput: a member is unknown, missing, or of another type.
        """
        return report_json.read(cls, said)
