"""Acts on services from records: what was asked, how far it came, and what can be done by hand.

In comes what `enforcement.platform.acting` found; out go the pages. Used by `pages.acts`; tests:
`tests/integration/test_acts.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from breakwater.enforcement.platform.acting import Shown
from breakwater.model.act import ActKind, ActState, ActStep, ActWhy
from breakwater.model.case import Case
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, When
from breakwater.web.pages.models_acts import ActRow, ActsView
from breakwater.web.pages.speech import Spoken, later, say

PAGE: Final = 50
STEPS: Final = 12

KINDS: Final[Mapping[ActKind, str]] = Spoken({
    ActKind.HIDE: later("Hide it"),
    ActKind.REMOVE: later("Remove it"),
    ActKind.RESTORE: later("Bring it back"),
    ActKind.HIDE_THUMBNAILS: later("Hide its previews"),
    ActKind.REMOVE_THUMBNAILS: later("Remove its previews"),
    ActKind.RESTORE_THUMBNAILS: later("Bring its previews back"),
    ActKind.FREEZE_ACCOUNT: later("Freeze the account"),
    ActKind.CLOSE_ACCOUNT: later("Close the account"),
    ActKind.THAW_ACCOUNT: later("Open the account again"),
    ActKind.DELETE_SESSIONS: later("Sign the account out everywhere"),
    ActKind.RESET_STREAM_KEY: later("Give the account a new stream key"),
})  # fmt: skip
STATES: Final[Mapping[ActState, Mark]] = Spoken({
    ActState.WANTED: Mark("wait", later("Not sent yet")),
    ActState.SENT: Mark("wait", later("Sent, not confirmed yet")),
    ActState.CONFIRMED: Mark("ok", later("Confirmed")),
    ActState.IMPOSSIBLE: Mark("bad", later("The service cannot")),
    ActState.UNCONFIRMED: Mark("bad", later("Not confirmed")),
    ActState.OVERTAKEN: Mark("none", later("Overtaken by a newer one")),
    ActState.REVERSED: Mark("none", later("Taken back")),
})  # fmt: skip
WHYS: Final[Mapping[ActWhy, str]] = Spoken({
    ActWhy.DECISION: later("A person decided the case"),
    ActWhy.LIST: later("It matches a list, and no person's decision stands"),
    ActWhy.RELEASED: later("Nothing stands against it any more"),
    ActWhy.PERSON: later("Asked for by hand"),
})  # fmt: skip
STEP_WORDS: Final[Mapping[str, str]] = Spoken({
    "wanted": later("Asked for"),
    "sent": later("Sent for the first time"),
    "confirmed": later("Confirmed"),
    "impossible": later("The service cannot"),
    "unconfirmed": later("Given up after three days"),
    "overtaken": later("Overtaken by a newer one"),
    "reversed": later("Taken back"),
    "late": later("A word of the service that came too late to count"),
    "again": later("Tried again by a person"),
})  # fmt: skip
OUTCOMES: Final[Mapping[str, str]] = Spoken({
    "done": later("The service: done"),
    "later": later("The service: taken, not yet done"),
    "failed": later("The service: not done"),
    "impossible": later("The service: it cannot"),
})  # fmt: skip


def every(
    found: Sequence[Shown], *, failing: bool, waiting: int, at: str, now: datetime, may: bool
) -> ActsView:
    """Acts of all services."""
    rows = found[:PAGE]
    here = "/acts?failing=1&" if failing else "/acts?"
    return ActsView(
        case="", number=0, failing=failing, waiting=waiting, rows=_rows(rows, now, may=may),
        next_url=f"{here}at={rows[-1].act.id}" if len(found) > PAGE else "",
        first_url=here.rstrip("?&") if at else "",
    )  # fmt: skip


def of_case(
    case: Case,
    found: Sequence[Shown],
    kinds: Iterable[ActKind],
    *,
    connected: bool,
    now: datetime,
    may: bool,
) -> ActsView:
    """Acts that follow from one case, and those that may be asked for."""
    why_not = "" if connected else say("No service takes acts: add a webhook for act.wanted.")
    return ActsView(
        case=case.id, number=case.number, failing=False,
        waiting=sum(one.act.state.failed for one in found), rows=_rows(found, now, may=may),
        kinds=tuple((kind.value, KINDS[kind]) for kind in kinds) if may and connected else (),
        why_not=why_not,
    )  # fmt: skip


def _rows(found: Sequence[Shown], now: datetime, *, may: bool) -> tuple[ActRow, ...]:
    return tuple(_row(one, now, may=may) for one in found)


def _row(shown: Shown, now: datetime, *, may: bool) -> ActRow:
    act = shown.act
    note = act.fault
    if act.kind.lasts and act.state is ActState.CONFIRMED:
        note = say("It cannot be taken back.")
    return ActRow(
        id=act.id, what=KINDS[act.kind], about=shown.name, service=act.service,
        why=WHYS[act.why], state=STATES[act.state], note=note, at=words.ago(act.at, now),
        tries=act.attempts, case=act.case or "",
        said=tuple(_said(step, now) for step in reversed(shown.steps))[:STEPS],
        again=may and act.state.failed,
    )  # fmt: skip


def _said(step: ActStep, now: datetime) -> tuple[When, str]:
    if step.what == "acknowledged":
        said = OUTCOMES.get(step.outcome, step.outcome)
    else:
        said = STEP_WORDS.get(step.what, step.what)
    return words.ago(step.at, now), f"{said}: {step.detail}" if step.detail else said
