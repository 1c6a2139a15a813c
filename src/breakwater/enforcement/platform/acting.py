"""Acts as people and services see them: wanted by hand, listed, tried again, acknowledged.

In comes who wants what; out goes the act, written in one transaction and sent at once. Decisions
ask their acts by themselves (`following`); by hand come those that no table asks: closing an
account, hiding something while it is looked at. Used by `web.api.acts` and `web.pages.acts`;
tests: `tests/integration/test_acts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from breakwater.enforcement.platform.following import Following, apparent_child
from breakwater.enforcement.ports import PlatformAdapter
from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.act import (
    Acknowledged,
    Act,
    ActKind,
    ActStep,
    ActWhy,
    Subject,
)
from breakwater.model.case import Case
from breakwater.model.ids import Id
from breakwater.records import cases, platform_acts, uploads
from breakwater.records.database import Database, Tx
from breakwater.records.platform_acts import Ground

LONGEST: Final = 2_000
"""Characters of a reason."""

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """An act with what it is about, for who may see that.

    Attributes:
        name: the service's own of the object or account; empty for who may not see it.
    """

    act: Act
    steps: tuple[ActStep, ...]
    name: str = ""


class Acts:
    """What people want done on services."""

    def __init__(self, *, db: Database, adapter: PlatformAdapter, following: Following) -> None:
        self._db = db
        self._adapter = adapter
        self._following = following

    def want(self, who: Principal, case: Id, kind: ActKind, *, reason: str) -> Act:
        """Ask for an act by hand, on the content or the account of a case.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such case.
            BadInput: no reason, or the case has nothing of the kind.
            Conflict: a decision says otherwise, or no service takes acts.
        """
        if who.person is None or not who.may(Permission.CASE_DECIDE):
            raise NotAllowed("Acts are asked for by people whose role allows it.")
        if not reason.strip() or len(reason) > LONGEST:
            raise BadInput(f"Give the reason, in at most {LONGEST:,} characters.")
        with self._db.read() as tx:
            found = cases.get(tx, case)
        if not self._adapter.listens(found.service):
            raise Conflict("No service takes acts. Add a webhook for act.wanted first.")
        ground = Ground(ActWhy.PERSON, by=who.person, case=case, reason=reason.strip())
        with self._db.transaction() as tx:
            tx.lock_changes()
            about = _about(tx, found, kind)
            stands = platform_acts.standing(tx, about)
            if kind.lane.of_account and kind.rank and apparent_child(tx, found):
                raise Conflict("A child seems to hold this account: it is never acted against.")
            if kind.rank == 0:
                _lettable(stands)
            made = platform_acts.want(tx, about, kind, ground)
            self._settle(tx, found)
            if platform_acts.newest(tx, made.fence) != platform_acts.get(tx, made.id):
                raise Conflict(
                    "A decision or a list asks for something else here. Decide the case first."
                )
            return made

    def again(self, who: Principal, act: Id) -> Act:
        """Try an act again that was not confirmed.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such act.
            Conflict: it is on its way, done, or a newer one stands.
        """
        if not who.may(Permission.ACT_RETRY):
            raise NotAllowed("Acts are tried again by people whose role allows it.")
        with self._db.transaction() as tx:
            _of_service(who, platform_acts.get(tx, act))
            return platform_acts.again(tx, act, by=who.person or who.id)

    def acknowledge(self, who: Principal, act: Id, said: Acknowledged, *, epoch: int) -> Act:
        """Take what a service says of an act of its own.

        Raises:
            NotFound: no such act of this service.
            Conflict: the epoch is another act's.
        """
        with self._db.transaction() as tx:
            _of_service(who, platform_acts.get(tx, act))
            return platform_acts.acknowledge(tx, act, said, epoch=epoch, by=who.id)

    def one(self, who: Principal, act: Id) -> Shown:
        """One act with all that happened to it.

        Raises:
            NotFound: no such act, or another service's.
        """
        with self._db.read() as tx:
            return _shown(tx, who, _of_service(who, platform_acts.get(tx, act)))

    def every(
        self,
        who: Principal,
        *,
        case: Id | None = None,
        failing: bool = False,
        before: Id | None = None,
        limit: int = 50,
    ) -> list[Shown]:
        """Acts, the newest first; a service's key sees its own.

        Raises:
            NotFound: no such case.
        """
        with self._db.read() as tx:
            if case is not None:
                cases.get(tx, case)
            found = platform_acts.page(
                tx, case=case, failing=failing, service=who.service, before=before,
                limit=min(limit, MOST),
            )  # fmt: skip
            return [_shown(tx, who, one) for one in found]

    def failing(self) -> int:
        """How many acts wait for a person."""
        with self._db.read() as tx:
            return platform_acts.failed(tx)

    def connected(self, service: str) -> bool:
        """Whether a service takes acts."""
        return self._adapter.listens(service)

    def kinds_for(self, case: Id) -> tuple[ActKind, ...]:
        """Acts that can be asked for by hand on a case, by what it is about and what stands.

        Raises:
            NotFound: no such case.
        """
        with self._db.read() as tx:
            found = cases.get(tx, case)
            child = apparent_child(tx, found)
            return tuple(kind for kind in ActKind if _possible(tx, found, kind, child=child))

    def _settle(self, tx: Tx, case: Case) -> None:
        """Have what decisions ask stand after what a person asked by hand."""
        upload = uploads.find(tx, case.subject)
        if upload is not None:
            self._following.content(tx, upload)
        self._following.account(tx, case)


def _possible(tx: Tx, case: Case, kind: ActKind, *, child: bool) -> bool:
    if kind.lane.of_account and kind.rank and child:
        return False
    try:
        stands = platform_acts.standing(tx, _about(tx, case, kind))
    except BadInput:
        return False
    if kind.rank == 0:
        return stands is not None and stands.kind.rank > 0
    return stands is None or kind.lasts or stands.kind.rank < kind.rank


def _about(tx: Tx, case: Case, kind: ActKind) -> Subject:
    """What of a case an act is done to.

    Raises:
        BadInput: the case has nothing of the kind.
    """
    if kind.lane.of_account:
        if not case.account:
            raise BadInput("No account is known in this case.")
        return Subject(kind.lane, case.service, case.account)
    upload = uploads.find(tx, case.subject)
    if upload is None:
        raise BadInput("This case is about no upload. Broadcasts are stopped by orders.")
    return Subject(kind.lane, upload.service, upload.origin.reference or upload.id)


def _lettable(stands: Act | None) -> None:
    """Refuse to let go of what nothing was done to.

    Raises:
        Conflict: there is nothing to let go of.
    """
    if stands is None or stands.kind.rank == 0:
        raise Conflict("Nothing stands that could be taken back.")


def _of_service(who: Principal, act: Act) -> Act:
    if who.service not in {"", act.service}:
        raise NotFound(f"act {act.id}")
    return act


def _shown(tx: Tx, who: Principal, act: Act) -> Shown:
    sees = who.may(Permission.ACT_WRITE) or who.may(Permission.ACCOUNT_READ)
    name = platform_acts.subject(tx, act).name if sees else ""
    return Shown(act, tuple(platform_acts.steps(tx, act.id)), name)
