"""A served installation with a set to grade: ordinary pictures, and people of each role."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser

from breakwater.app import App
from breakwater.model.access import Person, Principal, Role
from breakwater.model.facts import ItemFacts
from breakwater.model.grading import GradeItem, ItemState, SetState, item_id
from breakwater.records import gradesets
from breakwater.review.grading.grade import Asked
from tests.integration.browsing import Guarded, guarded
from tests.integration.conftest import photo
from tests.integration.served import Served, serving

FACTS = ItemFacts.read({"activity": "none", "children": ["11-13/female/pubescent"]})


def make_set(app: App, count: int = 6, *, graders: int = 1, video: bytes = b"") -> int:
    """A set of ordinary pictures that is open for graders; with a video its first item is one."""
    contents = [video] * bool(video) + [photo(900 + at, (160, 120)) for at in range(count)]
    blobs = [app.vault.put(io.BytesIO(content), purpose="evidence") for content in contents]
    with app.db.transaction() as tx:
        one = gradesets.start(
            tx, name="Harbour", source="a partner", form="csv", by="test", graders=graders
        )
        first = gradesets.take_numbers(tx, len(blobs))
        gradesets.add(tx, [
            GradeItem(
                id=item_id(first + at), number=first + at, set=one.number, row=at + 1,
                state=ItemState.OPEN, type="video/mp4" if video and at == 0 else "image/png",
                frames=60 if video and at == 0 else 1,
                duration_s=6.0 if video and at == 0 else 0.0, needed=graders, blob=blob,
            )
            for at, blob in enumerate(blobs)
        ])  # fmt: skip
        gradesets.set_state(tx, one.number, SetState.OPEN)
    return one.number


def principal(served: Served, person: Person) -> Principal:
    """Somebody as the verbs see them."""
    permissions = frozenset().union(*(role.permissions for role in person.roles))
    return Principal(person.id, person.name, permissions, person=person.id)


def grade_all(
    app: App, who: Principal, number: int, answer: Callable[[int], ItemFacts] = lambda _: FACTS
) -> int:
    """Answer everything of a set that a person is given; how many it was."""
    done = 0
    while (task := app.review.grading.next(who, number)) is not None:
        saved = app.review.grading.save(who, task.number, answer(task.number), confirmed=True)
        assert not isinstance(saved, Asked)
        done += 1
    return done


@dataclass
class GradeSite:
    """A served installation, a browser, and whoever signed in."""

    served: Served
    browser: Browser
    people: dict[str, Person] = field(default_factory=dict)

    @contextmanager
    def page(self, *roles: Role, name: str = "", **options: object) -> Iterator[Guarded]:
        """A signed-in person's page; the same person again under the same name."""
        person = self.people.get(name) or self.served.person(*roles, name=name)
        if name:
            self.people[name] = person
        link = self.served.app.access.people.link(person.id, "test")
        _, session = self.served.app.access.people.consume_link(link)
        with guarded(self.browser, **options) as watched:  # type: ignore[arg-type]
            watched.page.context.add_cookies([{
                "name": self.served.api.state.gate.cookie, "value": session,
                "url": self.served.url, "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            yield watched


@contextmanager
def grade_site(directory: Path, browser: Browser) -> Iterator[GradeSite]:
    """Serve an empty installation; `make_set` fills it."""
    with serving(directory) as running:
        yield GradeSite(running, browser)
