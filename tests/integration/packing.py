"""An installation that hands evidence over, recipients with their keys, and what they unpack."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from PIL import Image

from breakwater.app import App, build
from breakwater.banks.manage import NewBank
from breakwater.model.access import Principal, Role
from breakwater.model.bank import BankAction
from breakwater.model.case import CaseKind, Priority
from breakwater.model.filing import Answer, Call
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action, Verdict
from breakwater.model.package import Package, PackageKey, PackageState
from breakwater.model.sending import RecipientKind
from breakwater.model.upload import Origin, Surface, Upload, UploadState
from breakwater.records import accounts, cases, filing_steps, filings, uploads
from breakwater.records.tables.nouns_intake import uploads as upload_rows
from breakwater.reporting.packages import notes, verify
from breakwater.reporting.packages.packages import NewKey, Wish
from breakwater.settings import load
from tests.conftest import SettableClock
from tests.integration.conftest import photo
from tests.integration.deciding import ILLEGAL, K, decide
from tests.integration.served import OPERATOR
from tests.integration.test_intake import pdq_of, submit
from tests.integration.test_review_views import somebody

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Police:
    """A recipient with both of its keys."""

    identity: Any
    key: str
    pem: bytes
    receipt_key: str

    def opened(self, sealed: bytes, where: Path) -> Path:
        """Open a sealed file as `age -d` and `tar -x` do."""
        plain = pyrage.decrypt(sealed, [self.identity])
        with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
            tar.extractall(where, filter="data")
        (folder,) = where.iterdir()
        return folder


def police() -> Police:
    identity = pyrage.x25519.Identity.generate()
    pem, public = notes.new_key()
    return Police(identity, str(identity.to_public()), pem, notes.vkey("police.example", public))


class House:
    """Two people who may hand evidence over, and a recipient's key."""

    def __init__(self, app: App) -> None:
        self.app, self.desk = app, app.packages.desk
        self.first = somebody(app, Role.REPORT_OFFICER, name="Ada Ö")
        self.second = somebody(app, Role.INVESTIGATOR, name="Ben")
        self.whom = police()
        self.key = self.enter(self.whom)

    def enter(self, whom: Police, country: str = "GB", name: str = "Police of Ö") -> PackageKey:
        new = NewKey(name, country, RecipientKind.POLICE, whom.key, whom.receipt_key)
        return self.desk.add_key(self.first, new)

    def agreed(self, case: Id | str | None, **wish: Any) -> Package:
        """What two people agreed to, before it is made."""
        about = Id(str(case))
        self.desk.propose(self.first, about, Wish((self.key.id,), "They asked: „Akte 12“.", **wish))
        return self.desk.confirm(self.second, about)

    def made(self, case: Id | str | None, **wish: Any) -> Package:
        package = self.agreed(case, **wish)
        self.app.packages.maker.run(package.id, 3, lambda _: None)
        found = self.desk.one(self.first, package.id)
        assert found.state is PackageState.SEALED, found.fault
        return found

    def taken(self, package: Package, who: Principal | None = None) -> bytes:
        found, file = self.desk.take(who or self.first, package.id)
        with file:
            sealed = file.read()
        assert hashlib.sha256(sealed).hexdigest() == found.sha256
        assert len(sealed) == found.size
        return sealed

    def unpacked(self, case: Id | str | None, where: Path, **wish: Any) -> Path:
        return self.whom.opened(self.taken(self.made(case, **wish)), where)

    def case(self, account: str = "acct-1", **about: Any) -> Id:
        with self.app.db.transaction() as tx:
            made = cases.open(
                tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Seen.", priority=Priority.LOW,
                service="photos", account=account, **about,
            )  # fmt: skip
        return made.id

    def file(self, case: Id, content: Any, name: str = "", size: int | None = None) -> Upload:
        """A kept file of a case, of whatever bytes."""
        source = io.BytesIO(content) if isinstance(content, bytes) else content
        digest = hashlib.sha256(content).hexdigest() if isinstance(content, bytes) else ""
        blob = self.app.vault.put(source, purpose="evidence")
        return self.named(case, [name], blob, len(content) if size is None else size, digest)[0]

    def named(
        self, case: Id, names: Iterable[str], blob: Id | None, size: int, digest: str
    ) -> list[Upload]:
        """Files of these names, all of the same bytes."""
        verdict, now = Verdict(Action.HOLD, "hold", "Kept."), self.app.clock.now()
        with self.app.db.transaction() as tx:
            return [
                uploads.finish(
                    tx,
                    Upload(
                        new_id(), "photos", Surface.PUBLIC, Origin(account="acct-1", reference=name),
                        UploadState.DONE, now, size, digest, verdict=verdict, case=case, blob=blob,
                    ),
                )
                for name in names
            ]  # fmt: skip


@pytest.fixture(scope="module")
def house(set_up_once, tmp_path_factory, jail):
    place = tmp_path_factory.mktemp("house") / "copy"
    shutil.copytree(set_up_once, place)
    settings = load(
        data_dir=place / "data", root_key_file=place / "keys" / "root.key",
        audit_dir=place / "checkpoints", unsafe_fast_disk=True, seat="GB",
        reports_platform="Clips",
    )  # fmt: skip
    running = build(settings, pool=jail, decode=False, clock=SettableClock(AT))
    yield House(running)
    running.close()


def palette(content: bytes) -> bytes:
    """The same picture with a palette: older tools hash its indices."""
    out = io.BytesIO()
    Image.open(io.BytesIO(content)).convert("P", palette=Image.Palette.ADAPTIVE).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def case(house):
    """A decided case of three files, turned and exact ones too, with a report that was sent."""
    app = house.app
    app.banks.create(NewBank("KNOWN", action=BankAction.BLOCK, verified=True), OPERATOR)
    app.banks.add("KNOWN", [pdq_of(app, photo(1))], OPERATOR)
    first = submit(app, photo(1, form="JPEG", quality=80), OPERATOR)
    turned = Image.open(io.BytesIO(photo(1))).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    out = io.BytesIO()
    turned.save(out, "PNG")
    more = [submit(app, out.getvalue(), OPERATOR), submit(app, palette(photo(1)), OPERATOR)]
    with app.db.transaction() as tx:
        accounts.put(
            tx, "photos", "acct-17", {"name": "Zoë 👩‍👧 نور"}, taken_at=tx.now, source="api"
        )
    reviewer = somebody(app, Role.REVIEWER, name="Rae")
    decide(app, reviewer, first, K.ILLEGAL, reason="As listed.", facts=ILLEGAL)
    with app.db.transaction() as tx:
        for one in more:
            tx.execute(
                upload_rows.update().where(upload_rows.c.id == one.id).values(case_id=first.case)
            )
        about = filings.About(Id(str(first.case)), "ncmec", tx.now, tx.now + timedelta(days=1))
        sent = filings.draft(tx, about, {"kind": "x"})
        filing_steps.intent(tx, sent, Call.SUBMIT, sent=b"<report/>")
        answer = Answer(0, report_id="4711", body=b"<reportResponse/>")
        filing_steps.answer(tx, sent, Call.SUBMIT, answer)
    return Id(str(first.case))


@pytest.fixture(scope="module")
def good(house, case, tmp_path_factory):
    """The unpacked package; nobody changes it."""
    return house.unpacked(case, tmp_path_factory.mktemp("good"))


@pytest.fixture
def copy(good, tmp_path):
    shutil.copytree(good, tmp_path / "copy")
    return tmp_path / "copy"


def checked(folder: Path, capsys, *more: str) -> tuple[int, str]:
    capsys.readouterr()
    status = verify.main([str(folder), *more])
    return status, capsys.readouterr().out


def verified(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """As an officer does: bare Python, no packages, no environment."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), *more], check=False,
        capture_output=True, text=True, env={},
    )  # fmt: skip


def facts_of(folder: Path) -> dict:
    return json.loads((folder / "facts.json").read_text())


def files_of(folder: Path) -> list[str]:
    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
