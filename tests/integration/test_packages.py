"""A package from a decided case to the officer's receipt: whole, sealed, checked by bare Python."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pyrage
import pytest

from breakwater.app import App, build
from breakwater.errors import BadInput, Conflict, NeedsSecondPerson, NotAllowed, SendingRefused
from breakwater.model.access import Role
from breakwater.model.ids import Id
from breakwater.model.package import Package, PackageState
from breakwater.model.sending import RecipientKind
from breakwater.records import audit, packages
from breakwater.reporting.packages import notes
from breakwater.reporting.packages.notes import ReceiptText
from breakwater.reporting.packages.packages import NewKey, Wish
from breakwater.settings import load
from tests.integration import deciding
from tests.integration.conftest import photo
from tests.integration.deciding import K, decide
from tests.integration.test_intake import submit
from tests.integration.test_review_views import somebody

set_up_once, known, upload = deciding.set_up_once, deciding.known, deciding.upload
reviewer = deciding.reviewer


@pytest.fixture
def app(set_up_once, tmp_path, jail, clock):
    place = tmp_path / "copy"
    shutil.copytree(set_up_once, place)
    settings = load(
        data_dir=place / "data", root_key_file=place / "keys" / "root.key",
        audit_dir=place / "checkpoints", unsafe_fast_disk=True, seat="GB",
        reports_platform="Clips",
    )  # fmt: skip
    running = build(settings, pool=jail, decode=False, clock=clock)
    yield running
    running.close()


@dataclass
class Police:
    """A recipient with both of its keys."""

    identity: object
    key: str
    pem: bytes
    receipt_key: str


def police() -> Police:
    identity = pyrage.x25519.Identity.generate()
    pem, public = notes.new_key()
    return Police(identity, str(identity.to_public()), pem, notes.vkey("police.example", public))


def officers(app):
    return somebody(app, Role.REPORT_OFFICER, name="Ben"), somebody(app, Role.INVESTIGATOR, name="Ira")


def entered(app, by, whom, country="GB", kind=RecipientKind.POLICE):
    return app.packages.desk.add_key(
        by, NewKey("Police of Ö", country, kind, whom.key, whom.receipt_key)
    )


def made(app: App, case: Id, whom: Police, **wish) -> Package:
    first, second = officers(app)
    key = entered(app, first, whom)
    app.packages.desk.propose(first, case, Wish((key.id,), "They asked.", **wish))
    package = app.packages.desk.confirm(second, case)
    app.packages.maker.run(package.id, 3, lambda _: None)
    return app.packages.desk.one(first, package.id)


def unpacked(app, package, whom, where: Path, who=None) -> Path:
    _, file = app.packages.desk.take(who or officers_of(app)[0], package.id)
    with file:
        sealed = file.read()
    assert hashlib.sha256(sealed).hexdigest() == package.sha256
    with tarfile.open(fileobj=io.BytesIO(pyrage.decrypt(sealed, [whom.identity]))) as tar:
        tar.extractall(where, filter="data")
    (folder,) = where.iterdir()
    return folder


def officers_of(app):
    from breakwater.records import people

    with app.db.read() as tx:
        found = {one.name: one for one in people.every(tx)}
    from breakwater.model.access import Principal

    return [
        Principal(found[name].id, name, frozenset().union(*(r.permissions for r in found[name].roles)), person=found[name].id)
        for name in ("Ben", "Ira")
    ]  # fmt: skip


def verified(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), *more], check=False,
        capture_output=True, text=True, env={},
    )  # fmt: skip


def test_a_good_package(app, upload, reviewer, tmp_path):
    decide(app, reviewer, upload, K.ILLEGAL, reason="As listed.", facts=deciding.ILLEGAL)
    whom = police()
    package = made(app, upload.case, whom)
    assert package.state is PackageState.SEALED, package.fault
    folder = unpacked(app, package, whom, tmp_path / "out")
    print(sorted(str(p.relative_to(folder)) for p in folder.rglob("*")))
    done = verified(folder)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
