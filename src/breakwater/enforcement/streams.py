"""Orders carried out: asked of the media server, acknowledged, proven, tried again until done.

In come orders, each with the job that obeys it, written by policy or people; out go acts on the
server that carries the broadcast, every answer stored, and the state: confirmed, or "not
confirmed cut" with an alarm and another try. A thread of its own waits for orders, so that
nothing slower stands before a cut. Each step is idempotent and the order's epoch fences: who
finds a newer order does nothing more. Services without an adapter are told by signed webhook
and answer. Tests: `tests/integration/test_orders.py`, `tests/journey/test_live.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from breakwater.enforcement import hiding
from breakwater.enforcement.keeping import Keeping
from breakwater.enforcement.ports import StreamControl
from breakwater.enforcement.steps import PURGED, Step, cut_before, gives_up, steps_for, wait_after
from breakwater.errors import BreakwaterError, NotFound, Unavailable
from breakwater.model.case import CaseState, Priority
from breakwater.model.clock import Clock
from breakwater.model.event import Event
from breakwater.model.ids import Id
from breakwater.model.stream import Broadcaster, Control, Order, OrderState, Stream, StreamState
from breakwater.observe import Metrics, logger
from breakwater.records import cases, jobs, stream_orders, stream_people, streams
from breakwater.records.carrying import IDLE_S, Carrying
from breakwater.records.database import Database, Tx
from breakwater.records.jobs import Job

AT_ONCE: Final = 16
"""Orders carried out at the same time."""

KEPT_AT_ONCE: Final = 2
LEASE_S: Final = 60.0
"""A dead process holds up its orders for so long, and what it preserves."""

BETWEEN_S: Final = 0.1
"""Between two tries of one step: a server needs a moment to drop somebody."""

ANSWER_S: Final = 10.0
"""After this a service that was told by webhook and did not answer counts as not confirmed."""

_log = logger("enforcement")


@dataclass(frozen=True, slots=True)
class _Answer:
    """One step's answer, before it is stored."""

    step: Step
    done: bool
    detail: str
    ms: int


class Orders:
    """Carries orders out."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        metrics: Metrics,
        server: Callable[[str], StreamControl],
        keeping: Keeping,
        answer_s: float = ANSWER_S,
    ) -> None:
        """Take what it needs; `turn` does the work.

        Args:
            db: the database.
            clock: for milliseconds.
            metrics: for alarms.
            server: the media server of a name; raises `NotFound` where there is none.
            keeping: preserves what is stopped.
            answer_s: what a service that was told has to answer in.
        """
        self._db = db
        self._answer_s = answer_s
        self._clock = clock
        self._metrics = metrics
        self._server = server
        self._keeping = keeping
        self._obeying = Carrying(
            db=db, name="order", kinds=(stream_orders.OBEY_JOB,), do=self._obey_job,
            wait_after=wait_after, at_once=AT_ONCE, lease_s=LEASE_S,
        )  # fmt: skip
        self._preserving = Carrying(
            db=db, name="keep", kinds=(stream_orders.KEEP_JOB,), do=self._keep_job,
            wait_after=wait_after, at_once=KEPT_AT_ONCE, lease_s=LEASE_S,
        )  # fmt: skip
        self._noting = ThreadPoolExecutor(KEPT_AT_ONCE, thread_name_prefix="viewers")
        self._pause = threading.Event()
        self._locks: dict[Id, threading.Lock] = {}
        self._guard = threading.Lock()

    def turn(self) -> None:
        """Start whatever is due; sleeps until there is something, a second at most."""
        seen = self._db.bus.count(jobs.TOPIC)
        if not self._obeying.start() + self._preserving.start():
            self._db.bus.wait_past(jobs.TOPIC, seen, IDLE_S)

    def obey(self, order: Id, attempt: int = 1) -> Order:
        """Carry one order out, as far as the server goes along; again is harmless.

        Args:
            order: its id.
            attempt: 1, 2, ... of its job.

        Raises:
            NotFound: no such order.
            Unavailable: not all of it is so yet; the state says it.
        """
        with self._db.read() as tx:
            stream = streams.get(tx, stream_orders.get(tx, order).stream)
        with self._lock(stream.id):
            found, stream = self._begin(order)
            if found.state in {OrderState.OVERTAKEN, OrderState.CONFIRMED}:
                return found
            try:
                server = self._server(stream.server) if stream.server else None
            except NotFound:
                server = None
            if server is None:
                return self._tell(found)
            return self._act(found, stream, server, attempt)

    def on_freeze_wanted(self, event: Event) -> None:
        """Nobody could be reached, or a person on duty wants it: the stream of a case is frozen."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            stream = streams.find(tx, event.subject)
            if stream is None or stream.state is StreamState.ENDED:
                return
            if _settled(tx, stream, event):
                return
            why = str(event.body.get("why", ""))[:40] or "person"
            stream_orders.want(tx, stream, Control.FROZEN, by=stream_orders.SELF, why=why)
            streams.set_risk(tx, stream, stream.risk, stream.risks, Priority.NOW)
            if stream.case is not None:
                cases.note(
                    tx, stream.case, by=stream_orders.SELF, what="ordered", to="frozen", why=why
                )

    def on_ordered(self, event: Event) -> None:
        """What was let go of leaves the bank of stopped streams, unless it was stopped since."""
        with self._db.read() as tx:
            stands = stream_orders.standing(tx, event.subject)
        if stands is not None and stands.to.rank < Control.FROZEN.rank:
            self._keeping.forget(event.subject)

    def close(self) -> None:
        """Begin nothing more and end what runs; what is left is done after the next start."""
        self._pause.set()
        self._obeying.close()
        self._noting.shutdown(wait=True, cancel_futures=True)
        self._preserving.close()

    def _keep_job(self, job: Job) -> None:
        with self._db.read() as tx:
            order = stream_orders.get(tx, Id(job.payload["order"]))
        self._keeping.keep(order)
        self._finish(job)

    def _obey_job(self, job: Job) -> None:
        self.obey(Id(job.payload["order"]), job.attempts)
        self._finish(job)

    def _finish(self, job: Job) -> None:
        with self._db.transaction() as tx:
            jobs.finish(tx, job)

    def _begin(self, order: Id) -> tuple[Order, Stream]:
        """The order as it stands: sent, unless something newer overtook it."""
        with self._db.transaction() as tx:
            found = stream_orders.get(tx, order)
            if found.state in {OrderState.OVERTAKEN, OrderState.CONFIRMED}:
                return found, streams.get(tx, found.stream)
            fresh = stream_orders.in_force(tx, found)
            if fresh and found.state is OrderState.UNCONFIRMED:
                return found, streams.get(tx, found.stream)
            state = OrderState.SENT if fresh else OrderState.OVERTAKEN
            return stream_orders.set_state(tx, found, state), streams.get(tx, found.stream)

    def _tell(self, order: Order) -> Order:
        """No server of ours: the webhook went out with the order, and the service answers."""
        if order.to is Control.HIDDEN:
            return hiding.settle(self._db, order, answer_s=self._answer_s)
        with self._db.transaction() as tx:
            age = (tx.now - order.at).total_seconds()
            if order.to.rank < Control.FROZEN.rank:
                stream_orders.ack(tx, order.id, "told", done=True, detail="", ms=_ms(age))
                return stream_orders.set_state(tx, order, OrderState.CONFIRMED)
            if not stream_orders.acks(tx, order.id):
                detail = "The service is told by webhook."
                stream_orders.ack(tx, order.id, "told", done=True, detail=detail, ms=_ms(age))
            if age > self._answer_s:
                self._alarm(order)
                stream_orders.set_state(tx, order, OrderState.UNCONFIRMED)
        raise Unavailable("The service has not answered yet.")

    def _act(self, order: Order, stream: Stream, server: StreamControl, attempt: int) -> Order:
        """Ask the server step by step."""
        client = self._client(order)
        if order.publisher is not None and not client:
            return self._settle(order, stream, [], whole=False)
        whole = order.publisher is None
        earlier = self._earlier(order)
        was_cut = cut_before(order, earlier)
        steps = steps_for(
            order.to, one_sender=not whole,
            was_stopped=any(one.to.rank >= Control.FROZEN.rank for one in earlier),
            child=order.broadcaster is Broadcaster.APPARENT_CHILD,
            was_cut=was_cut,
        )  # fmt: skip
        stopping = [one for one in steps if not one.lasting]
        if order.to.rank >= Control.FROZEN.rank and whole and not was_cut:
            self._note_viewers(stream, server)
        answers = self._steps(order, stream, server, stopping, client)
        lasting = [one for one in steps if one.lasting]
        if lasting:
            self._store(order, answers)
            off = all(one.done for one in answers if one.step.needed)
            kept = self._keep_recordings(stream, server, attempt, off=off)
            later = self._steps(order, stream, server, lasting if kept else lasting[1:], client)
            self._store(order, later)
            answers += later
            if not kept:
                answers.append(_Answer(lasting[0], done=False, detail="not preserved yet", ms=0))
        else:
            self._store(order, answers)
        return self._settle(order, stream, answers, whole=whole)

    def _steps(
        self, order: Order, stream: Stream, server: StreamControl, steps: list[Step], client: str
    ) -> list[_Answer]:
        answers = []
        for step in steps:
            if not self._in_force(order):
                break
            answers.append(self._step(order, stream, server, step, client))
        return answers

    def _step(
        self, order: Order, stream: Stream, server: StreamControl, step: Step, client: str
    ) -> _Answer:
        for left in reversed(range(step.tries)):
            said = step.do(server, stream.name, client)
            if said.done or left == 0 or self._pause.wait(BETWEEN_S):
                break
        age = (self._clock.now() - order.at).total_seconds()
        return _Answer(step, said.done, said.detail, _ms(age))

    def _store(self, order: Order, answers: list[_Answer]) -> None:
        with self._db.transaction() as tx:
            for one in answers:
                stream_orders.ack(
                    tx, order.id, one.step.name, done=one.done, detail=one.detail, ms=one.ms
                )

    def _settle(
        self, order: Order, stream: Stream, answers: list[_Answer], *, whole: bool
    ) -> Order:
        """Say whether it is so; what is not is tried again."""
        done = all(one.done for one in answers if one.step.needed)
        if done and order.to is Control.HIDDEN:
            return hiding.settle(self._db, order, answer_s=self._answer_s)
        with self._db.transaction() as tx:
            tx.lock_changes()
            if not stream_orders.in_force(tx, order):
                return stream_orders.set_state(tx, order, OrderState.OVERTAKEN)
            if not done:
                self._alarm(order)
            state = OrderState.CONFIRMED if done else OrderState.UNCONFIRMED
            order = stream_orders.set_state(tx, order, state)
            ended = done and whole and order.to is Control.CUT
            if ended and streams.get(tx, stream.id).state is not StreamState.ENDED:
                streams.set_state(tx, stream.id, StreamState.ENDED)
            answered = [one for one in stream_orders.acks(tx, order.id) if one.done]
        if not done:
            raise Unavailable(f"Not done: {', '.join(o.step.name for o in answers if not o.done)}.")
        took = {one.step: one.ms / 1000 for one in reversed(answered)}
        took["confirmed"] = (self._clock.now() - order.at).total_seconds()
        for step, seconds in took.items():
            self._metrics.order_seconds.labels(order.to.value, step).observe(seconds)
        return order

    def _alarm(self, order: Order) -> None:
        if order.state is not OrderState.UNCONFIRMED:
            self._metrics.alarms.labels("not_confirmed").inc()
            _log.error("not_confirmed", order=order.id, stream=order.stream, to=order.to.value)

    def _client(self, order: Order) -> str:
        """The connection an order is about; empty for all of it, or when it left already."""
        if order.publisher is None:
            return ""
        with self._db.read() as tx:
            one = stream_people.publisher(tx, order.publisher)
        return one.key if one.left_at is None else ""

    def _earlier(self, order: Order) -> list[Order]:
        """What was ordered of this broadcast before."""
        with self._db.read() as tx:
            return [o for o in stream_orders.of_stream(tx, order.stream) if o.epoch < order.epoch]

    def _note_viewers(self, stream: Stream, server: StreamControl) -> None:
        """Who plays it is known only before they are dropped; it never holds up the stop."""
        try:
            seen = server.viewers(stream.name)
        except BreakwaterError:
            return
        if seen:
            self._noting.submit(self._keeping.viewers, stream, seen)

    def _keep_recordings(
        self, stream: Stream, server: StreamControl, attempt: int, *, off: bool
    ) -> bool:
        """Fetch recordings before they are purged; after many passes purge all the same."""
        try:
            kept = self._keeping.recordings(stream, server)
        except BreakwaterError as error:
            _log.warning("recording_not_kept", stream=stream.id, code=error.code)
            kept = False
        if not kept and gives_up(attempt, off=off):
            self._keeping.lost(stream, "recording", PURGED)
            return True
        return kept

    def _in_force(self, order: Order) -> bool:
        with self._db.read() as tx:
            return stream_orders.in_force(tx, order)

    def _lock(self, stream: Id) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(stream, threading.Lock())


def _settled(tx: Tx, stream: Stream, event: Event) -> bool:
    """A person said meanwhile what becomes of it."""
    if stream.case is None or cases.get(tx, stream.case).state is CaseState.CLOSED:
        return True
    stands = stream_orders.standing(tx, stream.id)
    return stands is not None and stands.by != stream_orders.SELF and stands.at >= event.at


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
