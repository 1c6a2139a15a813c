"""The viewers of a case: who watched which stretch, from where, with whom they share what.

In comes a case and who asks; out go its viewers by tier, the repeated first, in clear only as far
as the asker's role may see them (reference law, "who may see what"): an investigator or report
officer with a reason all of it, a reviewer accounts and shortened addresses, everybody else
pseudonyms. Every look is an audit row in the transaction that reads. Tests:
`tests/contract/test_viewers.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from breakwater.errors import BadInput, NotFound
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import Id
from breakwater.model.stream import Stream
from breakwater.model.suppression import suppressed
from breakwater.model.watch import (
    ActKind,
    ActSeen,
    Certainty,
    Place,
    Span,
    Tier,
    ViewerSession,
    Watching,
    merged,
    overlap_s,
    tier_of,
)
from breakwater.records import (
    cases,
    directing,
    streams,
    watch_acts,
    watch_illegal,
    watch_imports,
    watchers,
)
from breakwater.records.database import Database, Tx
from breakwater.viewers import policy
from breakwater.viewers.clusters import Cluster, clusters
from breakwater.viewers.sight import Sight, shown

P = Permission


@dataclass(frozen=True, slots=True)
class Seen:
    """One viewer of a case, as far as who asks may see them.

    Attributes:
        person: a pseudonym; the same viewer has the same one everywhere here.
        streams: labels of the broadcasts of this case that they watched.
        visits: what they watched, touching pieces made one.
        place: of their first session that has a country; without address unless it may be seen.
        cluster: number of the cluster; 0: they share nothing.
        account, addresses: as far as they may be seen; addresses with ports and first time.
    """

    person: str
    tier: Tier
    watching: Watching
    streams: tuple[str, ...]
    visits: tuple[Span, ...]
    place: Place | None
    cluster: int = 0
    acts: tuple[ActSeen, ...] = ()
    account: str = ""
    agents: tuple[str, ...] = ()
    addresses: tuple[tuple[str, tuple[int, ...], datetime], ...] = ()

    @property
    def country(self) -> str:
        """The best guess; empty: unknown."""
        return "" if self.place is None else self.place.country

    @property
    def certainty(self) -> Certainty:
        """How far the country can be relied on."""
        return Certainty.UNKNOWN if self.place is None else self.place.certainty


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A broadcast of the case with what of it is illegal, and whether a person said so."""

    stream: Stream
    spans: tuple[Span, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class CaseViewers:
    """Everybody who watched a case."""

    case: Id
    sight: Sight
    broadcasts: tuple[Broadcast, ...]
    viewers: tuple[Seen, ...] = ()
    clusters: tuple[Cluster, ...] = ()

    def tiers(self) -> dict[Tier, int]:
        """How many of each."""
        counted = Counter(one.tier for one in self.viewers)
        return {tier: counted[tier] for tier in Tier}

    def countries(self) -> dict[str, tuple[int, int]]:
        """By country how many are there for certain and how many perhaps; empty: unknown."""
        out: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for one in self.viewers:
            out[one.country][one.certainty is not Certainty.CERTAIN] += 1
        return {code: (both[0], both[1]) for code, both in sorted(out.items())}


@dataclass(slots=True)
class _Person:
    """What is gathered of one viewer."""

    visits: list[Span] = field(default_factory=list)
    sessions: list[ViewerSession] = field(default_factory=list)
    labels: dict[str, None] = field(default_factory=dict)
    acts: list[ActSeen] = field(default_factory=list)
    keys: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


class Seeing:
    """Shows viewers."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def of_case(self, by: Principal, case: Id, *, reason: str = "") -> CaseViewers:
        """Who watched a case.

        Args:
            by: who asks; what they see follows from their role.
            case: whose.
            reason: why, or a legal reference: without it nobody sees whole addresses.

        Raises:
            NotFound: no such case.
        """
        with self._db.transaction() as tx:
            cases.get(tx, case)
            found = gather(tx, case, Sight.of(by, reason))
            tx.audit(
                by.person or by.id, "viewers.look", case, level=found.sight.value,
                viewers=len(found.viewers), reason=reason.strip()[:200],
            )  # fmt: skip
            return found

    def set_spans(
        self, by: Principal, case: Id, stream: Id, spans: Sequence[Span], *, reason: str
    ) -> None:
        """Say what of a broadcast is illegal: tiers follow from it.

        Raises:
            NotFound: no such broadcast in this case.
            BadInput: no reason, or a stretch outside the broadcast.
        """
        if not reason.strip():
            raise BadInput("Give a reason: tiers of viewers follow from what is illegal.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = _of_case(tx, case, stream)
            end = found.ended_at or tx.now
            edge = timedelta(seconds=1)
            if any(one.start < found.started_at - edge or one.end > end + edge for one in spans):
                raise BadInput("What is illegal lies within the broadcast.")
            kept = [Span(*_clipped(one, found.started_at, end)) for one in spans]
            watch_acts.set_spans(
                tx, stream, merged(kept), by=by.person or by.id, reason=reason.strip()
            )
            tx.audit(by.person or by.id, "viewers.spans", stream, case=case, spans=len(spans))

    def mark_directed(self, by: Principal, case: Id, person: str, *, words: str) -> None:
        """Say that a viewer told the broadcaster what to do.

        Raises:
            NotFound: no such viewer in this case.
            BadInput: not said why.
        """
        if not words.strip():
            raise BadInput("Say in what they directed: a message, or where it can be read.")
        with self._db.transaction() as tx:
            tx.lock_changes()
            for stream in watch_imports.of_case(tx, case):
                if any(one.person == person for one in watchers.sessions(tx, stream)):
                    watch_acts.mark(
                        tx, stream, person, kind=ActKind.DIRECTED, by=by.person or by.id,
                        words=words.strip(),
                    )  # fmt: skip
                    tx.audit(by.person or by.id, "viewers.directed", stream, case=case)
                    return
        raise NotFound("There is no such viewer in this case.")

    def figures(self, since: datetime, until: datetime) -> list[tuple[str, int | None, int | None]]:
        """Viewers of cases by country, certain and uncertain; small counts are None."""
        with self._db.read() as tx:
            rows = watchers.countries(tx, since, until)
        sure = {code: people for code, how, people, _ in rows if how == Certainty.CERTAIN}
        perhaps: Counter[str] = Counter()
        for code, how, people, _ in rows:
            perhaps[code] += 0 if how == Certainty.CERTAIN else people
        told, doubted = suppressed(sure), suppressed(perhaps)
        return [(code, told.get(code, 0), doubted.get(code, 0)) for code in sorted(perhaps)]


def gather(tx: Tx, case: Id, sight: Sight) -> CaseViewers:
    """Everybody who watched a case, as far as may be seen."""
    broadcasts = [broadcast(tx, streams.get(tx, one)) for one in watch_imports.of_case(tx, case)]
    people: dict[str, _Person] = defaultdict(_Person)
    for one in broadcasts:
        ended = one.stream.ended_at or tx.now
        for session in watchers.sessions(tx, one.stream.id, clear=True):
            person = people[session.person]
            person.visits.append(policy.visit(session, ended))
            person.sessions.append(session)
            person.labels[one.stream.label] = None
            for kind, keys in session.keys.items():
                person.keys[kind] |= keys
        said = directing.of_stream(tx, one.stream, clear=True)
        for act in (*watch_acts.of_stream(tx, one.stream.id, clear=True), *said):
            person = people[act.person]
            person.acts.append(act)
            person.labels[one.stream.label] = None
            person.keys["payment"] |= {act.payment} - {""}
    own = {one.stream.id for one in broadcasts}
    others = _elsewhere(tx, broadcasts, people, own)
    grouped = clusters({
        name: (one.keys, [session.place for session in one.sessions])
        for name, one in people.items()
    })  # fmt: skip
    number = {name: one.number for one in grouped for name in one.people}
    spans = [span for one in broadcasts for span in one.spans]
    seen = [
        shown(_seen(name, one, spans, others.get(name, {}), number.get(name, 0)), sight)
        for name, one in people.items()
    ]
    seen.sort(key=_order)
    return CaseViewers(case, sight, tuple(broadcasts), tuple(seen), grouped)


def broadcast(tx: Tx, stream: Stream) -> Broadcast:
    """A broadcast with what of it is illegal: what a person said, else what follows."""
    return Broadcast(stream, *watch_illegal.of_stream(tx, stream))


def _elsewhere(
    tx: Tx, broadcasts: Sequence[Broadcast], people: Mapping[str, _Person], own: set[Id]
) -> dict[str, dict[Id, float]]:
    """By viewer the seconds of what is illegal in each other stopped broadcast."""
    if not broadcasts or not people:
        return {}
    shared = {
        kind: sorted({key for one in people.values() for key in one.keys[kind]})
        for kind in ("device", "payment")
    }
    found = watchers.elsewhere(tx, broadcasts[0].stream.id, list(people), shared)
    illegal: dict[Id, tuple[Span, ...]] = {}
    for others in found.values():
        for stream in others.keys() - own:
            if stream not in illegal:
                illegal[stream] = broadcast(tx, streams.get(tx, stream)).spans
    out: dict[str, dict[Id, float]] = {}
    for name, one in people.items():
        met: dict[Id, list[Span]] = defaultdict(list)
        for kind, key in _keys(name, one):
            for stream, spans in found.get((kind, key), {}).items():
                met[stream] += spans if stream not in own else []
        out[name] = {
            stream: overlap_s(spans, illegal[stream]) for stream, spans in met.items() if spans
        }
    return out


def _keys(name: str, one: _Person) -> Iterable[tuple[str, str]]:
    yield "person", name
    for kind in ("device", "payment"):
        for key in one.keys[kind]:
            yield kind, key


def _seen(
    name: str, one: _Person, spans: Sequence[Span], others: Mapping[Id, float], cluster: int
) -> Seen:
    watching = policy.watching(one.visits, spans, one.acts, others)
    places = [session.place for session in one.sessions if session.place is not None]
    place = next((found for found in places if found.country), next(iter(places), None))
    addresses: dict[str, tuple[tuple[int, ...], datetime]] = {}
    agents: dict[str, None] = {}
    account = next((act.act.account for act in one.acts if act.act and act.act.account), "")
    for session in one.sessions:
        watched = session.watched
        if watched is None:
            continue
        account = account or watched.account
        agents |= {watched.agent: None} if watched.agent else {}
        one_form = watched.address if session.place is None else session.place.address
        ports, first = addresses.get(one_form, ((), session.joined_at))
        if one_form:
            every = tuple(dict.fromkeys((*ports, *watched.ports)))
            addresses[one_form] = (every, min(first, session.joined_at))
    return Seen(
        person=name, tier=tier_of(watching), watching=watching, streams=tuple(one.labels),
        visits=merged(one.visits), place=place, cluster=cluster, acts=tuple(one.acts),
        account=account, agents=tuple(agents),
        addresses=tuple((text, *found) for text, found in addresses.items()),
    )  # fmt: skip


def _order(one: Seen) -> tuple[int, int, float, str]:
    """Who watched several stopped broadcasts first, then by what they did and saw."""
    return (-one.watching.streams, one.tier.rank, -one.watching.overlap, one.person)


def _clipped(one: Span, start: datetime, end: datetime) -> tuple[datetime, datetime]:
    first = min(max(one.start, start), end)
    return first, max(first, min(one.end, end))


def _of_case(tx: Tx, case: Id, stream: Id) -> Stream:
    found = streams.get(tx, stream)
    if found.case != case:
        raise NotFound(f"stream {stream}")
    return replace(found)
