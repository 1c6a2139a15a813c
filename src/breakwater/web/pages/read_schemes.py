"""Tables of law that wait for a second person, in words: what each would change, and who may act.

In comes what `review.grading.adopting` holds; out goes what the page Quality shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.records import people
from breakwater.review.grading.adopting import Proposal
from breakwater.web.pages import words
from breakwater.web.pages.models_qa import TableRow
from breakwater.web.pages.read_queue import Look
from breakwater.web.pages.speech import say, say_n

LISTED = 8


def waiting(look: Look, found: Sequence[Proposal]) -> tuple[TableRow, ...]:
    """The oldest first."""
    return tuple(_row(look, one) for one in found)


def _row(look: Look, one: Proposal) -> TableRow:
    waits = one.approval
    changed = say_n("%(n)s item would change", "%(n)s items would change", one.changed)
    return TableRow(
        scheme=one.scheme.id,
        version=one.scheme.version,
        by=people.get(look.tx, waits.by).name,
        reason=waits.reason,
        until=words.due(waits.lapses_at, look.now),
        changed=say(
            "%(changed)s, of %(all)s settled.", changed=changed, all=words.count(one.items)
        ),
        moves=tuple(
            (_codes(before), _codes(after), words.count(n))
            for before, after, n in one.moves[:LISTED]
        ),
        mine=waits.by == look.who.person,
    )


def _codes(codes: tuple[str, ...]) -> str:
    return ", ".join(codes) or say("no code")
