"""What goes back to a service: signed webhooks, and account data asked for, over real HTTP."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from breakwater.app import App, build
from breakwater.banks.manage import NewBank, NewEntry
from breakwater.errors import BadInput, Conflict, FetchRefused, NotFound
from breakwater.intake.resumable import KEPT
from breakwater.intake.submit import Submission
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Principal
from breakwater.model.bank import BankAction
from breakwater.model.ids import new_id
from breakwater.model.match import Action
from breakwater.model.signal import Signal
from breakwater.model.upload import Surface, Upload
from breakwater.records import accounts, resumables, uploads
from breakwater.records.rootkey import RootKey
from breakwater.settings import Settings
from breakwater.worker.loop import Worker
from tests.conftest import SettableClock
from tests.integration.conftest import photo, spooled, work
from tests.integration.installed import installed
from tests.integration.test_intake import pdq_of, submit
from tests.ports import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = Path(__file__).parents[2] / "docs/examples/snapshot_server.py"


class Receiver:
    """A service's webhook receiver that answers what the test says."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_private_networks": ("127.0.0.0/8",)})


@pytest.fixture
def app(settings: Settings, jail: JailPool, clock: SettableClock) -> Iterator[App]:
    RootKey.create(settings.root_key)
    installed(settings)
    running = build(settings, pool=jail, decode=False, clock=clock)
    yield running
    running.close()


@pytest.fixture
def known(app: App, machine: Principal) -> bytes:
    picture = photo(1)
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), machine)
    app.banks.add("KNOWN", [pdq_of(app, picture)], machine)
    return picture


def late(app: App, content: bytes, by: Principal) -> Upload:
    """An upload that is answered with 202."""
    app.intake.limits = replace(app.intake.limits, inline_bytes=10)
    return submit(app, content, by)


def test_a_late_verdict_is_told_signed_and_says_nothing_private(
    app: App, machine: Principal, known: bytes, worker: Worker, receiver: Receiver
) -> None:
    _, secret = app.webhooks.create(receiver.url, "", ["verdict.completed"], machine)
    upload = late(app, known, machine)
    work(worker)
    app.webhooks.deliver_due()
    ((headers, body),) = receiver.got
    # The clock of this test stands in the past, so the age check is done without the age.
    signature = Webhook(secret).sign(headers["webhook-id"], app.clock.now(), body.decode())
    assert signature == headers["webhook-signature"]
    told = json.loads(body)
    assert told["type"] == "verdict.completed"
    assert (told["data"]["id"], told["data"]["action"]) == (upload.id, "block")
    assert b"acct-17" not in body
    assert b"203.0.113" not in body


def test_a_failed_telling_is_repeated_under_the_same_id_and_then_given_up(
    app: App,
    machine: Principal,
    known: bytes,
    worker: Worker,
    receiver: Receiver,
    clock: SettableClock,
) -> None:
    app.webhooks.create(receiver.url, "photos", ["verdict.completed"], machine)
    receiver.answers = [500] * 3
    late(app, known, machine)
    work(worker)
    for _ in range(4):
        app.webhooks.deliver_due()
        app.webhooks.deliver_due()
        clock.advance(700)
    assert len(receiver.got) == 4
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    clock.advance(timedelta(days=4).total_seconds())
    assert app.webhooks.deliver_due() == 0


def test_a_changed_verdict_is_told_with_what_it_was(
    app: App, machine: Principal, known: bytes, worker: Worker, receiver: Receiver
) -> None:
    app.webhooks.create(receiver.url, "photos", ["verdict.changed"], machine)
    upload = submit(app, known, machine)
    work(worker)
    assert upload.verdict is not None
    app.banks.withdraw(upload.verdict.matches[0].number, machine, "by mistake")
    work(worker)
    app.webhooks.deliver_due()
    ((_, body),) = receiver.got
    told = json.loads(body)["data"]
    assert (told["before"], told["action"], told["revision"]) == ("block", "allow", 2)


def test_an_endpoint_of_another_service_hears_nothing(
    app: App, machine: Principal, known: bytes, worker: Worker, receiver: Receiver
) -> None:
    other = replace(machine, service="other")
    app.webhooks.create(receiver.url, "", ["verdict.completed"], other)
    late(app, known, machine)
    work(worker)
    app.webhooks.deliver_due()
    assert receiver.got == []


@pytest.mark.parametrize("url", ["ftp://x.example/", "http://user@x.example/", "javascript:1"])
def test_an_endpoint_that_could_never_be_called_is_refused(
    app: App, machine: Principal, url: str
) -> None:
    with pytest.raises(FetchRefused):
        app.webhooks.create(url, "", ["verdict.completed"], machine)
    with pytest.raises(BadInput):
        app.webhooks.create("https://x.example/", "", ["case.opened.by.nobody"], machine)


def test_the_reference_server_of_snapshots_is_asked_when_a_case_opens(
    settings: Settings, jail: JailPool, machine: Principal, wait_until: Callable[..., None]
) -> None:
    port = free_port()
    server = subprocess.Popen([sys.executable, str(EXAMPLE), SECRET, str(port)])
    RootKey.create(settings.root_key)
    asking = settings.model_copy(
        update={
            "snapshot_url": f"http://127.0.0.1:{port}/",
            "snapshot_secret": type(settings.snapshot_secret)(SECRET),
        }
    )
    installed(asking)
    app = build(asking, pool=jail, decode=False)
    try:
        wait_until(lambda: listens(port))
        app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK), machine)
        app.banks.add("KNOWN", [pdq_of(app, photo(1))], machine)
        submit(app, photo(1), machine, account="acct-9")
        work(Worker(db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=(),
                    metrics=app.metrics))  # fmt: skip
        with app.db.read() as tx:
            told = accounts.latest(tx, "photos", "acct-9")
        assert told is not None
        assert told.facts["logins"][0]["port"] == 40001
        for file in app.settings.data_dir.rglob("*"):
            if file.is_file():
                assert b"192.0.2.7" not in file.read_bytes(), file
    finally:
        app.close()
        server.terminate()
        server.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_an_unsigned_snapshot_question_gets_no_data() -> None:
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(b"{}", {})


class TestParts:
    """Uploads that arrive in parts."""

    def test_the_last_byte_brings_the_verdict(
        self, app: App, machine: Principal, known: bytes
    ) -> None:
        started = app.resumables.start(len(known), Submission("photos", Surface.PUBLIC), machine)
        half = len(known) // 2
        part = app.resumables.append(started.id, 0, io.BytesIO(known[:half]), half, machine)
        assert not isinstance(part, Upload)
        assert part.received == half
        with pytest.raises(Conflict) as wrong:
            app.resumables.append(started.id, 0, io.BytesIO(known[:half]), half, machine)
        assert wrong.value.facts["offset"] == half
        rest = known[half:]
        done = app.resumables.append(started.id, half, io.BytesIO(rest), len(rest), machine)
        assert isinstance(done, Upload)
        assert done.verdict is not None
        assert done.verdict.action is Action.BLOCK
        assert done.size == len(known)
        with pytest.raises(NotFound):
            app.resumables.get(started.id, machine)

    def test_nobody_else_sees_or_continues_it(
        self, app: App, machine: Principal, known: bytes
    ) -> None:
        started = app.resumables.start(10, Submission("photos", Surface.PUBLIC), machine)
        with pytest.raises(NotFound):
            app.resumables.get(started.id, replace(machine, id=new_id()))

    def test_more_bytes_than_announced_are_refused(self, app: App, machine: Principal) -> None:
        started = app.resumables.start(10, Submission("photos", Surface.PUBLIC), machine)
        with pytest.raises(BadInput):
            app.resumables.append(started.id, 0, io.BytesIO(bytes(11)), 11, machine)

    def test_unfinished_ones_are_forgotten_and_their_keys_shredded(
        self, app: App, machine: Principal, clock: SettableClock
    ) -> None:
        started = app.resumables.start(10, Submission("photos", Surface.PUBLIC), machine)
        app.resumables.append(started.id, 0, io.BytesIO(bytes(5)), 5, machine)
        with app.db.read() as tx:
            (part,) = resumables.get(tx, started.id, principal=machine.id).parts
        assert app.resumables.sweep(clock.now()) == 0
        clock.advance(KEPT.total_seconds() + 1)
        assert app.resumables.sweep(clock.now()) == 1
        with pytest.raises(NotFound):
            app.vault.open(part.blob)


def test_what_passed_is_forgotten_after_its_days(
    app: App, machine: Principal, known: bytes, clock: SettableClock, worker: Worker
) -> None:
    passed = submit(app, photo(4), machine)
    clock.advance(timedelta(days=app.settings.ingest_days + 2).total_seconds())
    assert app.recorder.expire(clock.now()) == 2
    app.banks.add("KNOWN", [pdq_of(app, photo(4))], machine)
    app.banks.add("KNOWN", [NewEntry(Signal.parse(f"sha256:{passed.sha256}"))], machine)
    work(worker)
    with app.db.read() as tx:
        assert uploads.find(tx, passed.id) is None


def test_what_passed_is_erased_by_the_services_own_name_of_it(
    app: App, machine: Principal, known: bytes, worker: Worker
) -> None:
    passed = submit(app, photo(4), machine)
    assert app.recorder.erase("photos", "obj-1", machine) == 1
    work(worker)
    app.banks.add("KNOWN", [pdq_of(app, photo(4))], machine)
    work(worker)
    with app.db.read() as tx:
        assert uploads.find(tx, passed.id) is None


def test_spools_leave_nothing_behind(app: App, machine: Principal, known: bytes) -> None:
    submit(app, known, machine)
    with spooled(known, app.settings.spool_dir):
        assert list(app.settings.spool_dir.iterdir()) == []
