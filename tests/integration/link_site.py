"""A served installation with two series, links of every kind that wait, and their pictures."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser

from breakwater.model.access import Person, Principal, Role
from breakwater.model.ids import Id
from breakwater.model.link import EdgeState, LinkKind
from breakwater.records import views
from tests import builders_links as made
from tests.integration.browsing import Guarded, guarded
from tests.integration.served import Served, serving

BLUE, RED, ALONE = 1, 2, 40
"""The series of media 1 to 30, that of 31 to 34, and a medium of none."""
MEDIA = (*range(1, 35), ALONE, 41, 42, 51, 52, 53)
PLACE, DECOR, PERSON, SOUND, DEVICE, COPY, CONFLICT = 901, 902, 903, 904, 905, 906, 907


def picture(number: int, width: int = 320, height: int = 240) -> bytes:
    """An ordinary picture that is another one for each number: a room of planes."""
    drawn = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    pen = ImageDraw.Draw(drawn)
    pen.rectangle(
        (20 + 5 * number % 120, 40, 120 + 5 * number % 120, 160), fill=(200, 40 + number, 60)
    )
    pen.ellipse((150, 60 + 3 * number % 80, 260, 170 + 3 * number % 80), fill=(40, 120, 200))
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


def points(count: int) -> list[list[float]]:
    """Matched points as of a camera that moved a little."""
    return [
        [0.1 + 0.8 * (n * 7 % count) / count, 0.1 + 0.8 * (n * 3 % count) / count,
         0.12 + 0.76 * (n * 7 % count) / count, 0.14 + 0.74 * (n * 3 % count) / count]
        for n in range(count)
    ]  # fmt: skip


PLACES = {"pairs": [{"a_s": 0, "b_s": 0, "inliers": 46, "points": points(46)},
                    {"a_s": 0, "b_s": 0, "inliers": 21, "points": points(21)}]}  # fmt: skip
LINE = {"line": [[s, s + 12.5] for s in range(40)]}
WAVE = [40 + (n * n * 7) % 190 for n in range(110)]
SOUNDS = {
    "sound": {
        "a_s": 3, "b_s": 71, "seconds": 42, "error_rate": 0.07, "a_wave": WAVE,
        "b_wave": [one * 3 // 4 for one in WAVE],
    }
}  # fmt: skip


@dataclass
class LinkSite:
    """What runs, and a browser to look at it."""

    served: Served
    browser: Any
    ids: dict[int, Id]

    @property
    def app(self) -> Any:
        return self.served.app

    def person(self, *roles: Role, name: str = "") -> Person:
        return self.served.person(*(roles or (Role.INVESTIGATOR,)), name=name)

    def principal(self, person: Person, role: Role = Role.INVESTIGATOR) -> Principal:
        return Principal(person.id, person.name, role.permissions, person=person.id)

    @contextmanager
    def page(self, who: Person | None = None, **options: Any) -> Iterator[Guarded]:
        """A signed-in investigator's page."""
        people = self.served.app.access.people
        _, session = people.consume_link(people.link((who or self.person()).id, "test"))
        with guarded(self.browser, **options) as watched:
            watched.page.context.add_cookies([{
                "name": self.served.api.state.gate.cookie, "value": session,
                "url": self.served.url, "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            yield watched

    def looks(self, number: int) -> list[str]:
        """Levels at which a medium was seen, the newest first."""
        with self.app.db.read() as tx:
            return [one.level.value for one in views.of_item(tx, self.ids[number])]


def _evidence(number: int) -> tuple[int, int, int, LinkKind, dict[str, Any]]:
    trait = {"trait": {"kind": "camera", "shared_by": 3}}
    return {
        PLACE: (PLACE, 3, 31, LinkKind.PLACE, PLACES),
        DECOR: (DECOR, 5, 32, LinkKind.DECOR, PLACES),
        PERSON: (PERSON, 6, ALONE, LinkKind.PERSON, {}),
        SOUND: (SOUND, 7, 33, LinkKind.SOUND, SOUNDS),
        DEVICE: (DEVICE, 8, ALONE, LinkKind.DEVICE, trait),
        COPY: (COPY, 34, 51, LinkKind.COPY, LINE),
        CONFLICT: (
            CONFLICT,
            41,
            42,
            LinkKind.ACCOUNT,
            {"trait": {"kind": "account", "shared_by": 2}},
        ),
    }[number]


@contextmanager
def link_site(directory: Path, browser: Browser | None, **settings: Any) -> Iterator[LinkSite]:
    """Serve until the block ends."""
    with serving(directory, **settings) as served:
        app = served.app
        blobs = {n: app.vault.put(io.BytesIO(picture(n)), purpose="evidence") for n in MEDIA}
        ada = served.person(Role.INVESTIGATOR).id
        with app.db.transaction() as tx:
            ids = {
                n: made.medium(
                    tx, n, blob=blob, media_type="image/png", width=320, height=240,
                    made_at=tx.now - timedelta(days=400 - 11 * n) if n % 3 else None,
                )
                for n, blob in blobs.items()
            }  # fmt: skip
            for n in range(1, 30):
                kind = (LinkKind.COPY, LinkKind.PLACE, LinkKind.SOUND)[n % 3]
                sure = EdgeState.CONFIRMED if n % 5 == 0 else EdgeState.MACHINE
                made.edge(
                    tx, n, max(1, (n + 1) // 4), n + 1, kind, state=sure, score=0.99 - n / 200
                )
                if n > 3:  # two edges each: one alone joins nothing to a part of eight
                    made.edge(tx, 200 + n, (n + 1) // 2, n + 1, LinkKind.COPY, score=0.85)
            for n in range(31, 34):
                made.edge(tx, 100 + n, n, n + 1)
            made.series(tx, BLUE, list(range(1, 31)), name="Blue room", priority="high")
            made.edge(tx, 151, 51, 52)
            made.edge(tx, 152, 52, 53)
            made.edge(tx, 153, 41, 42, state=EdgeState.REJECTED)
            made.series(tx, RED, [31, 32, 33, 34])
            made.series(tx, 3, [51, 52, 53])
            made.alias(tx, 7, BLUE, founder=30)
            for n in (PLACE, DECOR, PERSON, SOUND, DEVICE, COPY, CONFLICT):
                number, a, b, kind, evidence = _evidence(n)
                state = EdgeState.CONFIRMED if n == CONFLICT else EdgeState.MACHINE
                made.edge(
                    tx,
                    number,
                    a,
                    b,
                    kind,
                    evidence=evidence,
                    state=state,
                    score=0.3 if n == SOUND else 0.81,
                )
            made.child(tx, BLUE, "A", "identified")
            made.child(tx, BLUE, "B")
            made.task(tx, BLUE, "Ask the hotel chain about the wallpaper.")
            made.told(tx, BLUE, "founded", by="linking")
            made.told(tx, BLUE, "joined", by="linking", media=[3, 4])
            made.told(tx, BLUE, "noted", "The window looks over a harbour.", by=ada)
            made.place(tx, BLUE, "The sockets are of this type.", "NL", certain=False)
            made.used(tx, 1000)
            made.exhibit_set(tx, "Operation Reed", "photos/3.jpg", "The file is cut short.")
        yield LinkSite(served, browser, ids)
