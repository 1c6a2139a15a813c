"""Sessions of viewers as rows: who, from where, how long; found again by keyed hashes.

Each stands on a row of `stream_viewers`. The same viewer from the same address within a minute is
one session, told once or many times, so hooks, services and logs of the same hour agree. Fed by
`records.stream_people` and `viewers`; contract: `tests/contract/test_watchers.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from breakwater.model.ids import Id, new_id
from breakwater.model.stream import Control, Stream
from breakwater.model.watch import (
    SAME_VISIT_S,
    Certainty,
    Place,
    SessionSource,
    Span,
    ViewerSession,
    Watched,
)
from breakwater.records import identities
from breakwater.records.database import Tx
from breakwater.records.keys import Keyring
from breakwater.records.tables.nouns_stream import stream_viewers, streams
from breakwater.records.tables.nouns_watcher import viewer_keys, viewer_sessions

AT_ONCE: Final = 500
MOST_PORTS: Final = 32
"""Source ports that are kept of one session; those after it reconnected too often."""
MOST_REQUESTS: Final = (1 << 31) - 1
_GAP: Final = timedelta(seconds=SAME_VISIT_S)
_v, _w, _k, _s = stream_viewers.c, viewer_sessions.c, viewer_keys.c, streams.c
_STOPPED: Final = tuple(one.value for one in Control if one.rank >= Control.FROZEN.rank)

Told = tuple[Watched, Place | None]


@dataclass(slots=True)
class Added:
    """How many sessions were new, and how many went on."""

    new: int = 0
    more: int = 0


@dataclass(slots=True)
class _Row:
    """A session as it stands while a batch is taken."""

    id: Id
    joined: datetime
    left: datetime | None
    address: bytes | None
    requests: int
    sealed: bytes | None


@dataclass(slots=True)
class _Batch:
    """Rows of one batch, written at its end."""

    viewers: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    waiting: set[Id] = field(default_factory=set)


def add(tx: Tx, stream: Stream, told: Sequence[Told], *, import_id: Id | None = None) -> Added:
    """Keep sessions; one that is known already goes on."""
    persons = [person_key(tx, stream.service, one, place) for one, place in told]
    known = _known(tx, stream.id, set(persons))
    added, batch = Added(), _Batch()
    for person, (one, place) in zip(persons, told, strict=True):
        address = key_of(tx, stream.service, "address", _address(one, place))
        row = next((row for row in known[person] if _same(row, one, address)), None)
        if row is None:
            row = _new(tx, batch, stream, (one, place), person=person, first=not known[person])
            batch.sessions[-1]["import_id"] = import_id
            known[person].append(row)
            added.new += 1
        else:
            if row.id in batch.waiting:
                _write(tx, batch)
            _go_on(tx, row, one)
            added.more += 1
    _write(tx, batch)
    return added


def person_key(tx: Tx, service: str, one: Watched, place: Place | None = None) -> bytes:
    """What stands for a viewer: the account, else the device, else address and agent."""
    if one.account:
        return account_key(tx, service, one.account)
    if one.device:
        return key_of(tx, service, "device", one.device) or b""
    nobody = "\x1f".join((_address(one, place), one.agent, one.token))
    return key_of(tx, service, "nobody", nobody) or b""


def _address(one: Watched, place: Place | None) -> str:
    """One spelling of it: a place holds the address as it was looked up."""
    return one.address if place is None else place.address


def account_key(tx: Tx, service: str, account: str) -> bytes:
    """What stands for an account."""
    return identities.pseudonym(tx, service, account) or b""


def key_of(tx: Tx, service: str, kind: str, value: str) -> bytes | None:
    """A keyed hash that finds the same device, address or payment again; None of nothing."""
    return key_by(tx.keys, service, kind, value)


def key_by(keys: Keyring, service: str, kind: str, value: str) -> bytes | None:
    """The same where no transaction is open."""
    return identities.pseudonym_by(keys, f"{kind} {service}", value)


def sessions(tx: Tx, stream: Id, *, clear: bool = False) -> list[ViewerSession]:
    """Every session of a broadcast, the first first; with `clear` who it was and from where."""
    keys: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in tx.execute(sa.select(viewer_keys).where(_k.stream_id == stream)):
        keys[row.viewer_id][row.kind].add(row.key.hex())
    wanted = (
        sa.select(viewer_sessions, _v.joined_at, _v.left_at, _v.sealed.label("who"))
        .join_from(viewer_sessions, stream_viewers, _v.id == _w.viewer_id)
        .where(_w.stream_id == stream)
        .order_by(_v.joined_at, _v.id)
    )
    return [_noun(tx, row, keys[row.viewer_id], clear=clear) for row in tx.execute(wanted)]


def elsewhere(
    tx: Tx, stream: Id, persons: Collection[str], shared: Mapping[str, Collection[str]]
) -> dict[tuple[str, str], dict[Id, list[Span]]]:
    """Where else the same viewers were, in other broadcasts that were stopped.

    Args:
        tx: the transaction.
        stream: that is left out.
        persons: pseudonyms.
        shared: further keys by kind; `device` and `payment` name somebody, an address does not.

    Returns:
        By kind and key (`person` for pseudonyms) the sessions in each broadcast.
    """
    base = (
        sa.select(_v.stream_id, _v.joined_at, _v.left_at, _s.ended_at)
        .join_from(stream_viewers, viewer_sessions, _w.viewer_id == _v.id)
        .join(streams, _s.id == _v.stream_id)
        .where(_v.stream_id != stream, _s.control.in_(_STOPPED))
    )
    out: dict[tuple[str, str], dict[Id, list[Span]]] = {}
    for some in _some(persons):
        rows = tx.execute(base.add_columns(_w.person.label("key")).where(_w.person.in_(some)))
        _gather(tx, out, "person", rows)
    by_key = base.join(viewer_keys, _k.viewer_id == _v.id).add_columns(_k.key)
    for kind, keys in shared.items():
        for some in _some(keys):
            rows = tx.execute(by_key.where(_k.kind == kind, _k.key.in_(some)))
            _gather(tx, out, kind, rows)
    return out


def countries(tx: Tx, since: datetime, until: datetime) -> list[tuple[str, str, int, int]]:
    """Viewers and broadcasts of cases by country and certainty, of a stretch of time."""
    wanted: sa.Select[Any] = (
        sa.select(
            _w.country, _w.certainty, sa.func.count(sa.distinct(_w.person)).label("people"),
            sa.func.count(sa.distinct(_w.stream_id)).label("streams"),
        )
        .join_from(viewer_sessions, stream_viewers, _v.id == _w.viewer_id)
        .join(streams, _s.id == _w.stream_id)
        .where(_v.joined_at >= since, _v.joined_at < until, _s.case_id.is_not(None))
        .group_by(_w.country, _w.certainty)
        .order_by(_w.country, _w.certainty)
    )  # fmt: skip
    return [
        (row.country, row.certainty, row.people, row.streams) for row in tx.execute(wanted).all()
    ]


def _gather(
    tx: Tx, out: dict[tuple[str, str], dict[Id, list[Span]]], kind: str, rows: Iterable[Any]
) -> None:
    for row in rows:
        end = row.left_at or row.ended_at or tx.now
        span = Span(row.joined_at, max(end, row.joined_at))
        out.setdefault((kind, row.key.hex()), {}).setdefault(Id(row.stream_id), []).append(span)


def _some(keys: Collection[str]) -> list[list[bytes]]:
    ordered = [bytes.fromhex(one) for one in sorted(set(keys))]
    return [ordered[at : at + AT_ONCE] for at in range(0, len(ordered), AT_ONCE)]


def _known(tx: Tx, stream: Id, persons: set[bytes]) -> defaultdict[bytes, list[_Row]]:
    out: defaultdict[bytes, list[_Row]] = defaultdict(list)
    ordered = sorted(persons)
    for at in range(0, len(ordered), AT_ONCE):
        wanted = (
            sa.select(viewer_sessions, _v.joined_at, _v.left_at)
            .join_from(viewer_sessions, stream_viewers, _v.id == _w.viewer_id)
            .where(_w.stream_id == stream, _w.person.in_(ordered[at : at + AT_ONCE]))
            .order_by(_v.joined_at)
        )
        for row in tx.execute(wanted):
            out[row.person].append(
                _Row(
                    Id(row.viewer_id), row.joined_at, row.left_at, row.address_key,
                    row.requests, row.sealed,
                )
            )  # fmt: skip
    return out


def _same(row: _Row, one: Watched, address: bytes | None) -> bool:
    """Whether it is the same visit: near in time, and from no other address."""
    if row.address is not None and address is not None and row.address != address:
        return False
    starts_in = row.left is None or one.joined_at <= row.left + _GAP
    return starts_in and (one.left_at is None or one.left_at >= row.joined - _GAP)


def _new(tx: Tx, batch: _Batch, stream: Stream, told: Told, *, person: bytes, first: bool) -> _Row:
    made, (one, place) = new_id(), told
    address = key_of(tx, stream.service, "address", _address(one, place))
    port = one.ports[0] if one.ports else None
    who = {"account": one.account, "address": one.address, "port": port}
    key = person if first else tx.keys.mac(identities.PURPOSE, person + made.encode())
    batch.waiting.add(made)
    batch.viewers.append({
        "id": made, "stream_id": stream.id, "viewer_key": key,
        "sealed": identities.seal(tx, made, who), "joined_at": one.joined_at,
        "left_at": one.left_at,
    })  # fmt: skip
    sealed = _seal(tx, made, one.agent, one.ports, place)
    certainty = Certainty.UNKNOWN if place is None else place.certainty
    batch.sessions.append({
        "viewer_id": made, "stream_id": stream.id, "person": person, "address_key": address,
        "source": one.source.value, "import_id": None,
        "country": "" if place is None else place.country, "certainty": certainty.value,
        "requests": one.requests, "sealed": sealed,
    })  # fmt: skip
    found = [("address", address), ("device", key_of(tx, stream.service, "device", one.device))]
    found += [
        ("payment", key_of(tx, stream.service, "payment", payment))
        for payment in dict.fromkeys(one.payments)
    ]
    if one.account:
        found.append(("account", person))
    batch.keys += [
        {"viewer_id": made, "stream_id": stream.id, "kind": kind, "key": value}
        for kind, value in found
        if value is not None
    ]
    return _Row(made, one.joined_at, one.left_at, address, one.requests, sealed)


def _go_on(tx: Tx, row: _Row, one: Watched) -> None:
    """A session that is told again: longer, never shorter, and never doubled.

    Services tell thousands of viewers every few seconds: where nothing is new, nothing is written.
    """
    again = row.left is None or one.joined_at <= row.left
    requests = max(row.requests, one.requests) if again else row.requests + one.requests
    requests = min(requests, MOST_REQUESTS)
    open_ = row.left is None or one.left_at is None
    left = one.left_at if open_ else max(filter(None, (row.left, one.left_at)))
    joined = min(row.joined, one.joined_at)
    if (joined, left) != (row.joined, row.left):
        row.joined, row.left = joined, left
        mine = sa.update(stream_viewers).where(_v.id == row.id)
        tx.execute(mine.values(joined_at=joined, left_at=left))
    values: dict[str, Any] = {} if requests == row.requests else {"requests": requests}
    row.requests = requests
    if one.ports and row.sealed is not None:
        kept = identities.unseal(tx, row.id, row.sealed)
        ports = tuple(dict.fromkeys((*kept["ports"], *one.ports)))[:MOST_PORTS]
        if len(ports) > len(kept["ports"]):
            row.sealed = identities.seal(tx, row.id, kept | {"ports": ports})
            values["sealed"] = row.sealed
    if values:
        tx.execute(sa.update(viewer_sessions).where(_w.viewer_id == row.id).values(**values))


def _seal(tx: Tx, row: Id, agent: str, ports: Sequence[int], place: Place | None) -> bytes:
    plain = None if place is None else place.as_json()
    facts = {"agent": agent, "ports": list(ports[:MOST_PORTS]), "place": plain}
    return identities.seal(tx, row, facts)


def _write(tx: Tx, batch: _Batch) -> None:
    for table, rows in (
        (stream_viewers, batch.viewers),
        (viewer_sessions, batch.sessions),
        (viewer_keys, batch.keys),
    ):
        if rows:
            tx.execute(sa.insert(table), rows)
            rows.clear()
    batch.waiting.clear()


def _noun(
    tx: Tx, row: sa.Row[Any], keys: Mapping[str, Iterable[str]], *, clear: bool
) -> ViewerSession:
    watched = place = None
    if clear:
        who = identities.unseal(tx, Id(row.viewer_id), row.who)
        facts = identities.unseal(tx, Id(row.viewer_id), row.sealed)
        place = None if facts["place"] is None else Place.of_json(facts["place"])
        watched = Watched(
            row.joined_at, row.left_at, who["account"], who["address"], tuple(facts["ports"]),
            facts["agent"], source=SessionSource(row.source), requests=row.requests,
        )  # fmt: skip
    return ViewerSession(
        id=Id(row.viewer_id), stream=Id(row.stream_id), person=row.person.hex(),
        joined_at=row.joined_at, left_at=row.left_at, country=row.country,
        certainty=Certainty(row.certainty),
        keys={kind: frozenset(found) for kind, found in keys.items()},
        watched=watched, place=place,
    )  # fmt: skip
