"""The live wall from records: cases of live streams by risk, and who is called for them.

At most 60 tiles, the rest counted (console specification §7). Words only until streams are
watched: a still is a view of its own and comes with its audit row. Read by `pages.wall`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseKind
from breakwater.records import cases, duty_calls, people
from breakwater.records.database import Tx
from breakwater.review.duty.calling import EVERYBODY
from breakwater.web.pages import words
from breakwater.web.pages.models_duty import Tile, WallView
from breakwater.web.pages.read_duty import first_on_duty
from breakwater.web.pages.retold import retold
from breakwater.web.pages.speech import say

if TYPE_CHECKING:
    from breakwater.app.oncall import OnCall

TILES: Final = 60
COUNTED: Final = 1_000


def view(tx: Tx, who: Principal, on_call: OnCall) -> WallView:
    """The wall for one viewer."""
    names = {str(one.id): one.name for one in people.every(tx)}
    streams = cases.page(tx, kind=CaseKind.STREAM, limit=COUNTED)
    on_duty = on_call.caller.on_duty(tx)
    return WallView(
        tiles=tuple(_tile(tx, who, case, names) for case in streams[:TILES]),
        counted=max(0, len(streams) - TILES),
        on_duty=first_on_duty(on_duty, names),
        alarm=bool(duty_calls.about(tx, EVERYBODY)),
    )


def _tile(tx: Tx, who: Principal, case: Case, names: dict[str, str]) -> Tile:
    held = case.held_until is not None and case.held_until > tx.now
    return Tile(
        case=case.id,
        number=case.number,
        name=say("%(service)s, case %(number)s", service=case.service, number=case.number),
        mark=words.PRIORITY[case.priority],
        why=retold(case.why),
        age=words.since(case.opened_at, tx.now),
        held_by=names.get(str(case.held_by), "") if held else "",
        frozen=say("To be frozen") if duty_calls.frozen(tx, case.id) else "",
        freezable=who.may(Permission.CASE_DECIDE) and who.person is not None,
    )
