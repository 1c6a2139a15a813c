"""What is known of a medium beside its bytes: who sent it, from where, by which device, who watched.

In: a kept medium. Out: traits in clear, that are kept as keyed hashes alone. An address is one only
where a household may stand behind it at that time (no carrier's, no anonymiser's), and for a week;
viewers count only where they stayed, came back, paid or directed, under the pseudonyms by which
they are kept (reference law, "who may see what"). Fed by `records`; read by `linking.taking`. Tests:
`tests/contract/test_linking_about.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from breakwater.errors import NotFound
from breakwater.model.ids import Id
from breakwater.model.link import Medium, Origin, Trait, TraitKind
from breakwater.model.watch import STAYED_S, AddressKind, Place, ViewerSession
from breakwater.records import cases, stream_people, streams, uploads, watchers
from breakwater.records.database import Tx

MOST_VIEWERS: Final = 100
"""Viewers of one broadcast that are remembered; a crowd links nothing."""
_TOLD: Final = "viewer"

Resolve = Callable[[str, datetime], Place]
"""Where an address seemed to be at a moment (`geo.atlas`)."""


@dataclass(frozen=True, slots=True)
class About:
    """Reads what is known of media."""

    resolve: Resolve

    def __call__(self, tx: Tx, medium: Medium) -> Iterable[Trait]:
        """Traits of a medium; none of an exhibit, of which nobody here knows who sent it."""
        if medium.origin is Origin.STREAM:
            return tuple(self._of_stream(tx, medium.origin_id))
        if medium.origin is Origin.CASE:
            return tuple(self._of_case(tx, medium))
        return ()

    def _of_case(self, tx: Tx, medium: Medium) -> Iterator[Trait]:
        case = cases.get(tx, medium.origin_id)
        yield from _account(case.service, case.account)
        upload = uploads.find(tx, case.subject)
        if upload is not None and (medium.blob is None or upload.sha256 == medium.sha256):
            told = upload.origin
            yield from _account(upload.service, told.account)
            yield from self._address(told.address, told.posted_at or upload.received_at)

    def _of_stream(self, tx: Tx, wanted: Id) -> Iterator[Trait]:
        try:
            stream = streams.get(tx, wanted)
        except NotFound:
            return
        sender = streams.sender_of(tx, wanted)
        yield from _account(stream.service, stream.account)
        if sender.device:
            yield Trait(TraitKind.DEVICE, f"{stream.service} {sender.device}", sender.device)
        if stream.name:
            yield Trait(TraitKind.STREAM_KEY, f"{stream.server} {stream.name}", stream.label)
        for one in stream_people.addresses(tx, wanted):
            yield from _account(stream.service, one.account)
            yield from self._address(one.address, stream.started_at)
        stayed = {one.person for one in watchers.sessions(tx, wanted) if _stayed(one)}
        if len(stayed) <= MOST_VIEWERS:
            yield from (Trait(TraitKind.WATCHED_BY, one, _TOLD) for one in sorted(stayed))

    def _address(self, address: str, at: datetime) -> Iterator[Trait]:
        """An address with its week, where one household may stand behind it."""
        if not address:
            return
        place = self.resolve(address, at)
        if place.kind is AddressKind.PUBLIC and not place.flags and place.address:
            year, week, _ = at.isocalendar()
            yield Trait(TraitKind.ADDRESS, f"{place.address} {year}-{week:02d}", address)


def _account(service: str, account: str) -> Iterator[Trait]:
    if account:
        yield Trait(TraitKind.ACCOUNT, f"{service} {account}", account)


def _stayed(one: ViewerSession) -> bool:
    """Not somebody who passed by; how long nobody knows who is said to have left is no stay."""
    return one.left_at is not None and (one.left_at - one.joined_at).total_seconds() >= STAYED_S
