"""Live updates for the console: names and ids only, one stream a browser.

In come hints of the bus that something was committed; out go lines like `case-opened <id>`, so
that the page fetches again with its viewer's own rights. Each stream sends only what its
viewer's permissions name, a beat every 10 s, and ends when the session does. One thread reads
the outbox for all streams, in the order of commits (design, "order of changes"). What is committed
after a browser was answered is told to it: it has its place before its first line is sent. Tested
by `tests/integration/test_events.py`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import StreamingResponse

from breakwater import observe
from breakwater.errors import BreakwaterError, TooManyRequests
from breakwater.model.access import Permission, Principal
from breakwater.model.event import Event, EventType
from breakwater.records import outbox
from breakwater.records.database import Database
from breakwater.web.gate import Parts, Router, Who, gate_of, signed_in
from breakwater.web.need import need_of

BEAT_S: Final = 10.0
GLANCE_S: Final = 0.5
"""How soon a stream notices that the server is to end."""
MOST: Final = 500
"""Open streams; each browser needs one."""
WAITING: Final = 1000
"""Events a slow browser may be behind before its stream ends and it loads anew."""

NEEDS: Final[Mapping[EventType, Permission]] = {
    EventType.CASE_OPENED: Permission.CASE_READ,
    EventType.CASE_CHANGED: Permission.CASE_READ,
    EventType.VERDICT_CHANGED: Permission.CASE_READ,
    EventType.APPEAL_FILED: Permission.APPEAL_DECIDE,
    EventType.APPEAL_DECIDED: Permission.APPEAL_DECIDE,
    EventType.BANK_CHANGED: Permission.BANK_READ,
    EventType.ENTRY_QUARANTINED: Permission.BANK_READ,
    EventType.IMPORT_FINISHED: Permission.BANK_READ,
    EventType.DUTY_CHANGED: Permission.CASE_READ,
    EventType.STREAM_STARTED: Permission.STREAM_READ,
    EventType.STREAM_CHANGED: Permission.STREAM_READ,
    EventType.STREAM_ORDERED: Permission.STREAM_READ,
    EventType.STREAM_STOPPED: Permission.STREAM_READ,
    EventType.STREAM_ENDED: Permission.STREAM_READ,
    EventType.FILING_CHANGED: Permission.FILING_READ,
    EventType.PACKAGE_CHANGED: Permission.PACKAGE_EXPORT,
    EventType.SERIES_CHANGED: Permission.LINK_READ,
    EventType.VIEWERS_CHANGED: Permission.IDENTITY_READ,
}
"""Which events leave, and for whom. All others stay inside."""

router = Router(include_in_schema=False)
log = observe.logger("web")


class Stream:
    """What one browser still has to hear."""

    def __init__(self, who: Principal) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._allowed = {kind for kind, needed in NEEDS.items() if who.may(needed)}
        self._loop = asyncio.get_running_loop()
        self.overrun = False

    def tell(self, events: list[Event]) -> None:
        """Called by the reading thread."""
        lines = [line_of(event) for event in events if event.type in self._allowed]
        if lines:
            self._loop.call_soon_threadsafe(self._put, lines)

    def _put(self, lines: list[str]) -> None:
        for line in lines:
            try:
                self.queue.put_nowait(line)
            except asyncio.QueueFull:
                self.overrun = True


class Live:
    """Reads the outbox once for every open stream; sleeps while there is none."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._streams: set[Stream] = set()
        self._thread: threading.Thread | None = None

    def join(self, stream: Stream) -> None:
        """Let a stream in; `read` begins to tell it.

        Raises:
            TooManyRequests: too many are open.
        """
        with self._lock:
            if len(self._streams) >= MOST:
                raise TooManyRequests("Too many live updates are open.", retry_after=10)
            self._streams.add(stream)

    def read(self) -> None:
        """Return once everything that is committed from now on is told to the streams let in."""
        place = (self._newest(),)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._read, args=place, name="live", daemon=True
                )
                self._thread.start()

    def leave(self, stream: Stream) -> None:
        """Stop telling it."""
        with self._lock:
            self._streams.discard(stream)

    def _open(self) -> bool:
        """Whether anybody is to be told; the thread ends when there is nobody."""
        with self._lock:
            if not self._streams:
                self._thread = None
            return bool(self._streams)

    def _newest(self) -> int:
        """The place of the newest event; below 0 when it cannot be read now."""
        try:
            with self._db.read() as tx:
                return outbox.newest(tx)
        except BreakwaterError as error:
            log.warning("live updates wait", error=error.code)
            return -1

    def _read(self, place: int) -> None:
        bus = self._db.bus
        while self._open():
            seen = bus.count(outbox.TOPIC)
            events: list[Event] = []
            if place < 0:
                place = self._newest()
            else:
                place, events = self._after(place)
            # Whoever came while it was read hears of it too: twice is nothing, never is a loss.
            with self._lock:
                streams = list(self._streams)
            for stream in streams if events else ():
                stream.tell(events)
            if len(events) < outbox.BATCH:
                bus.wait_past(outbox.TOPIC, seen, 1.0)

    def _after(self, place: int) -> tuple[int, list[Event]]:
        """Events after a place, and the place of the last of them."""
        try:
            with self._db.read() as tx:
                events = outbox.since(tx, place, limit=outbox.BATCH, types=NEEDS)
        except BreakwaterError as error:
            log.warning("live updates wait", error=error.code)
            events = []
        return (events[-1].change if events else place), events


def line_of(event: Event) -> str:
    """One event on the wire: a name, an id, and nothing that anybody may not know."""
    return f"id: {event.change}\ndata: {event.type.value.replace('.', '-')} {event.subject}\n\n"


def live_of(request: Request, db: Database) -> Live:
    """The one reader of this application."""
    state = request.app.state
    if not hasattr(state, "live"):
        state.live = Live(db)
    live: Live = state.live
    return live


@router.get("/events")
@signed_in("each stream tells only what its viewer's permissions name")
async def events(request: Request, app: Parts, who: Who) -> StreamingResponse:
    """Server-sent events until the browser or the session goes."""
    live, stream = live_of(request, app.db), Stream(who)
    live.join(stream)
    return StreamingResponse(_lines(request, live, stream), media_type="text/event-stream")


async def _lines(request: Request, live: Live, stream: Stream) -> AsyncIterator[str]:
    stopping = getattr(request.app.state, "stopping", bool)
    quiet = 0.0
    try:
        await asyncio.to_thread(live.read)
        yield "retry: 2000\ndata: beat\n\n"
        while not stream.overrun and not stopping():
            try:
                yield await asyncio.wait_for(stream.queue.get(), GLANCE_S)
            except TimeoutError:
                quiet += GLANCE_S
            if quiet >= BEAT_S:
                quiet = 0.0
                await gate_of(request).admit(request, need_of(events))
                yield "data: beat\n\n"
    except BreakwaterError:
        return  # the session ended; the page finds out when it asks for anything
    finally:
        live.leave(stream)
