"""Bulk acts in words: what can be done to chosen cases, and what one act would change.

Reads the queue's own values beside `review.queueing.bulk`; the page that applies an act sends back what
was shown. Read by `reader.Reader` and `pages.queue`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.access import Permission
from breakwater.model.case import Priority
from breakwater.model.ids import Id
from breakwater.model.queue import MOST_BULK, BulkAct, BulkKind, BulkPreview
from breakwater.records import people, routing
from breakwater.records import queue as waiting
from breakwater.review.queueing.queue import decides
from breakwater.web.pages import words
from breakwater.web.pages.models import QueueView
from breakwater.web.pages.models_queue import (
    BulkChoice,
    BulkLine,
    BulkOption,
    BulkView,
    Said,
)
from breakwater.web.pages.read_queue import FIELDS, Look, names_one, wanted
from breakwater.web.pages.reads import QueueQuery
from breakwater.web.pages.speech import say, say_n

LINES: Final = 100


def offered(look: Look, query: QueueQuery, view: QueueView) -> QueueView:
    """The queue page with what its viewer may do to many cases."""
    if not view.rows or query.state == "closed" or not look.may(Permission.CASE_DECIDE):
        return view
    matching = 0 if names_one(query) else waiting.count(look.tx, wanted(look, query))
    many = matching > MOST_BULK
    bulk = BulkChoice(
        matching=words.count(min(matching, MOST_BULK)) if matching else "",
        matching_many=many,
        groups=_groups(look),
        fields=tuple((n, getattr(query, n)) for n in FIELDS if n != "after" and getattr(query, n)),
    )
    return replace(view, bulk=bulk)


def parsed(what: str) -> tuple[BulkKind, str]:
    """Read what was chosen: `priority:high`.

    Raises:
        BadInput: nothing was, or something else.
    """
    kind, colon, value = what.partition(":")
    if not colon or kind not in set(BulkKind):
        raise BadInput("Choose what to do with the chosen cases.")
    return BulkKind(kind), value


def shown(look: Look, seen: BulkPreview, fields: Iterable[tuple[str, str]]) -> BulkView:
    """A preview, to be confirmed or left."""
    return BulkView(
        words=_would(look, seen),
        token=seen.token,
        lines=tuple(
            BulkLine(c.number, c.case, _value(seen.kind, c.before), _value(seen.kind, c.after))
            for c in seen.changes[:LINES]
        ),
        more=max(0, len(seen.changes) - LINES),
        left=tuple(seen.left.items())[:LINES],
        fields=tuple(fields),
        count=len(seen.changes),
    )


def done(act: BulkAct) -> Said:
    """What was done, and until when there is a way back."""
    number = len(act.changes)
    until = f"{act.undo_until:%H:%M:%S} UTC"
    if act.undone_at is not None:
        return Said(_undone(act.restored, act.left))
    told = say_n("%(n)s case was changed.", "%(n)s cases were changed.", number)
    return Said(told, undo=f"/queue/bulk/{act.id}/undo", until=until)


def _undone(restored: int, left: int) -> str:
    told = say_n("%(n)s case was put back.", "%(n)s cases were put back.", restored)
    if not left:
        return told
    stay = say_n(
        "%(n)s was changed since and stays as it is.",
        "%(n)s were changed since and stay as they are.",
        left,
    )
    return f"{told} {stay}"


def _groups(look: Look) -> tuple[tuple[str, tuple[BulkOption, ...]], ...]:
    priorities = tuple(BulkOption(f"priority:{p.value}", words.PRIORITY[p].word) for p in Priority)
    queues = tuple(BulkOption(f"queue:{q}", q) for q in routing.live(look.tx).ruleset.queues)
    colleagues = tuple(
        BulkOption(f"hand_over:{one.id}", one.name)
        for one in people.every(look.tx)
        if decides(one) and one.id != look.who.person
    )
    groups = (
        (say("Change the priority to"), priorities),
        (say("Move to the queue"), queues),
        (say("Hand over to"), colleagues),
    )
    return tuple(group for group in groups if group[1])


def _would(look: Look, seen: BulkPreview) -> str:
    n, value = len(seen.changes), _value(seen.kind, seen.value)
    if seen.kind is BulkKind.PRIORITY:
        return say_n(
            "%(n)s case becomes %(value)s.", "%(n)s cases become %(value)s.", n, value=value
        )
    if seen.kind is BulkKind.QUEUE:
        return say_n(
            "%(n)s case moves to the queue %(value)s.",
            "%(n)s cases move to the queue %(value)s.", n, value=value,
        )  # fmt: skip
    return say_n(
        "%(n)s case goes to %(value)s for 15 minutes.",
        "%(n)s cases go to %(value)s for 15 minutes.", n,
        value=people.get(look.tx, Id(seen.value)).name,
    )  # fmt: skip


def _value(kind: BulkKind, value: str) -> str:
    if kind is BulkKind.PRIORITY:
        return words.PRIORITY[Priority(value)].word
    return {"You": say("You"), "Nobody": say("Nobody")}.get(value, value)
