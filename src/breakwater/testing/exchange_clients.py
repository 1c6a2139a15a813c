"""The contract of exchange clients: what `exchange.running` relies on, whatever the protocol.

Subclass `ExchangeClientContract` in the tests of a client and return a `Stage` from `stage`: a
peer on loopback (`testing.peer_server`) that offers and withdraws what a test says. Kept by the
built-in clients in `tests/contract/test_exchange_clients.py`.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Protocol

from breakwater.errors import BadInput, BreakwaterError, PeerFault, PeerRefused, Unavailable
from breakwater.exchange.ports import ExchangeClient
from breakwater.exchange.running import watched
from breakwater.model.bank import Opinion
from breakwater.model.exchange import Gone, Item, Offered, Page, Unreadable, Word
from breakwater.model.ids import new_id
from breakwater.model.signal import kind_named
from breakwater.testing.peer_server import Fault, Peer
from breakwater.testing.seams import hold

MANY: Final = 25
MOST_ASKED: Final = 200
"""Requests within which every pull of these tests ends or is given up."""


class Stage(Protocol):
    """A peer and the client that asks it."""

    peer: Peer
    kind: str
    """Signal kind that its entries have in these tests."""
    whole: bool
    """It sends whole lists: what is gone is not in the next one."""
    pages: bool
    """One pull of these tests gives several pages."""
    rounds: bool
    """The peer names the next page, and may name one again."""

    def client(self) -> ExchangeClient:
        """A new client."""
        ...

    def offer(self, name: str, value: str) -> None:
        """Have the peer offer an entry, or say anew what it is."""
        ...

    def spoil(self, name: str) -> None:
        """Have it offer an entry whose hash is none."""
        ...

    def withdraw(self, name: str) -> None:
        """Have it withdraw one."""
        ...

    def later(self) -> None:
        """Let time pass until what was said is said."""
        ...

    def told(self) -> Sequence[str]:
        """Feedback that came, each as one text; the same feedback is the same text."""
        ...


def some_value(kind: str, seed: object) -> str:
    """A value of a kind as lists spell it."""
    known = kind_named(kind)
    return known.print(hashlib.shake_256(f"{kind}/{seed}".encode()).digest(known.size))


def folded(
    pages: Iterable[Page], before: Mapping[str, Offered] | None = None
) -> dict[str, Offered]:
    """What stands after pages were taken, as the engine takes them."""
    stands = dict(before or {})
    turn: set[str] = set()
    for page in pages:
        if page.restarts:
            turn = set()
        for item in (*page.items, *(one for many in page.many for one in many.offers())):
            turn |= {item.remote_id} if isinstance(item, Offered) else set()
            _fold(stands, item)
        if page.whole:
            stands = {name: one for name, one in stands.items() if name in turn}
    return stands


def _fold(stands: dict[str, Offered], item: Item) -> None:
    if isinstance(item, Gone):
        stands.pop(item.remote_id, None)
    elif isinstance(item, Offered):
        stands[item.remote_id] = item


def values(stands: Mapping[str, Offered]) -> set[bytes]:
    """The values of all that stands."""
    return {value for one in stands.values() for _, value, _ in one.signals}


class ExchangeClientContract:
    """What the engine relies on."""

    @abstractmethod
    def stage(self) -> Stage:
        """The peer and its client, new for each test."""

    def _offered(self, stage: Stage, count: int = MANY) -> set[bytes]:
        kind = kind_named(stage.kind)
        said = {f"e{n}": some_value(stage.kind, n) for n in range(count)}
        for name, value in said.items():
            stage.offer(name, value)
        stage.later()
        return {kind.parse(value) for value in said.values()}

    def test_all_that_is_offered_comes(self) -> None:
        """Whole, with an id each that stays the same."""
        stage = self.stage()
        wanted = self._offered(stage)
        first = folded(stage.client().pull(""))
        hold(values(first) == wanted, "something is lost or made up")
        again = folded(stage.client().pull(""))
        hold(set(first) == set(again), "ids are not the same at every pull")
        hold(all(len(one.signals) == 1 for one in first.values()), "entries are mixed")

    def test_cut_short_after_any_page_the_rest_comes(self) -> None:
        """A checkpoint says what was taken, and no more."""
        stage = self.stage()
        wanted = self._offered(stage)
        pages = list(stage.client().pull(""))
        hold(len(pages) > 1 or not stage.pages, "the test needs several pages")
        for count in range(len(pages) + 1):
            stands = folded(pages[:count])
            point = pages[count - 1].checkpoint if count else ""
            rest = list(stage.client().pull(point))
            hold(values(folded([*pages[:count], *rest])) == wanted, f"lost after page {count}")
            hold(values(stands) <= wanted, "something is made up")

    def test_what_changes_later_comes_with_the_next_pull(self) -> None:
        """New, changed and withdrawn entries."""
        stage = self.stage()
        wanted = self._offered(stage)
        pages = list(stage.client().pull(""))
        kind = kind_named(stage.kind)
        stage.offer("new", some_value(stage.kind, "new"))
        stage.offer("e3", some_value(stage.kind, "changed"))
        stage.withdraw("e5")
        stage.later()
        rest = list(stage.client().pull(pages[-1].checkpoint))
        stands = folded([*pages, *rest])
        new = {kind.parse(some_value(stage.kind, seed)) for seed in ("new", "changed")}
        old = {kind.parse(some_value(stage.kind, seed)) for seed in (3, 5)}
        hold(values(stands) == (wanted - old) | new, "a change was not seen, or seen wrongly")

    def test_nothing_new_is_no_fault(self) -> None:
        """An empty answer ends the pull."""
        stage = self.stage()
        stage.later()
        pages = list(stage.client().pull(""))
        hold(folded(pages) == {}, "something is made up")
        after = pages[-1].checkpoint if pages else ""
        hold(folded(stage.client().pull(after)) == {}, "something is made up")

    def test_a_bad_row_is_said_and_the_rest_goes_on(self) -> None:
        """Nothing is lost for one fault."""
        stage = self.stage()
        wanted = self._offered(stage)
        stage.spoil("odd")
        stage.later()
        pages = list(stage.client().pull(""))
        bad = [one for page in pages for one in page.items if isinstance(one, Unreadable)]
        hold(values(folded(pages)) == wanted, "the rest did not come")
        hold(len(bad) == 1 and bool(bad[0].reason and bad[0].place), "the fault is not said")

    def test_who_is_not_let_in_is_told(self) -> None:
        """In a sentence."""
        stage = self.stage()
        hold(stage.client().check().ok, "who is known is not let in")
        stage.peer.fault = Fault.REFUSED
        try:
            said = stage.client().check()
        except PeerRefused as error:
            hold("." in str(error), "no sentence")
        else:
            hold(not said.ok and said.words.endswith("."), "it says that all is well")
        self._fails(stage, PeerRefused)

    def test_a_peer_that_is_away_is_unavailable(self) -> None:
        """And says when to come back."""
        stage = self.stage()
        for fault in (Fault.DOWN, Fault.BUSY):
            stage.peer.fault = fault
            error = self._fails(stage, Unavailable)
            hold(error.facts.get("retry_after") == 7.0, "its Retry-After is not heard")

    def test_what_is_no_answer_is_a_fault(self) -> None:
        """HTML, redirects, and answers that are too large."""
        stage = self.stage()
        self._offered(stage)
        for fault in (Fault.GARBAGE, Fault.REDIRECT, Fault.HUGE):
            stage.peer.fault = fault
            self._fails(stage, PeerFault)

    def test_a_line_that_dies_at_any_byte_loses_nothing(self) -> None:
        """What came before stands, and the rest comes when it is back."""
        stage = self.stage()
        wanted = self._offered(stage)
        point, taken = "", list[Page]()
        for at in (*range(12), *range(12, 3000, 131)):
            stage.peer.fault, stage.peer.cut_at = Fault.CUT, at
            with suppress(Unavailable, PeerFault):
                for page in stage.client().pull(point):
                    taken.append(page)
                    point = page.checkpoint
        stage.peer.fault = Fault.NONE
        taken += stage.client().pull(point)
        hold(values(folded(taken)) == wanted, "something is lost or doubled")

    def test_a_peer_that_never_ends_is_given_up(self) -> None:
        """Circles and endless empty pages."""
        stage = self.stage()
        self._offered(stage)
        if not stage.rounds:
            return
        for fault in (Fault.CIRCLE, Fault.EMPTY):
            stage.peer.fault = fault
            before = len(stage.peer.asked)
            self._fails(stage, PeerFault)
            hold(len(stage.peer.asked) - before < MOST_ASKED, "it asked and asked")

    def test_feedback_is_told_and_the_same_word_is_the_same(self) -> None:
        """A kill between telling and writing down repeats it."""
        stage = self.stage()
        if not self.feeds_back(stage):
            return
        self._offered(stage)
        one = next(iter(folded(stage.client().pull("")).values()))
        kind, value, _ = one.signals[0]
        when = datetime(2026, 3, 1, tzinfo=UTC)
        for opinion in (Opinion.TRUE_POSITIVE, Opinion.FALSE_POSITIVE):
            word = Word(new_id(), one.remote_id, kind, value, opinion, when)
            before = set(stage.told())
            for _ in range(2):
                hold(list(stage.client().feedback([word])) == [""], "it was refused")
            hold(len(set(stage.told()) - before) == 1, "it did not come, or as two")

    def feeds_back(self, stage: Stage) -> bool:
        """Whether the protocol has feedback."""
        del stage
        return True

    def _fails(self, stage: Stage, kind: type[BreakwaterError]) -> BreakwaterError:
        """Pull as the engine does; answers the error."""
        try:
            for _ in watched(stage.client().pull(""), ""):
                pass
        except kind as error:
            return error
        except BadInput as error:
            hold(False, f"{type(error).__name__} instead of {kind.__name__}")
        hold(False, f"no {kind.__name__}")
        raise AssertionError
