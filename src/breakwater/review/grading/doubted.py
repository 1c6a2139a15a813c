"""What curators of the hub doubt goes to graders: a set of the uploads that matched.

Subscribed to `hub.doubted`; two independent graders, as always where members depend on the
answer. Their result is heard by the hub as `grade.settled`. Tests:
`tests/contract/test_hub_graded.py`.
"""

from __future__ import annotations

from typing import Final

from breakwater.model.access import LOCAL_OPERATOR, Permission, Principal
from breakwater.model.event import Event
from breakwater.model.ids import Id
from breakwater.records import uploads
from breakwater.records.database import Database
from breakwater.review.grading.gather import Gather

GRADERS: Final = 2
HUB: Final = Principal(LOCAL_OPERATOR, "the hub's curators", frozenset({Permission.GRADE_QA}))


class Doubted:
    """Makes sets of doubted entries."""

    def __init__(self, *, db: Database, gather: Gather) -> None:
        self._db = db
        self._gather = gather

    def on_doubted(self, event: Event) -> None:
        """Make the set, once for an event; what was shredded meanwhile is left out."""
        wanted = [Id(str(one)) for one in event.body.get("uploads", ())]
        with self._db.read() as tx:
            found = uploads.many(tx, wanted)
        kept = [one for one in wanted if one in found and found[one].blob is not None]
        if kept:
            self._gather.gather(
                HUB, f"Doubted: entry {event.body['number']}", kept, graders=GRADERS,
                digest=f"hub:{event.id}",
            )  # fmt: skip
