"""Frame pairs of a broadcast on its case: held to be seen, each look written down, words where none is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from breakwater.errors import NotAllowed, NotFound
from breakwater.model.access import Person, Principal, Role
from breakwater.model.broadcast import Sender
from breakwater.model.copies import FramePair, FramePrints, Reel, Segment, Zone
from breakwater.model.ids import Id, new_id
from breakwater.model.media import Level
from breakwater.model.scene import CloserLook, SoundMatch
from breakwater.model.stream import Alert, Stream
from breakwater.model.viewing import Viewing
from breakwater.recognition.watch_look import packed
from breakwater.records import audit, banks, reels, stream_stills, streams, views
from tests.builders_scene import scene
from tests.integration.browsing import Guarded, chromium, guarded
from tests.integration.console_site import PIXELS, until
from tests.integration.served import OPERATOR, Served, serving
from tests.integration.test_console_axe import both_themes, scrolls_sideways
from tests.integration.test_console_budget import HTML_BYTES

SEEN = (12.0, 14.0, 16.0)
GONE = 18.0
"""The still of this moment was destroyed."""


class House:
    """A served installation with one broadcast that was looked at closer, and a browser."""

    def __init__(self, served: Served, browser: Browser) -> None:
        self.served, self.browser, app = served, browser, served.app
        self.sam: Person = served.person(Role.REVIEWER, name="Sam Ortega")
        told = Sender(account="acct-1", pull_url="https://cdn.example/live.m3u8")
        machine = Principal(new_id(), "clips", OPERATOR.permissions, service="clips")
        stream = app.live.streams.begin(machine, "", "live/1", told)
        self.reel = self._reel("FILMS", "a film", 3)
        self.other = self._reel("TALKS", "a talk", 4)
        self._alert(stream, self.reel, Zone.LOOK, ())
        sound = SoundMatch(12.0, 18.2, 2.0, 0.12)
        frames = ((12.0, 2.0, 211, True), (14.0, 4.0, 180, True), (16.0, 6.0, 9, False))
        looks = (CloserLook(self.reel.number, 12.0, "look", "link", frames, sound),)
        self._alert(stream, self.reel, Zone.LINK, looks)
        self._alert(stream, self.other, Zone.LOOK, (), at_s=40.0)
        self.calm = app.live.streams.begin(machine, "", "live/2", told)
        self._alert(self.calm, self.reel, Zone.LOOK, ())
        for number, at in enumerate(SEEN):
            self._keep(stream, at, number)
        self.faded = app.live.streams.begin(machine, "", "live/3", told)
        self._alert(self.faded, self.reel, Zone.LOOK, (), at_s=GONE)
        app.vault.shred(self._keep(self.faded, GONE, 4))
        self.stream: Stream = stream
        self.case = self.case_of(stream)

    def _keep(self, stream: Stream, at: float, seed: int) -> Id:
        picture = cv2.GaussianBlur(scene(seed, 640, 360), (0, 0), 1)
        app = self.served.app
        blob = app.vault.put(io.BytesIO(packed(np.asarray(picture))), purpose="evidence")
        with app.db.transaction() as tx:
            stream_stills.keep(tx, stream.id, ms=round(at * 1000), blob=blob)
        return blob

    def _reel(self, bank: str, label: str, seed: int) -> Reel:
        value = np.random.default_rng(seed).integers(0, 255, (1, 32)).astype(np.uint8)
        frame = FramePrints(0.0, np.zeros(1, np.uint8), value, np.full(1, 90, np.uint8))
        with self.served.app.db.transaction() as tx:
            made = banks.create(tx, name=bank, purpose="tests", source="tests")
            return reels.add(
                tx, bank=made, label=label, source="tests", duration_s=20.0, frames=[frame],
                by="tests",
            )  # fmt: skip

    def _alert(
        self, stream: Stream, reel: Reel, zone: Zone, looks: tuple[CloserLook, ...],
        at_s: float = SEEN[0],
    ) -> None:  # fmt: skip
        times = [at_s + 2 * n for n in range(4)]
        pairs = tuple(FramePair(at, at - 10, 40 + n, 0, 0) for n, at in enumerate(times))
        segment = Segment(
            reel.number, at_s, at_s + 8, at_s - 10, at_s - 2, 1.0, 2.4, 4, True, zone, pairs
        )
        alert = Alert(
            stream.id, self.served.app.clock.now(), at_s + 8, "copy", "It shows 8 s of it.",
            frames=4, span_s=8.0, score=2.4, reference=reel.id, bank=reel.bank_name,
        )  # fmt: skip
        self.served.app.live.streams.alert(alert, segments=(segment,), looks=looks)

    def principal(self, role: Role) -> Principal:
        person = self.sam if role is Role.REVIEWER else self.served.person(role)
        return Principal(person.id, person.name, role.permissions, person=person.id)

    def looks(self) -> int:
        """Of clear frames: small stills are fetched at moments of the page's own."""
        with self.served.app.db.read() as tx:
            return sum(v.level is Level.S3 for v in views.of_item(tx, self.stream.id))

    def case_of(self, stream: Stream) -> Id:
        with self.served.app.db.read() as tx:
            case = streams.get(tx, stream.id).case
        assert case is not None
        return case

    def newest(self) -> Viewing:
        """The look that was last at a frame."""
        with self.served.app.db.read() as tx:
            return next(v for v in views.of_item(tx, self.stream.id) if v.level is Level.S3)

    def written(self) -> list[str]:
        """What the audit log says of it."""
        with self.served.app.db.read() as tx:
            return sorted(one.action for one in audit.page(tx, subject=self.newest().id))

    @contextmanager
    def page(self, **options: Any) -> Iterator[Guarded]:
        """The case, as a signed-in reviewer sees it."""
        app = self.served.app
        link = app.access.people.link(self.sam.id, "test")
        _, session = app.access.people.consume_link(link)
        with guarded(self.browser, **options) as watched:
            watched.page.context.add_cookies([{
                "name": self.served.api.state.gate.cookie, "value": session,
                "url": self.served.url, "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            watched.page.goto(f"{self.served.url}/cases/{self.case}")
            yield watched


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place: Path = tmp_path_factory.mktemp("stills")
    with serving(place, live_watch=False) as served, chromium() as browser:
        yield House(served, browser)


def test_the_frame_of_a_pair_is_there_while_the_key_is_held(house: House) -> None:
    with house.page() as watched:
        page, before = watched.page, house.looks()
        first = page.locator("[data-evidence]:not([hidden])")
        expect(first).to_contain_text("Shows 8.0 s of a known video from 0:12 on, mirrored")
        expect(first).to_contain_text("0:02 of a film is beside 0:12 here.")
        until(lambda: page.locator("canvas[data-blur][data-drawn]").count() > 0)
        assert page.evaluate(PIXELS) == 0
        page.keyboard.down("Space")
        until(lambda: page.evaluate(PIXELS) > 1000)
        page.keyboard.up("Space")
        assert page.evaluate(PIXELS) == 0
        until(lambda: house.written() == ["view.end", "view.start"])
        newest = house.newest()
        assert (newest.frame, newest.case) == (12_000, house.case)
        assert house.looks() > before
        page.keyboard.press("ArrowRight")
        expect(first.locator("[data-at]")).to_have_text("0:14")
        assert page.locator(".strip [data-show='1']").count() == len(SEEN)


def test_what_was_found_and_what_is_missing_stand_in_words(house: House) -> None:
    with house.page() as watched:
        seen = watched.page.locator("#alerts")
        expect(seen).to_contain_text("It is borne out: 2 of 3 frame pairs show the same.")
        expect(seen).to_contain_text("0:12 beside 0:02 (211 points), 0:14 beside 0:04 (180 points)")
        expect(seen).to_contain_text("The sound is the same for 6.2 s from 0:12 on: 12 of 100")
        pair = watched.page.locator("[data-evidence]:not([hidden])")
        expect(pair).to_contain_text("1 further one is not listed")
        for stream, words in (
            (house.calm, "No still of this moment was kept."),
            (house.faded, "The still of this moment is not kept any more."),
        ):
            watched.page.goto(f"{house.served.url}/cases/{house.case_of(stream)}")
            expect(pair).to_contain_text(words)
            assert watched.page.locator("#reveal").count() == 0
        assert not any(asked.endswith("/views") for asked in watched.requests)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_case_of_a_broadcast_can_be_used_by_everybody(house: House, width: int) -> None:
    with house.page(width=width, height=1800) as watched:
        watched.allowed.append("403")  # a telephone shows words
        page = watched.page
        both_themes(page, f"case of a broadcast {width}")
        assert not scrolls_sideways(page)
        weight = sum(
            len(part.evaluate("node => node.outerHTML").encode())
            for part in page.locator("[data-evidence], .strip, #alerts").all()
        )
        assert weight < HTML_BYTES // 8, f"{weight:,} bytes of evidence on a page of {HTML_BYTES:,}"


def test_a_still_belongs_to_its_case_and_to_roles_that_see_pictures(house: House) -> None:
    shown = house.served.app.review.views
    ask: dict[str, Any] = {
        "case": house.case, "item": house.stream.id, "frame": 12_000, "level": Level.S3,
        "reason": "review",
    }  # fmt: skip
    reviewer = house.principal(Role.REVIEWER)
    before = house.looks()
    for role in (Role.ADMIN, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            shown.look(house.principal(role), **ask)
    with pytest.raises(NotFound, match="was kept"):
        shown.look(reviewer, **ask | {"frame": 99})
    gone = {"case": house.case_of(house.faded), "item": house.faded.id, "frame": 18_000}
    with pytest.raises(NotFound, match="any more"):
        shown.look(reviewer, **ask | gone)
    assert house.looks() == before, "what is not shown is no look"
    with pytest.raises(NotFound):
        shown.look(reviewer, **ask | {"case": house.case_of(house.calm)})
    assert shown.look(reviewer, **ask).picture[:4] == b"RIFF"
