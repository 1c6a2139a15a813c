"""Stills of broadcasts: small ones of the live wall, and those of frame pairs within a case.

Each refresh of the wall is a view, written down. Before an alarm nobody looks: only a broadcast
with a case has a still here. The caller names what it could show; what comes back is committed
and may leave. Cutting needs no picture, so a person at their limit is refused these and nothing
else. Used by `web.pages.wall` and, for frame pairs, `review.looking.views`; tests:
`tests/integration/test_wall.py`, `tests/integration/test_case_stills.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from breakwater.errors import AuditUnavailable, BadInput, DatabaseUnavailable, DiskFull, NotFound
from breakwater.model.access import Principal
from breakwater.model.ids import Id
from breakwater.model.media import Level
from breakwater.records import stream_stills, streams, views
from breakwater.records.database import Database, Tx
from breakwater.review.looking.exposure import ExposureClock
from breakwater.review.looking.policy import Severity
from breakwater.review.looking.showing import Shown, permitted

MOST: Final = 60
"""Stills of one refresh: as many as the wall has tiles."""

REASON: Final = "live wall"


class LiveStills:
    """Writes down which broadcasts a person is about to see small."""

    def __init__(self, *, db: Database, exposure: ExposureClock) -> None:
        self._db = db
        self._exposure = exposure

    def allow(self, who: Principal, wanted: Sequence[Id], *, device: str = "") -> list[Id]:
        """Keep one row for a refresh, and answer what may be shown.

        Args:
            who: a person whose role shows pictures.
            wanted: broadcasts of which there is a still.
            device: id of the workstation they are shown on.

        Raises:
            NotAllowed: this role works without pictures.
            BadInput: more than the wall has tiles.
            ExposureLimit: it is time for a break.
            AuditUnavailable: it cannot be written down, so nothing is shown.
        """
        person = permitted(who, Level.S1)
        if len(wanted) > MOST:
            raise BadInput(f"A refresh of the wall has at most {MOST} stills.")
        try:
            with self._db.transaction() as tx:
                found = [streams.find(tx, one) for one in dict.fromkeys(wanted)]
                alarmed = [one.id for one in found if one is not None and one.case is not None]
                if not alarmed:
                    return []
                for one in alarmed:
                    self._exposure.check(tx, person, one, Level.S1, severity=Severity.UNKNOWN)
                seen = views.start(
                    tx, person=person, item=alarmed[0], others=alarmed[1:], level=Level.S1,
                    reason=REASON, cap_ms=0,
                )  # fmt: skip
                tx.audit(
                    person, "view.stills", seen.id, level=Level.S1.value, reason=REASON,
                    items=list(alarmed), device=device,
                )  # fmt: skip
                return alarmed
        except (DatabaseUnavailable, DiskFull) as error:
            raise AuditUnavailable from error


def of_pair(tx: Tx, stream: Id, frame: int) -> Shown:
    """The still of a frame pair as it is shown within the broadcast's case.

    Args:
        tx: the transaction that writes the look down.
        stream: the case's broadcast.
        frame: milliseconds of the frame.

    Raises:
        NotFound: none was kept of this moment, or it is not kept any more.
    """
    still = stream_stills.find(tx, stream, frame)
    if still is None:
        raise NotFound("No still of this moment was kept.")
    if still.blob is None:
        raise NotFound("The still of this moment is not kept any more.")
    return Shown(stream, frame, still.blob, stream_stills.TYPE, within=0)
