"""What people say of links: together, apart, taken back, drawn by hand.

Every word needs a reason and is a row that stays, with an audit entry in the same transaction.
Series are computed anew at once (`keeping`), so that whoever judges sees what came of it. What one
person holds together and another apart is a conflict and joins nothing (`scenes.series`). Tests:
`tests/contract/test_linking_judging.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed
from breakwater.linking.keeping import Keeping
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.link import EdgeState, Found, Link, LinkKind
from breakwater.records import link_edges, link_media, link_series
from breakwater.records.database import Database, Tx
from breakwater.records.link_edges import BY_HAND
from breakwater.records.texts import storable

LONGEST: Final = 2_000
"""Letters of a reason."""
_ALREADY: Final[Mapping[EdgeState, str]] = MappingProxyType({
    EdgeState.CONFIRMED: "It is confirmed already. Take that back first to say something else.",
    EdgeState.REJECTED: "It is rejected already: both are kept apart. Take that back first to say why anew.",
    EdgeState.MACHINE: "Nobody has said anything of it that could be taken back.",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a verdict.

    Attributes:
        link: as it stands now.
        changed: numbers of series that changed.
        conflict: it says together and joins nothing, because somebody said apart.
    """

    link: Link
    changed: tuple[int, ...]
    conflict: bool = False


class Judging:
    """Takes people's verdicts."""

    def __init__(self, *, db: Database, keeping: Keeping) -> None:
        self._db = db
        self._keeping = keeping

    def confirm(self, by: Principal, edge: int, reason: str) -> Judged:
        """Both belong together.

        Raises:
            NotAllowed: not by those who judge links.
            NotFound: there is no such link.
            BadInput: no reason.
            Conflict: it was said already.
        """
        return self._say(by, edge, EdgeState.CONFIRMED, reason)

    def reject(self, by: Principal, edge: int, reason: str) -> Judged:
        """Both do not belong together; raises as `confirm`."""
        return self._say(by, edge, EdgeState.REJECTED, reason)

    def take_back(self, by: Principal, edge: int, reason: str) -> Judged:
        """Nobody says anything of it any more; raises as `confirm`."""
        return self._say(by, edge, EdgeState.MACHINE, reason)

    def foreseen(self, tx: Tx, edge: int) -> dict[int, list[int]]:
        """Media that would leave their series if a link were confirmed, by series."""
        link = link_edges.get(tx, edge)
        return self._keeping.foreseen(tx, replace(link.edge, state=EdgeState.CONFIRMED))

    def join_by_hand(
        self, by: Principal, a: int, b: int, kind: LinkKind, reason: str
    ) -> Judged:  # fmt: skip
        """Draw a link that no method found.

        Raises:
            NotAllowed: not by those who judge links.
            NotFound: no such medium.
            BadInput: no reason, or one medium with itself.
            Conflict: it was drawn already.
        """
        who, words = _judge(by), _words(reason)
        if a == b:
            raise BadInput("A link joins two media.")
        low, high = sorted((a, b))
        with self._db.transaction() as tx:
            tx.lock_changes()
            for one in (low, high):
                link_media.get(tx, one)
            found = Found(low, high, kind, BY_HAND, "1", 1.0, {"by_hand": True})
            return self._judged(tx, link_edges.add(tx, found), EdgeState.CONFIRMED, words, who)

    def _say(self, by: Principal, edge: int, state: EdgeState, reason: str) -> Judged:
        who, words = _judge(by), _words(reason)
        with self._db.transaction() as tx:
            tx.lock_changes()
            return self._judged(tx, link_edges.get(tx, edge), state, words, who)

    def _judged(self, tx: Tx, link: Link, state: EdgeState, words: str, who: Id) -> Judged:
        if link.edge.state is state:
            raise Conflict(_ALREADY[state])
        said = link_edges.verdict(tx, link.edge.number, state, words, who)
        tx.audit(
            who, "link.judge", f"link {said.edge.number}", verdict=state.value,
            before=link.edge.state.value, kind=said.edge.kind.value, a=said.edge.a, b=said.edge.b,
        )  # fmt: skip
        changed = self._keeping.changed(tx, [said], by=who, because=said.edge.number)
        return Judged(said, changed, state is EdgeState.CONFIRMED and not _together(tx, said))


def _together(tx: Tx, link: Link) -> bool:
    of = link_series.of_media(tx, (link.edge.a, link.edge.b))
    return len(of) == 2 and len(set(of.values())) == 1


def _judge(by: Principal) -> Id:
    if not by.may(Permission.LINK_WRITE):
        raise NotAllowed("Links are judged by those who may.")
    if by.person is None:
        raise NotAllowed("A link is judged by a person, not a key.")
    return by.person


def _words(reason: str) -> str:
    storable(reason)
    words = reason.strip()
    if not words or len(words) > LONGEST:
        raise BadInput(f"A verdict needs a reason of 1 to {LONGEST} letters.")
    return words
