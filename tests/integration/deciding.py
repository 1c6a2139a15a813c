"""An installation with a clock that obeys, one blocked upload and a reviewer, for tests of decisions."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from breakwater.app import App, build
from breakwater.banks.manage import NewBank
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.case import Case
from breakwater.model.decision import AccountRole, DecisionFacts, DecisionKind
from breakwater.model.event import Event, EventType
from breakwater.model.facts import Activity, ItemFacts
from breakwater.model.ids import Id
from breakwater.model.signin import Signed
from breakwater.model.upload import Upload
from breakwater.records import cases, outbox, uploads
from breakwater.records.rootkey import RootKey
from breakwater.review.deciding.decide import waiting_for_second
from breakwater.settings import Settings, load
from tests.conftest import SettableClock
from tests.integration.conftest import photo
from tests.integration.installed import installed
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

K = DecisionKind
ILLEGAL = DecisionFacts(role=AccountRole.UNKNOWN, item=ItemFacts(Activity.NON_PENETRATIVE))


@pytest.fixture(scope="module")
def set_up_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that nobody used yet; each test works on a copy of its own."""
    place = tmp_path_factory.mktemp("installation")
    (place / "keys").mkdir()
    settings = settings_in(place)
    RootKey.create(settings.root_key)
    installed(settings)
    return place


def settings_in(place: Path) -> Settings:
    return load(
        data_dir=place / "data", root_key_file=place / "keys" / "root.key",
        audit_dir=place / "checkpoints", unsafe_fast_disk=True,
    )  # fmt: skip


@pytest.fixture
def app(set_up_once: Path, tmp_path: Path, jail: JailPool, clock: SettableClock) -> Iterator[App]:
    """An installation whose time stands still until a test moves it."""
    shutil.copytree(set_up_once, tmp_path / "copy")
    running = build(settings_in(tmp_path / "copy"), pool=jail, decode=False, clock=clock)
    yield running
    running.close()


@pytest.fixture
def known(app: App, machine: Principal) -> bytes:
    """A picture that the blocking bank KNOWN lists."""
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK, verified=True), machine)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine)
    return photo(1)


@pytest.fixture
def upload(app: App, machine: Principal, known: bytes) -> Upload:
    return submit(app, photo(1, form="JPEG", quality=80), machine)


@pytest.fixture
def reviewer(app: App) -> Principal:
    return somebody(app, Role.REVIEWER, name="Ada")


def present(app: App, upload: Upload) -> Upload:
    with app.db.read() as tx:
        return uploads.get(tx, upload.id)


def case_of(app: App, upload: Upload) -> Case:
    with app.db.read() as tx:
        return cases.get(tx, Id(str(upload.case)))


def copies(app: App, machine: Principal, n: int) -> list[Upload]:
    """The same file from as many accounts."""
    content = photo(1, form="JPEG", quality=80)
    return [submit(app, content, machine, account=f"acct-{i}") for i in range(n)]


def told(app: App, kind: EventType) -> list[Event]:
    with app.db.read() as tx:
        return outbox.since(tx, 0, limit=1000, types=[kind])


def decide(app: App, who: Principal, upload: Upload, kind: K, **more: Any) -> Any:
    return app.review.decisions.decide(who, upload.case, kind, **more)


def signed(app: App, who: Principal, case: Id | None) -> Signed:
    """A fresh signature under what waits on a case; how it is checked: `test_access_signing.py`."""
    with app.db.read() as tx:
        waits = waiting_for_second(tx, Id(str(case)))
    return Signed(Id(str(who.person)), waits.id, "password", app.clock.now())
