"""A known video on a real nginx: cut without a person where two marked its bank and two vouch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from breakwater.banks.cutting import Cutting
from breakwater.live.policy import LEAST_FRAMES, LEAST_SPAN_S
from breakwater.model.access import Principal, Role
from breakwater.model.case import Priority
from breakwater.model.signin import Signed
from breakwater.model.stream import Control, Evidence, Stream, StreamState
from breakwater.records import reels, stream_alerts
from tests.builders_copies import encode, scene
from tests.integration.live_site import LiveSite, live_site, until
from tests.integration.served import OPERATOR

BANK = "VERIFIED"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("auto"), live_watch=True, live_watchers=1, live_preroll_seconds=8
    ) as running:
        yield running


def person(site: LiveSite) -> Principal:
    made = site.served.person(Role.LIVE_MODERATOR)
    return Principal(made.id, made.name, OPERATOR.permissions, person=made.id)


def marked(site: LiveSite, film: Path) -> int:
    """A bank that two people marked, with one known video; answers its number."""
    client = site.served.client(site.served.key())
    made = client.post("/v1/banks", json={"name": BANK, "action": "block"})
    assert made.status_code == 201, made.text
    reel = client.post(
        f"/v1/banks/{BANK}/reels", data={"label": "a film"},
        files={"file": ("film.mp4", film.read_bytes())},
    )  # fmt: skip
    assert reel.status_code == 201, reel.text
    cutting, ada, sam = Cutting(db=site.app.db), person(site), person(site)
    cutting.propose(BANK, ada, signed(site, cutting, ada), reason="Each of its videos was seen.")
    assert cutting.confirm(BANK, sam, signed(site, cutting, sam)).allowed
    number: int = reel.json()["number"]
    return number


def signed(site: LiveSite, cutting: Cutting, who: Principal) -> Signed:
    assert who.person is not None
    return Signed(who.person, cutting.to_sign(BANK, who), "password", site.app.clock.now())


def enough(site: LiveSite, stream: Stream) -> Evidence | None:
    """An alert that stops, with frames and span as an automatic cut takes them."""
    with site.app.db.read() as tx:
        for one in stream_alerts.of_stream(tx, stream.id):
            if (
                one.wanted.rank >= Control.FROZEN.rank
                and one.alert.frames >= LEAST_FRAMES
                and one.alert.span_s >= LEAST_SPAN_S
            ):
                return one
    return None


def test_one_voucher_freezes_and_the_second_lets_the_bank_cut(
    site: LiveSite, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(encode(scene(1, 30.0, height=180, width=320)))
    number = marked(site, film)

    publisher = site.rtmp.push(film, name="live/one-voucher")
    first = site.stream("live/one-voucher")
    told = until(lambda: enough(site, first))
    assert (told.alert.kind, told.wanted) == ("copy", Control.FROZEN)
    assert not told.alert.auto_cut, "its bank is marked and its frames would do, but one vouches"
    until(lambda: site.confirmed(first, Control.FROZEN))
    assert publisher.sending
    assert Control.CUT not in {order.to for order in site.orders(first)}
    publisher.stop()
    until(lambda: site.stream("live/one-voucher").state is StreamState.ENDED)

    second_voucher = person(site).id
    with site.app.db.transaction() as tx:
        assert reels.vouch(tx, number, by=second_voucher).sources == 2
    publisher = site.rtmp.push(film, name="live/two-vouchers")
    second = site.stream("live/two-vouchers")
    publisher.wait_end()
    done = until(lambda: site.confirmed(second, Control.CUT))
    assert (done.by, done.why) == ("policy", "copy")
    assert enough(site, second) is not None
    assert site.case(second).priority is Priority.NOW
