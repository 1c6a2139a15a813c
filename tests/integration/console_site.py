"""A whole installation with one blocked upload, and signed-in pages to look at it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from breakwater.banks.manage import NewBank
from breakwater.model.access import MACHINE_SCOPES, Person, Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.ids import new_id
from breakwater.model.upload import Upload
from breakwater.records import views
from tests.integration.browsing import Guarded, guarded
from tests.integration.conftest import photo
from tests.integration.served import Served, serving
from tests.integration.test_intake import pdq_of, submit

MACHINE = Principal(new_id(), "photos", MACHINE_SCOPES, service="photos")
PIXELS = """() => { const c = document.querySelector('[data-evidence]:not([hidden]) [data-clear]');
  if (!c.width || !c.height) return 0;
  return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.reduce((n, v) => n + (v > 0), 0); }"""


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something; the browser's own waiting needs `eval`, which the policy forbids."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@dataclass
class Site:
    """A served installation with one blocked upload, and a browser to look at it."""

    served: Served
    browser: Browser
    upload: Upload

    @contextmanager
    def page(
        self, *roles: Role, person: Person | None = None, **options: object
    ) -> Iterator[Guarded]:
        """A signed-in person's page: somebody new, or a known one."""
        whose = person or self.served.person(*roles)
        link = self.served.app.access.people.link(whose.id, "test")
        _, session = self.served.app.access.people.consume_link(link)
        with guarded(self.browser, **options) as watched:  # type: ignore[arg-type]
            watched.page.context.add_cookies([{
                "name": self.served.api.state.gate.cookie, "value": session,
                "url": self.served.url, "httpOnly": True, "sameSite": "Strict",
            }])  # fmt: skip
            yield watched

    def open_case(self, watched: Guarded) -> Page:
        watched.page.goto(f"{self.served.url}/cases/{self.upload.case}")
        expect(watched.page.locator("#reveal")).to_be_visible()
        return watched.page

    def looks(self, level: str = "s3") -> int:
        with self.served.app.db.read() as tx:
            return sum(row.level.value == level for row in views.of_item(tx, self.upload.id))

    def free(self) -> None:
        """Give the case back, so that the next person may look."""
        path = self.served.app.db.path
        with sqlite3.connect(path) as raw:
            raw.execute("UPDATE cases SET held_by = NULL, held_until = NULL, state = 'open'")
        raw.close()


@contextmanager
def whole_site(directory: Path, browser: Browser) -> Iterator[Site]:
    """Serve an installation that knows one picture."""
    with serving(directory) as running:
        app = running.app
        app.banks.create(
            NewBank("KNOWN", purpose="For tests", action=BankAction.BLOCK, verified=True), MACHINE
        )
        app.banks.add("KNOWN", [pdq_of(app, photo(1))], MACHINE)
        upload = submit(app, photo(1, form="JPEG", quality=80), MACHINE)
        submit(app, photo(2), MACHINE)
        submit(app, photo(3)[:300], MACHINE, account="acct-18")
        yield Site(running, browser, upload)
