"""Wires reports to authorities: who reports, to whom, and what carries them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from breakwater.app.ground import Ground
from breakwater.app.mapping import limits_of
from breakwater.app.recipients import destinations_of, recipients_of
from breakwater.errors import BadSettings, NotFound
from breakwater.model.decision import Profile as CaseProfile
from breakwater.model.event import EventType
from breakwater.model.facts import ItemFacts
from breakwater.model.ids import Id
from breakwater.model.media import Undecodable
from breakwater.model.report import Classification, Email, Person, Phone, Reporter
from breakwater.model.scheme import Scheme
from breakwater.model.sending import RecipientKind, Sendings
from breakwater.model.work import Beat, JobKind, Subscription, Turn
from breakwater.records import filings as filing_rows
from breakwater.reporting.allowed import sendings
from breakwater.reporting.batching import Batching, ViralPolicy
from breakwater.reporting.cybertipline.client import Client, NotSetUp
from breakwater.reporting.cybertipline.papers import Forms
from breakwater.reporting.cybertipline.sender import Sender
from breakwater.reporting.danger import Danger
from breakwater.reporting.drafting.draft import Drafter, Profile
from breakwater.reporting.filing import DRAFT_JOB, Filings
from breakwater.reporting.naming import Naming
from breakwater.reporting.permits import Destination, Permits
from breakwater.reporting.ports import Wire
from breakwater.reporting.running import Carriers, Running
from breakwater.reporting.sinks.courier import Courier
from breakwater.reporting.sinks.listing import contacts
from breakwater.review.deciding.policy import report_waits
from breakwater.settings import Settings

NCMEC: Final = "ncmec"
INDUSTRY: Final = "industry"
"""Table of the grades that members of the industry's hash-sharing agreement give."""
REMIND_EVERY_S: Final = 60.0
DECIDED: Final = frozenset({EventType.CASE_DECIDED})
FINISHED: Final = frozenset({EventType.FILING_FINISHED})


@dataclass(frozen=True, slots=True)
class Reporting:
    """Every part that reports.

    Attributes:
        filings: reports as people and decisions move them.
        naming: people who are named in drafts.
        batching: drafts about one viral file that become one.
        destinations: to whom, by name.
        sendings: what may leave, to whom.
        courier: carries to other recipients, and takes their receipts.
        danger: what is done while a child is in danger now.
    """

    filings: Filings
    naming: Naming
    batching: Batching
    sender: Sender
    destinations: Mapping[str, Destination]
    sendings: Sendings
    courier: Courier
    danger: Danger
    subscriptions: tuple[Subscription, ...]
    jobs: tuple[JobKind, ...]
    turns: tuple[Turn, ...]


def wire_reporting(
    settings: Settings, on: Ground, undo: ExitStack, tables: Callable[[], Sequence[Scheme]]
) -> Reporting:
    """Put the parts together; `tables` are the grading schemes in force.

    Raises:
        BadSettings: reports would go elsewhere than the settings say.
    """
    wires: dict[str, Wire] = {NCMEC: _ncmec(settings, undo)}

    def wire(name: str) -> Wire:
        if name not in wires:
            raise NotFound(f"destination {name}")
        return wires[name]

    others = recipients_of(settings)
    destinations = {NCMEC: _to_ncmec(settings), **destinations_of(others)}

    drafter = _drafter(settings, on, tables)
    may_leave = sendings(settings.seat, settings.sendings_file)
    permits = Permits(db=on.db, sendings=may_leave, destinations=destinations)
    filings = Filings(
        db=on.db, vault=on.vault, drafter=drafter, destinations=destinations, permits=permits
    )
    sender = Sender(
        db=on.db, vault=on.vault, wire=wire, documents=Forms(clock=on.clock), permit=permits.check
    )
    courier = Courier(
        db=on.db, vault=on.vault, to=others, spool=settings.spool_dir, permit=permits.check
    )
    carriers = Carriers(db=on.db, usual=sender, named=dict.fromkeys(others, courier))
    running = Running(db=on.db, sender=carriers)
    undo.callback(running.close)

    window = timedelta(hours=settings.reports_viral_hours)
    policy = ViralPolicy(settings.reports_viral_accounts, window)
    batching = Batching(db=on.db, policy=policy)
    danger = _danger(settings, on, drafter, permits, destinations)

    def draft(payload: Mapping[str, Any], _attempt: int, _beat: Beat) -> None:
        filings.draft(Id(payload["case"]))
        batching.by_label(Id(payload["case"]))

    def remind() -> None:
        filings.remind()
        count(on, destinations)

    return Reporting(
        filings=filings, naming=Naming(db=on.db, filings=filings), batching=batching, sender=sender, destinations=destinations, sendings=may_leave,
        courier=courier, danger=danger,
        subscriptions=(
            Subscription("reporting.draft", DECIDED, filings.on_decided),
            Subscription("reporting.follow", FINISHED, filings.on_finished),
        ),
        jobs=(JobKind(DRAFT_JOB, draft, lease_s=900.0),),
        turns=(
            Turn("reporting.filings", 0.0, running.turn),
            Turn("reporting.remind", REMIND_EVERY_S, remind),
        ),
    )  # fmt: skip


def _drafter(
    settings: Settings, on: Ground, tables: Callable[[], Sequence[Scheme]]
) -> Drafter:  # fmt: skip
    """What drafts: files graded by the tables in force, their EXIF read in the jail."""

    def annotate(facts: ItemFacts) -> Sequence[str]:
        table = next((one for one in tables() if one.id == NCMEC), None)
        return () if table is None else table.derive(facts).codes

    def classify(facts: ItemFacts) -> Classification | None:
        table = next((one for one in tables() if one.id == INDUSTRY), None)
        if table is None or not settings.reports_industry:
            return None
        (code,) = table.derive(facts).codes
        return Classification(code) if code in set(Classification) else None

    def exif(blob: Id) -> Mapping[str, str]:
        with on.vault.open(blob) as source:
            said = on.pool.exif(
                source, declared="", limits=limits_of(settings).image, lane="reports"
            )
        return {} if isinstance(said, Undecodable) else said

    return Drafter(
        vault=on.vault, profile=profile_of(settings), annotate=annotate, classify=classify,
        exif=exif,
    )  # fmt: skip


def profile_of(settings: Settings) -> Profile:
    """What an operator said of who reports; without an address nobody does."""
    address = settings.reports_email.strip()
    if not address:
        return Profile(None, settings.reports_platform, settings.reports_page)
    person = Person(
        first_name=settings.reports_first_name, last_name=settings.reports_last_name,
        emails=(Email(address),),
        phones=(Phone(settings.reports_phone),) if settings.reports_phone.strip() else (),
    )  # fmt: skip
    reporter = Reporter(
        person, template=settings.reports_template, terms=settings.reports_terms,
        legal_url=settings.reports_legal_url, registered_as=settings.reports_registered_as,
    )  # fmt: skip
    return Profile(reporter, settings.reports_platform, settings.reports_page)


def count(on: Ground, destinations: Mapping[str, Destination]) -> None:
    """Set the metrics of what is open and overdue, of each recipient."""
    with on.db.read() as tx:
        found = filing_rows.counts(tx)
    for name in {*destinations, *found}:
        waits, moves, late = found.get(name, (0, 0, 0))
        on.metrics.filings_open.labels(name).set(waits + moves)
        on.metrics.filings_overdue.labels(name).set(late)


def _danger(
    settings: Settings, on: Ground, drafter: Drafter, permits: Permits,
    destinations: Mapping[str, Destination],
) -> Danger:  # fmt: skip
    return Danger(
        db=on.db, drafter=drafter, destinations=destinations, permits=permits,
        resolve=on.atlas.resolve, contacts=contacts(settings.danger_contacts_file),
        waits=report_waits(CaseProfile(settings.profile)),
    )  # fmt: skip


def _to_ncmec(settings: Settings) -> Destination:
    real = settings.reports_ncmec_production
    return Destination(
        NCMEC, timedelta(hours=settings.reports_due_hours), two_people=real, production=real,
        set_up=bool(settings.reports_ncmec_user), country="US", title="NCMEC",
        kind=RecipientKind.CLEARING if real else RecipientKind.TEST,
    )  # fmt: skip


def _ncmec(settings: Settings, undo: ExitStack) -> Wire:
    user = settings.reports_ncmec_user
    if settings.reports_ncmec_production and not settings.seat:
        raise BadSettings("reports_ncmec_production needs seat: it says what may leave.")
    if not user:
        if settings.reports_ncmec_production:
            raise BadSettings("reports_ncmec_production needs reports_ncmec_user and _password.")
        return NotSetUp()
    client = Client(
        settings.reports_ncmec_url, user=user,
        password=settings.reports_ncmec_password.get_secret_value(),
        production=settings.reports_ncmec_production, ca=settings.reports_ncmec_ca,
    )  # fmt: skip
    undo.callback(client.close)
    return client
