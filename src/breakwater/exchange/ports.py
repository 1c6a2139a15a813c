"""What a client of a peer offers, and what it is given. Contract: `testing.exchange_clients`.

A client speaks one protocol: it turns a peer's answers into pages of nouns and our words into the
peer's requests, and knows nothing of banks or databases. Others come as packages that name a
`Maker` under the entry point group `breakwater.exchange_clients`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from breakwater.model.clock import Clock
from breakwater.model.exchange import Credentials, DayCount, Page, Word

GROUP: Final = "breakwater.exchange_clients"
Heard = Callable[[bool], bool]
"""Told of each line, and whether it is news; answers whether to go on listening."""

PAGE: Final = 5_000
"""Items of a page at most: its transaction takes about a second."""

PAGE_OF_MANY: Final = 100_000
"""Entries in columns of a page at most: its transaction takes about a second too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a peer answered: status, headers with names in lower case, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire(Protocol):
    """Calls out by the rules of `network.fetch`; each client gets one."""

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """One request, no redirects.

        Raises:
            FetchRefused: the address is not allowed.
            Unavailable: no proper answer, or 429 or 5xx; `facts["retry_after"]` in seconds.
            PeerRefused: 401 or 403.
            PeerFault: more bytes than a page may have.
        """
        ...

    def download(
        self, url: str, to: Path, *, headers: Mapping[str, str] | None = None, part_of: str = ""
    ) -> Answer:  # fmt: skip
        """One large answer into a file; its `body` is empty. Raises as `call`.

        Args:
            url: of what is asked for.
            to: the file; it holds what came, even where the line was cut.
            headers: beside the usual ones.
            part_of: the peer's entity tag of it (RFC 9110 §8.8.3), where it is known beforehand:
                then what the file holds already is kept and only the rest is asked for. Whether
                the whole is what it must be, the caller checks.
        """
        ...

    def follow(
        self, url: str, line: Callable[[str], bool], *, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Give each line of an answer that does not end, until told to stop. Raises as `call`."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """What a client is made of.

    Attributes:
        url: where the peer is, without a slash at its end.
        options: the feed's own.
        credentials: what the peer knows us by.
        wire: calls out.
        clock: the time here.
        folder: for files that are too large for memory; and where lists lie that come as files.
    """

    url: str
    options: Mapping[str, Any]
    credentials: Credentials
    wire: Wire
    clock: Clock
    folder: Path


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a peer found: whether we are let in, and words about it."""

    ok: bool
    words: str


@dataclass(frozen=True, slots=True)
class Offers:
    """What a client can do besides pulling.

    Attributes:
        feedback: words of people here can be told.
        counts: match counts can be told.
        carried: they go with a file (`exchange.carried`), not over a line.
        needs: fields of `Credentials` that must be given.
        options: names of options it knows, with what each is.
    """

    feedback: bool = False
    counts: bool = False
    carried: bool = False
    needs: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)


class ExchangeClient(Protocol):
    """One peer, by its protocol."""

    def check(self) -> Checked:
        """Ask whether the peer lets us in, in a sentence that says what to do if not.

        Raises:
            Unavailable: it does not answer.
        """
        ...

    def pull(self, checkpoint: str) -> Iterator[Page]:
        """Pages from a checkpoint on, until there is nothing more now.

        Nothing is asked ahead: the next page is fetched when the caller asks for it. A pull that
        is begun anew at any page's checkpoint gives what came after it, perhaps with some of what
        came before.

        Args:
            checkpoint: of the last page that was taken; empty: from the beginning.

        Raises:
            PeerFault: the peer's answer cannot be used.
            PeerRefused, Unavailable, FetchRefused: as `Wire.call`.
        """
        ...

    def feedback(self, words: Sequence[Word]) -> Sequence[str]:
        """Tell the peer; for each word an empty text, or why it was refused for good.

        Raises:
            Unavailable, PeerRefused: nothing is known of any of them; all are told again.
        """
        ...

    def counts(self, rows: Sequence[DayCount]) -> None:
        """Tell how often entries matched; a day's numbers replace earlier ones. Raises as above."""
        ...


@dataclass(frozen=True, slots=True)
class Maker:
    """A kind of client: what it offers, what makes it, and what checks a feed's options.

    Attributes:
        title: the protocol, for people.
        offers: what it can do.
        make: makes one; raises `BadInput` where options or credentials are wrong.
    """

    title: str
    offers: Offers
    make: Callable[[Setting], ExchangeClient]
