"""What is known of a medium beside its bytes: whoever hides behind a carrier or a proxy has no address."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest

from breakwater.linking.finding.about import About
from breakwater.model.broadcast import Sender
from breakwater.model.ids import new_id
from breakwater.model.link import Origin, TraitKind
from breakwater.model.watch import AddressKind, Flag, Place
from breakwater.records import link_media, stream_people, streams

pytestmark = pytest.mark.usefixtures("keyring")
AT = datetime(2026, 3, 3, tzinfo=UTC)


def places(kind: AddressKind = AddressKind.PUBLIC, *flags: Flag):
    return lambda address, at: Place(at, kind, address, flags=frozenset(flags))


def stream_medium(db, vault, sender: Sender, name: str = "room-1"):
    blob = vault.put(io.BytesIO(b"ordinary"), purpose="evidence")
    with db.transaction() as tx:
        stream = streams.start(tx, server="rtmp", name=name, sender=sender)
        stream_people.join(tx, stream.id, sender)
        return link_media.want(tx, Origin.STREAM, stream.id, blob=blob, source="clips")


SENDER = Sender(service="video", account="acct-1", device="d-1", address="192.0.2.7", port=9)


def known(db, medium, resolve) -> dict[TraitKind, list[str]]:
    out: dict[TraitKind, list[str]] = {}
    with db.read() as tx:
        for one in About(resolve)(tx, medium):
            out.setdefault(one.kind, []).append(one.value)
    return out


def test_a_broadcast_names_account_device_key_and_household(database, vault) -> None:
    medium = stream_medium(database, vault, SENDER)
    found = known(database, medium, places())
    assert found[TraitKind.ACCOUNT][0] == "video acct-1"
    assert found[TraitKind.DEVICE] == ["video d-1"]
    assert found[TraitKind.STREAM_KEY] == ["rtmp room-1"]
    year, week, _ = medium.added_at.isocalendar()
    assert set(found[TraitKind.ADDRESS]) == {f"192.0.2.7 {year}-{week:02d}"}


@pytest.mark.parametrize(
    "resolve",
    [places(AddressKind.CARRIER), places(AddressKind.PRIVATE), places(AddressKind.UNREADABLE),
     places(AddressKind.PUBLIC, Flag.VPN), places(AddressKind.PUBLIC, Flag.TOR),
     places(AddressKind.PUBLIC, Flag.HOSTING)],
)  # fmt: skip
def test_behind_a_carrier_or_an_anonymiser_there_is_no_household(database, vault, resolve) -> None:
    medium = stream_medium(database, vault, SENDER)
    assert TraitKind.ADDRESS in known(database, medium, places())
    assert TraitKind.ADDRESS not in known(database, medium, resolve)


def test_an_address_counts_for_its_week(database, vault) -> None:
    about = About(places())
    early, late = (list(about._address("192.0.2.7", AT + timedelta(days=n))) for n in (0, 8))
    assert early[0].value != late[0].value


def test_nobody_knows_who_sent_an_exhibit(database, vault) -> None:
    blob = vault.put(io.BytesIO(b"ordinary"), purpose="evidence")
    with database.transaction() as tx:
        medium = link_media.want(tx, Origin.EXHIBIT, new_id(), blob=blob, source="seized")
    assert known(database, medium, places()) == {}
