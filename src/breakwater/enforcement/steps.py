"""The steps of each order on a media server, as data; each is idempotent and answers.

Cut: the publisher first, because a viewer without a publisher gets nothing new; then viewers,
then what lies on disk, then the proof. Freeze: only the viewers, and the recorder starts. An
order is confirmed when every needed step was answered with yes. Source: reference live-ingest,
"Cut" and "Freeze".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from breakwater.enforcement.ports import Said, StreamControl
from breakwater.model.stream import Control, Order

RETRY_MOST: Final = timedelta(seconds=30)
PURGE_ANYWAY: Final = 26
"""The pass in which what cannot be fetched for preservation is purged all the same, and the gap
is shown: that nobody can see it weighs more than our copy. The waits before it add up to more
than 10 minutes; publisher and players are off all that time, and the order is shown in red."""

PURGE_SEEN: Final = 6
"""The same pass where publisher or players could not be dropped: about half a minute."""

PURGED: Final = "It was purged unpreserved: the media server did not let us fetch it."

Do = Callable[[StreamControl, str, str], Said]
"""Acts on a server: the stream's name, and the client's id where one sender is meant."""


@dataclass(frozen=True, slots=True)
class Step:
    """One act.

    Attributes:
        name: as acks keep it.
        do: acts and answers.
        needed: without it the order is not confirmed.
        lasting: it destroys: what is there is preserved first.
        tries: times it is asked before it counts as not done: servers need a moment.
    """

    name: str
    do: Do
    needed: bool = True
    lasting: bool = False
    tries: int = 1


DENY: Final = Step("deny_publish", lambda server, name, _: server.deny_publish(name))
DROP: Final = Step(
    "drop_publisher", lambda server, name, client: server.terminate(name, client), tries=4
)
VIEWERS: Final = Step("drop_viewers", lambda server, name, _: server.block_viewers(name), tries=4)
FREEZE: Final = Step("drop_viewers", lambda server, name, _: server.freeze(name), tries=4)
THAW: Final = Step("thaw", lambda server, name, _: server.thaw(name))
RECORD: Final = Step("record", lambda server, name, _: server.record_start(name), needed=False)
UNRECORD: Final = Step(
    "stop_record", lambda server, name, _: server.record_stop(name), needed=False
)
PURGE: Final = Step("purge", lambda server, name, _: server.purge(name), lasting=True)
PROBE: Final = Step("probe", lambda server, name, _: server.probe(name), lasting=True, tries=5)

STEPS: Final[Mapping[Control, tuple[Step, ...]]] = {
    Control.OPEN: (THAW, UNRECORD),
    Control.WATCHED: (THAW, UNRECORD),
    Control.HIDDEN: (THAW, UNRECORD),
    Control.FROZEN: (FREEZE, RECORD),
    Control.CUT: (DROP, DENY, VIEWERS, PURGE, PROBE),
}
MUTE: Final = Step(
    "mute_publisher", lambda server, name, client: server.freeze(name, client), tries=4
)
UNMUTE: Final = Step("unmute_publisher", lambda server, name, client: server.thaw(name, client))
ONE_SENDER: Final[Mapping[Control, tuple[Step, ...]]] = {
    Control.OPEN: (UNMUTE,), Control.FROZEN: (MUTE,), Control.CUT: (DROP,),
}  # fmt: skip
"""Of several senders one is frozen or dropped; the broadcast and the others go on."""


def steps_for(
    to: Control, *, one_sender: bool, was_stopped: bool, child: bool = False, was_cut: bool = False
) -> tuple[Step, ...]:
    """What an order asks of a server.

    Args:
        to: what the broadcast shall be.
        one_sender: of several.
        was_stopped: it was frozen before; nothing else needs to be let go of.
        child: an apparent child broadcasts: nothing keeps them from coming back.
        was_cut: the cut itself is confirmed; this order only says who broadcast.
    """
    if was_cut:  # whoever sends under this name by now is another broadcast
        return () if one_sender else (THAW,) if child else (DENY,)
    if child and to is Control.CUT and not one_sender:
        return tuple(step for step in STEPS[to] if step is not DENY)
    if to.rank < Control.FROZEN.rank and not was_stopped:
        return ()
    return ONE_SENDER.get(to, ()) if one_sender else STEPS[to]


def cut_before(order: Order, earlier: Sequence[Order]) -> bool:
    """Whether it was cut and confirmed already, and this only says who broadcast."""
    same = [one for one in earlier if one.publisher == order.publisher]
    cut = order.to is Control.CUT and bool(same) and same[-1].to is Control.CUT
    return cut and same[-1].confirmed_at is not None


def wait_after(attempt: int) -> timedelta:
    """How long an order waits after a pass (1, 2, ...) that did not do all of it."""
    return min(timedelta(seconds=0.5 * 2 ** min(attempt - 1, 10)), RETRY_MOST)


def gives_up(attempt: int, *, off: bool) -> bool:
    """Whether this pass purges what could not be preserved; `off`: nobody sends or plays it."""
    return attempt >= (PURGE_ANYWAY if off else PURGE_SEEN)
