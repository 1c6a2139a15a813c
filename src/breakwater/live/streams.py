"""Broadcasts: admitted, begun, told of, watched, ended. The door of every media server.

In come hooks of media servers (`live.ports.Doorkeeper`), what services tell, and alerts of
watchers; out go rows, cases and orders, each in one transaction. Who was cut is refused at the
door by stream key, account and device; who comes back while a freeze waits for a decision is
frozen again; an apparent child is never refused. Answers come from rows alone, so that a hook
is answered in milliseconds. Tests: `tests/contract/test_live_streams.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from breakwater.errors import NotAllowed, NotFound
from breakwater.live import acting, alerts, telling
from breakwater.live.policy import DEFAULT, HISTORY_WEIGHT, NEW_WEIGHT, Policy
from breakwater.live.ports import Admission, Call
from breakwater.live.telling import ReportTold
from breakwater.model.access import Principal
from breakwater.model.broadcast import News, NewsKind, Sender, Viewer
from breakwater.model.copies import Segment
from breakwater.model.event import EventType
from breakwater.model.ids import Id
from breakwater.model.match import Match
from breakwater.model.scene import CloserLook
from breakwater.model.stream import Alert, Control, Evidence, Order, Stream, StreamState
from breakwater.model.upload import narrower
from breakwater.model.user_report import UserReport
from breakwater.model.watch import Act, Place
from breakwater.observe import logger
from breakwater.records import leases, stream_alerts, stream_orders, stream_people, streams
from breakwater.records.database import Database, Tx
from breakwater.records.leases import Lease

VIEWERS_KEPT: Final = timedelta(hours=1)
"""How long after the end of a broadcast without a case it is known who sent and watched."""

CALM_KEPT: Final = timedelta(days=90)
"""How long a broadcast that led to nothing is known, by pseudonyms (reference law: ingest)."""

ANNOUNCED: Final = timedelta(minutes=10)
"""How long a broadcast that a service announced may begin after that."""

FORGET_EVERY_S: Final = 300.0

_log = logger("live")


def _nobody(_server: str) -> str:
    return ""


class Streams:
    """Every broadcast; satisfies `live.ports.Doorkeeper`."""

    def __init__(
        self,
        *,
        db: Database,
        policy: Policy = DEFAULT,
        service_of: Callable[[str], str] = _nobody,
        resolve: Callable[[str, datetime], Place] | None = None,
    ) -> None:
        """Take what it stands on.

        Args:
            db: the database.
            policy: how far a broadcast is stopped without a person.
            service_of: whose broadcasts a media server carries, by the server's name.
            resolve: where an address seemed to be at a moment.
        """
        self._resolve = resolve
        self._db = db
        self._policy = policy
        self._service_of = service_of

    @property
    def policy(self) -> Policy:
        """In force."""
        return self._policy

    def admit(self, call: Call) -> Admission:
        """Whether this publisher may start; a denied account, key or device may not."""
        with self._db.read() as tx:
            known, sender = self._sender(tx, call)
            admission = _admission(tx, call.server, call.name, known, sender)
        if not admission.allowed:
            _log.info("publish_refused", server=call.server, why=admission.why)
        return admission

    def started(self, call: Call) -> None:
        """It was admitted and sends: a row, its sender, and what is known of the account."""
        with self._db.transaction() as tx:
            known, sender = self._sender(tx, call)
            if not _admission(tx, call.server, call.name, known, sender).allowed:
                return  # it was cut between question and answer: `goes_on` says no
            self._begin(tx, call.server, call.name, sender)

    def ended(self, call: Call) -> None:
        """The server says that a publisher left; the broadcast ends with the last of them."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            stream = streams.running(tx, call.server, call.name)
            if stream is None or (call.peer.client and not _sends(tx, stream, call.peer.client)):
                return
            if stream_people.leave(tx, stream.id, call.peer.client) == 0:
                streams.set_state(tx, stream.id, StreamState.ENDED)

    def may_play(self, call: Call) -> bool:
        """Whether a viewer may have it now; not while it is frozen or cut."""
        with self._db.read() as tx:
            stream = streams.running(tx, call.server, call.name) or streams.last(
                tx, call.server, call.name
            )
            return stream is None or not stream.stopped

    def goes_on(self, call: Call) -> bool:
        """Whether a publisher of a running broadcast may stay."""
        with self._db.read() as tx:
            known, sender = self._sender(tx, call)
            if not _admission(tx, call.server, call.name, known, sender).allowed:
                return False
            if known is None:
                return True
            mine = [p for p in stream_people.publishers(tx, known.id) if p.key == call.peer.client]
            return all(one.control is not Control.CUT for one in mine)

    def reconcile(
        self, server: str, names: Collection[str], *, known: Collection[Id] | None = None
    ) -> int:
        """End what a server does not list any more, for hooks that got lost; answers how many.

        Args:
            server: its name.
            names: that it lists.
            known: broadcasts that were there when it was asked: one that has begun since is not
                missing. None: all.
        """
        ended = 0
        with self._db.transaction() as tx:
            tx.lock_changes()
            for stream in streams.on_server(tx, server):
                if known is not None and stream.id not in known:
                    continue
                if stream.name not in names and not _announced(tx, stream):
                    streams.set_state(tx, stream.id, StreamState.ENDED)
                    ended += 1
        return ended

    def begin(self, by: Principal, server: str, name: str, sender: Sender) -> Stream:
        """A service tells of a broadcast: begun, or more about one that runs.

        Raises:
            NotAllowed: its key, account or device was cut before.
        """
        service = by.service or sender.service
        with self._db.transaction() as tx:
            tx.lock_changes()
            known = streams.running(tx, server, name)
            if known is not None and by.service not in {"", known.service}:
                raise NotFound("There is no such stream of this service.")
            whose = replace(sender, service=service)
            admission = _admission(tx, server, name, known, whose)
            if not admission.allowed:
                raise NotAllowed("This broadcaster was cut and may not publish.", why=admission.why)
            made = self._begin(tx, server, name, whose)
            tx.audit(by.id, "stream.tell", made.id, server=server)
            return made

    def event(self, by: Principal, stream: Id, told: News) -> Stream:
        """Something happened in a broadcast.

        Raises:
            NotFound: no such stream of this service.
            BadInput: a risk outside 0 to 1, or an order that is not this stream's.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = _own(tx, by, stream)
            if told.kind is NewsKind.JOINED:
                told = replace(told, sender=replace(told.sender, service=found.service))
            return telling.news(tx, self._policy, found, told, by=by.id)

    def viewers(
        self, by: Principal, stream: Id, *, count: int | None = None,
        who: Sequence[Viewer] = (), acts: Sequence[Act] = (),
    ) -> Stream:  # fmt: skip
        """How many watch, who, and what viewers did besides.

        Raises:
            NotFound: no such stream of this service.
            BadInput: more than 10,000 at once.
        """
        placed = telling.placed(who, self._resolve, self._db.clock.now())
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = _own(tx, by, stream)
            return telling.watching(tx, found, count=count, who=placed, acts=acts, by=by.id)

    def report(self, by: Principal, stream: Id, told: ReportTold) -> UserReport:
        """A viewer says that something is wrong: a person looks, the sooner the more reliable.

        Raises:
            NotFound: no such stream of this service.
            BadInput: nobody reports, or too many words.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            return telling.report(tx, self._policy, _own(tx, by, stream), by, told)

    def alert(
        self, alert: Alert, *, segments: Sequence[Segment] = (), matches: Sequence[Match] = (),
        looks: Sequence[CloserLook] = (), lease: Lease | None = None,
    ) -> Stream:  # fmt: skip
        """A watcher saw something; answers the stream as it stands then.

        Args:
            alert: what it saw.
            segments: aligned stretches that support it.
            matches: entries that single frames were near to.
            looks: what closer looks found.
            lease: the watcher's right to act for the stream, looked up in the transaction that
                acts; None: nobody watches, somebody tells.

        Raises:
            NotFound: no such stream.
            LeaseLost: somebody else watches it now; nothing of this happened.
        """
        with self._db.transaction() as tx:
            tx.lock_changes()
            if lease is not None:
                leases.check(tx, lease)
            return alerts.take(
                tx, self._policy, alert, segments=segments, matches=matches, looks=looks
            )

    def get(self, by: Principal, stream: Id) -> tuple[Stream, list[Order]]:
        """One stream with its orders.

        Raises:
            NotFound: no such stream of this service.
        """
        with self._db.read() as tx:
            return _own(tx, by, stream), stream_orders.of_stream(tx, stream)

    def every(
        self, by: Principal, *, running: bool = True, before: Id | None = None, limit: int = 50
    ) -> list[Stream]:
        """Streams, the newest first; a service sees its own."""
        with self._db.read() as tx:
            return streams.page(
                tx, running_only=running, service=by.service, before=before, limit=limit
            )

    def evidence(self, stream: Id) -> list[Evidence]:
        """Alerts of a stream with what supports them, the newest first."""
        with self._db.read() as tx:
            return stream_alerts.of_stream(tx, stream)

    def forget(self) -> None:
        """Forget who sent and watched what ended without suspicion, and later that it was."""
        with self._db.transaction() as tx:
            stream_people.forget_before(tx, tx.now - VIEWERS_KEPT)
            streams.forget_before(tx, tx.now - CALM_KEPT)

    def _sender(self, tx: Tx, call: Call) -> tuple[Stream | None, Sender]:
        """Who publishes, by the hook and by what the service told before."""
        known = streams.running(tx, call.server, call.name)
        told = streams.sender_of(tx, known.id) if known else Sender()
        service = told.service or self._service_of(call.server)
        return known, replace(
            told, client=call.peer.client, key=call.key or told.key, service=service,
            account=call.account or told.account, device=call.device or told.device,
            address=call.peer.address, port=call.peer.port,
        )  # fmt: skip

    def _begin(self, tx: Tx, server: str, name: str, sender: Sender) -> Stream:
        tx.lock_changes()
        known = streams.running(tx, server, name)
        made = known or streams.start(tx, server=server, name=name, sender=sender)
        if known is not None and _more(known, sender):
            made = streams.tell(tx, known, sender)
        if sender.client or not server:
            stream_people.join(tx, made.id, sender)
        if known is not None:
            tx.emit(EventType.STREAM_CHANGED, made.id, joined=True)
        if known is not None and sender.account == known.account:
            return made
        frozen = streams.frozen_before(tx, server, name, sender)
        if frozen is not None and frozen.id != made.id and frozen.case is not None:
            streams.set_case(tx, made.id, frozen.case)
            made = acting.order(tx, streams.get(tx, made.id), Control.FROZEN, why="republished")
        past = streams.history(tx, sender.service, sender.account, but=made.id)
        if sender.account:
            weight = HISTORY_WEIGHT if past.stopped else 0.0 if past.streams else NEW_WEIGHT
            made = acting.worry(tx, self._policy, made, "history", weight)
        return made


def _more(known: Stream, sender: Sender) -> bool:
    """Whether more is told of a broadcast that runs: whose it is, or that few may see it."""
    narrower_now = narrower(known.surface, sender.surface) != known.surface
    return sender.account != known.account or narrower_now


def _admission(tx: Tx, server: str, name: str, known: Stream | None, sender: Sender) -> Admission:
    scope = stream_orders.denied(tx, streams.denial_keys(tx, server, name, sender))
    if scope:
        return Admission(allowed=False, why=f"denied_{scope}")
    if known is not None and known.control is Control.CUT:
        return Admission(allowed=False, why="stopping")
    return Admission(allowed=True)


def _announced(tx: Tx, stream: Stream) -> bool:
    """The service told of it, and nobody has sent yet."""
    if stream_people.publishers(tx, stream.id, left=True):
        return False
    return tx.now - stream.started_at < ANNOUNCED


def _sends(tx: Tx, stream: Stream, client: str) -> bool:
    return any(one.key == client for one in stream_people.publishers(tx, stream.id))


def _own(tx: Tx, by: Principal, stream: Id) -> Stream:
    """The stream, if this key may speak of it."""
    found = streams.get(tx, stream)
    if by.service not in {"", found.service}:
        raise NotFound(f"stream {stream}")
    return found
