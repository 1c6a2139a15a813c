"""What viewers of a broadcast did besides watching, by account: who directed, who paid, from where.

In: acts that the service told or a person marked. Out: accounts in clear. A payment makes somebody
a person of a report only while it was illegal. Who has no account is told by address alone. Read by
`material`; tests: `tests/integration/test_filing_directed.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from breakwater.model.broadcast import Viewer
from breakwater.model.stream import Stream
from breakwater.model.watch import Act, ActKind, ActSeen, ViewerSession
from breakwater.records import watch_acts, watch_illegal, watchers
from breakwater.records.database import Tx


@dataclass(frozen=True, slots=True)
class Acts:
    """Acts of a broadcast's viewers.

    Attributes:
        directed, paid: accounts, the first first; `paid` only while it was illegal.
        unnamed: sessions of those among them without an account, once for each port.
        ports: further ports of sessions of those with one.
        payments: all that were told, whenever they were made.
    """

    directed: tuple[str, ...] = ()
    paid: tuple[str, ...] = ()
    unnamed: tuple[Viewer, ...] = ()
    ports: tuple[Viewer, ...] = ()
    payments: tuple[Act, ...] = ()


def of_stream(tx: Tx, stream: Stream) -> Acts:
    """Read them; sessions are opened only where somebody did something."""
    done = watch_acts.of_stream(tx, stream.id, clear=True)
    if not done:
        return Acts()
    spans, _ = watch_illegal.of_stream(tx, stream)
    counted = [
        one
        for one in done
        if one.kind is ActKind.DIRECTED or any(s.start <= one.at <= s.end for s in spans)
    ]
    people = {one.person for one in counted}
    sessions = [s for s in watchers.sessions(tx, stream.id, clear=True) if s.person in people]
    name = {s.person: s.watched.account for s in sessions if s.watched and s.watched.account}
    name |= {one.person: one.act.account for one in counted if one.act and one.act.account}
    paid = [one for one in done if one.kind is ActKind.PAID]
    return Acts(
        directed=_accounts(counted, ActKind.DIRECTED, name),
        paid=_accounts(counted, ActKind.PAID, name),
        unnamed=tuple(
            one for s in sessions if s.person not in name for one in _each_port(s, from_port=0)
        ),
        ports=tuple(
            one for s in sessions if s.person in name for one in _each_port(s, from_port=1)
        ),
        payments=tuple(one.act for one in paid if one.act is not None),
    )


def _accounts(done: list[ActSeen], kind: ActKind, name: dict[str, str]) -> tuple[str, ...]:
    named = (name.get(one.person, "") for one in done if one.kind is kind)
    return tuple(dict.fromkeys(one for one in named if one))


def _each_port(session: ViewerSession, *, from_port: int) -> Iterator[Viewer]:
    watched = session.watched
    if watched is None or not watched.address:
        return
    for port in (watched.ports or (None,))[from_port:]:
        yield Viewer(
            watched.account, watched.address, port, session.joined_at, session.left_at
        )  # fmt: skip
