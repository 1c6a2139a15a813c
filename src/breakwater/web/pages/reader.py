"""The reading side of the console over a running installation: `reads.Reads` from records.

One snapshot of the database a page; rights are applied by the builders it calls. Tested with
a real database by `tests/integration/test_console_newcomer.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

from breakwater.errors import NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.bank import bank_name
from breakwater.model.case import Case, Priority
from breakwater.model.queue import CaseFilter
from breakwater.records import banks, cases, people, queue, tallies
from breakwater.web.pages import (
    read_audit,
    read_banks,
    read_bulk,
    read_case,
    read_duty,
    read_overview,
    read_queue,
    read_wellbeing,
    words,
)
from breakwater.web.pages.models import (
    CasePreview,
    Exposure,
    Found,
    OverviewView,
    QueueView,
    Series,
    Viewer,
)
from breakwater.web.pages.models_case import CaseView
from breakwater.web.pages.models_lists import (
    AuditView,
    BanksView,
    BankView,
)
from breakwater.web.pages.models_wellbeing import BreakView
from breakwater.web.pages.pulse import SPAN_S, Pulse
from breakwater.web.pages.rail import links_for
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.reads import AuditQuery, QueueQuery
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import Spoken, later, say

if TYPE_CHECKING:
    from breakwater.app import App

ROLE_WORDS: Final[Mapping[str, str]] = Spoken({
    "admin": later("Administrator"),
    "auditor": later("Auditor"),
    "grader": later("Grader"),
    "investigator": later("Investigator"),
    "live_moderator": later("Live moderator"),
    "qa_lead": later("Quality lead"),
    "report_officer": later("Report officer"),
    "reviewer": later("Reviewer"),
})  # fmt: skip


NOW: Final = CaseFilter(priority=Priority.NOW)
ALERTS: Final = 50
"""Cases of priority Now that a page knows by number."""


class Reader:
    """Builds every view from one installation."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pulse = Pulse(app.metrics)

    def now(self) -> datetime:
        """The present moment."""
        return self._app.clock.now()

    @contextmanager
    def _look(self, who: Principal) -> Iterator[Look]:
        with self._app.db.read() as tx:
            yield Look(tx, self.now(), who)

    def viewer(self, who: Principal) -> Viewer:
        """Who looks."""
        urgent, alerts = 0, []
        with self._app.db.read() as tx:
            person = people.get(tx, who.person) if who.person else None
            if who.may(Permission.CASE_READ):
                urgent = queue.total(tx, Priority.NOW)
                alerts = queue.page(tx, NOW, limit=ALERTS) if urgent else []
            called = read_duty.ring(tx, who)
        roles = sorted(ROLE_WORDS.get(role, role) for role in person.roles) if person else []
        return Viewer(
            name=who.name,
            roles=", ".join(roles) or say("No role yet"),
            permissions=who.permissions,
            exposure=self._exposure(who) if who.may(Permission.MEDIA_VIEW) else None,
            waiting_now=urgent,
            now_cases=tuple(case.number for case in alerts),
            called=called,
        )

    def _exposure(self, who: Principal) -> Exposure:
        return read_wellbeing.meter(self._app.review.exposure.status(who), self.now())

    def overview(self, who: Principal) -> OverviewView:
        """The first page."""
        self._pulse.sample(self.now().timestamp())
        with self._look(who) as look:
            return read_overview.overview(look, self._app, self._pulse)

    def series(self) -> Series:
        """Verdicts over the last 15 minutes."""
        now = self.now()
        self._pulse.sample(now.timestamp())
        with self._app.db.read() as tx:
            minutes = tallies.uploads_by_minute(tx, words.before(now, SPAN_S))
        return self._pulse.series(now.timestamp(), minutes)

    def queue(self, who: Principal, query: QueueQuery) -> QueueView:
        """What waits."""
        with self._look(who) as look:
            return read_bulk.offered(look, query, read_queue.queue(look, query))

    def preview(self, who: Principal, case: str) -> CasePreview:
        """Why one case waits."""
        with self._look(who) as look:
            return read_queue.preview(look, read_queue.case_named(look.tx, case))

    def case(self, who: Principal, case: str) -> CaseView:
        """One case, by id or number."""
        with self._look(who) as look:
            return read_case.case(look, read_queue.case_named(look.tx, case))

    def banks(self, who: Principal) -> BanksView:
        """All banks."""
        with self._look(who) as look:
            return read_banks.every(look, self._app.registry.kinds)

    def bank(self, who: Principal, name: str, after: int) -> BankView:
        """One bank."""
        with self._look(who) as look:
            found = banks.get(look.tx, bank_name(name))
            return read_banks.one(look, found, self._app.registry.kinds, after)

    def audit(self, who: Principal, query: AuditQuery) -> AuditView:
        """The audit log."""
        with self._look(who) as look:
            return read_audit.log(look, query, self._app.checkpointer)

    def rest(self, who: Principal) -> BreakView:
        """Where a limit leads."""
        with self._look(who) as look:
            return read_wellbeing.rest(look, self._app.review.exposure, self._app.settings.support)

    def find(self, who: Principal, text: str) -> Sequence[Found]:
        """What the palette offers: pages, cases and accounts, banks; only what one may open."""
        text = text.strip()
        viewer = Viewer(who.name, "", who.permissions)
        found = [
            Found(link.word, link.url, say("Page"))
            for link in links_for(viewer)
            if text.casefold() in link.word.casefold()
        ]
        if not text:
            return found
        with self._look(who) as look:
            if who.may(Permission.CASE_READ):
                found += _cases(look, text)
            if who.may(Permission.BANK_READ):
                found += [
                    Found(bank.name, f"/banks/{bank.name}", say("Bank"))
                    for bank in banks.every(look.tx)
                    if text.casefold() in bank.name.casefold()
                ]
        return found[:20]


def _cases(look: Look, text: str) -> list[Found]:
    service, slash, account = text.partition("/")
    if slash and account and look.may(Permission.ACCOUNT_READ):
        rows = cases.by_account(look.tx, service.strip(), account.strip(), 10)
        return [_found(c) for c in rows]
    try:
        return [_found(read_queue.case_named(look.tx, text))]
    except NotFound:
        named = look.may(Permission.ACCOUNT_READ)
        return [_found(c) for c in cases.named_account(look.tx, text, 10)] if named else []


def _found(case: Case) -> Found:
    name = say("Case %(n)s", n=case.number)
    return Found(name, f"/cases/{case.id}", say("Case"), retold(case.why))
