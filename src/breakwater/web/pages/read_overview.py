"""Overview from records and the running parts: is it working, how much comes in, who waits.

Counts and states for every role but graders, who see nothing of matches; single verdicts, without
account, address and picture, for those who may read cases or verdicts (law, "who may see what"). Read by `reader.Reader`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from breakwater.errors import NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.case import CaseState, Priority
from breakwater.model.match import Action
from breakwater.model.signal import kind_named
from breakwater.model.upload import Upload
from breakwater.records import audit, cases, outbox, platform_acts, uploads
from breakwater.records.database import Tx
from breakwater.web.pages import read_duty, words
from breakwater.web.pages.models import (
    IndexRow,
    Mark,
    Number,
    OverviewView,
    Part,
    PriorityCount,
    VerdictRow,
)
from breakwater.web.pages.pulse import Pulse, median_s
from breakwater.web.pages.read_banks import name_of_kind
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import figure, say, say_n

if TYPE_CHECKING:
    from breakwater.app import App

RECENT: Final = 12
WINDOW: Final = timedelta(minutes=15)
BEHIND: Final = 10_000
"""Changes the index may be behind before that is said as a fault."""


def _ready() -> Mark:
    return Mark("ok", say("Ready"))


def overview(look: Look, app: App, pulse: Pulse) -> OverviewView:
    """The first page."""
    parts = _parts(look.tx, app)
    waiting = _waiting(look) if sees_sums(look.who) else ()
    on_call = Part(say("On call"), *read_duty.standing(look.tx))
    unmanned = on_call.state.style == "bad"
    return OverviewView(
        headline=_headline(parts, waiting, unmanned=unmanned),
        numbers=_numbers(look, app, pulse) if waiting else (),
        queue=waiting,
        index=_index(app),
        parts=(*parts, on_call),
        recent=_recent(look),
    )


def sees_sums(who: Principal) -> bool:
    """Whether sums of verdicts and cases are for them: not for graders, who judge unswayed."""
    return who.may(Permission.CASE_READ) or not who.may(Permission.GRADE_WRITE)


def _headline(
    parts: tuple[Part, ...], waiting: tuple[PriorityCount, ...], *, unmanned: bool
) -> str:
    """Whether all works, whether somebody is on duty, and whether a person is needed."""
    broken = [part.name for part in parts if part.state.style == "bad"]
    said = [say("Nobody is on duty: an urgent case calls nobody.")] if unmanned else []
    if broken:
        said.insert(0, say("Look at: %(parts)s.", parts=", ".join(broken)))
    elif not unmanned:
        said.append(say("Every part works."))
    if waiting:
        said.append(_needed(waiting[0].count, sum(row.count for row in waiting)))
    return " ".join(said)


def _needed(urgent: int, every: int) -> str:
    if urgent:
        return say_n("%(n)s case needs a person now.", "%(n)s cases need a person now.", urgent)
    if every:
        return say_n(
            "%(n)s case waits; it is not marked Now.",
            "%(n)s cases wait; none is marked Now.",
            every,
        )
    return say("No case waits for a person.")


def _recent(look: Look) -> tuple[VerdictRow, ...]:
    if not (look.may(Permission.CASE_READ) or look.may(Permission.VERDICT_READ)):
        return ()
    return tuple(_verdict(look, upload) for upload in uploads.recent(look.tx, RECENT))


def _numbers(look: Look, app: App, pulse: Pulse) -> tuple[Number, ...]:
    counts = uploads.counts(look.tx, look.now - WINDOW)
    median = median_s(app.metrics)
    return (
        Number(figure(pulse.rate(), "#,##0.0"), say("uploads a second"), running=True),
        Number(words.count(counts.get(Action.ALLOW, 0)), say("passed in 15 minutes")),
        Number(words.count(counts.get(Action.HOLD, 0)), say("held")),
        Number(words.count(counts.get(Action.BLOCK, 0)), say("blocked")),
        Number(
            f"{median * 1000:.0f} ms" if median is not None else "–",
            say("half are answered within"),
        ),
    )


def _waiting(look: Look) -> tuple[PriorityCount, ...]:
    counts = cases.counts(look.tx)
    rows = []
    for priority in Priority:
        n = sum(counts.get((state, priority), 0) for state in CaseState)
        first = cases.page(look.tx, priority=priority, limit=1) if n else []
        note = (
            say("next due %(when)s", when=words.due(first[0].due_at, look.now).words)
            if first
            else ""
        )
        rows.append(
            PriorityCount(words.PRIORITY[priority], n, note, f"/queue?priority={priority.value}")
        )
    return tuple(rows)


def _index(app: App) -> tuple[IndexRow, ...]:
    behind = app.feed.lag()
    state = _ready() if behind < BEHIND else Mark("wait", say("Catching up"))
    lag = say("%(n)s behind", n=words.count(behind)) if behind else say("up to date")
    return tuple(
        IndexRow(
            kind=name_of_kind(name),
            words=retold(kind_named(name).words),
            size=words.count(status.size),
            waiting=words.count(status.delta),
            lag=lag,
            state=state,
        )
        for name, status in sorted(app.index.status().items(), key=lambda item: -item[1].size)
    )


def _parts(tx: Tx, app: App) -> tuple[Part, ...]:
    dead = sum(lag.dead for lag in outbox.lags(tx))
    unsigned = audit.head(tx).size - app.checkpointer.covered
    faulty = app.checkpointer.fault is not None
    kind = say("SQLite, one writer") if app.db.dialect == "sqlite" else "PostgreSQL"
    return (
        Part(say("Jail"), _ready(), say("proven at start")),
        Part(say("Database"), _ready(), kind),
        Part(say("Audit log"), Mark("bad", say("Not signed")) if faulty else _ready(),
             say("%(n)s rows to sign", n=words.count(max(0, unsigned)))),
        Part(say("Deliveries"), Mark("bad", say("Given up")) if dead else _ready(),
             say("%(n)s need a person", n=words.count(dead)) if dead else say("nothing stuck")),
        Part(say("Uploads"), _ready(),
             say("%(n)s wait for a verdict", n=words.count(uploads.pending(tx)))),
        *_acts(tx),
    )  # fmt: skip


def _acts(tx: Tx) -> tuple[Part, ...]:
    """Acts on services, where a person must look."""
    failing = platform_acts.failed(tx)
    if not failing:
        return ()
    said = say("%(n)s not confirmed", n=words.count(failing))
    return (
        Part(say("Acts on services"), Mark("bad", say("Not confirmed")), said, "/acts?failing=1"),
    )


def _verdict(look: Look, upload: Upload) -> VerdictRow:
    verdict = upload.verdict
    number = 0
    if upload.case is not None:
        try:
            number = cases.get(look.tx, upload.case).number
        except NotFound:
            number = 0
    return VerdictRow(
        at=words.at(upload.received_at),
        action=words.ACTION[verdict.action] if verdict else Mark("wait", say("Waiting")),
        reason=retold(verdict.reason) if verdict else say("The verdict is not reached yet."),
        service=upload.service,
        surface=upload.surface.value,
        case=upload.case or "",
        case_number=number,
    )
