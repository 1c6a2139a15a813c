"""A whole installation in a temporary directory: real database, real jail, real index."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from breakwater.app import App, build
from breakwater.media.sandbox import JailPool
from breakwater.media.spool import Spool
from breakwater.model.access import Permission, Principal
from breakwater.model.ids import new_id
from breakwater.settings import Settings, load
from breakwater.worker.loop import Worker
from tests.integration.installed import installed, shared_jail


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation of this test's own."""
    keys = tmp_path / "keys"
    keys.mkdir()
    return load(
        data_dir=tmp_path / "data",
        root_key_file=keys / "root.key",
        audit_dir=tmp_path / "checkpoints",
    )


@pytest.fixture(scope="session")
def jail() -> JailPool:
    """One jail for all installations of this run."""
    return shared_jail()


@pytest.fixture
def app(settings: Settings, jail: JailPool) -> Iterator[App]:
    """A running installation without its worker; `worker` drives that by hand."""
    installed(settings)
    running = build(settings, pool=jail, decode=False)
    yield running
    running.close()


@pytest.fixture
def worker(app: App) -> Worker:
    """The worker, driven by hand: `work(worker)` until nothing is left."""
    return Worker(
        db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=(), metrics=app.metrics
    )


@pytest.fixture
def machine() -> Principal:
    """A service's key with every scope a key may have."""
    return Principal(
        id=new_id(),
        name="photos",
        permissions=frozenset({
            Permission.MEDIA_SCREEN, Permission.HASH_LOOKUP, Permission.BANK_READ,
            Permission.BANK_WRITE, Permission.VERDICT_READ, Permission.ACCOUNT_WRITE,
        }),
        service="photos",
    )  # fmt: skip


def person(name: str) -> Principal:
    """A human being who may change banks."""
    who = new_id()
    return Principal(
        id=who, name=name, person=who,
        permissions=frozenset({Permission.BANK_READ, Permission.BANK_WRITE}),
    )  # fmt: skip


def work(worker: Worker) -> None:
    """Deliver events and run jobs until there is nothing left to do now."""
    for _ in range(50):
        if worker.deliver_events() + worker.run_jobs() == 0:
            return
    raise AssertionError("the worker does not come to rest")


def photo(
    seed: int, size: tuple[int, int] = (320, 240), form: str = "PNG", **options: int
) -> bytes:
    """An ordinary picture made from a seed: soft shapes with detail, no two alike."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)
    fine = rng.integers(0, 60, (32, 32, 3), dtype=np.uint8)
    base = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC), np.int16)
    grain = np.asarray(Image.fromarray(fine).resize(size, Image.Resampling.BICUBIC), np.int16)
    out = io.BytesIO()
    Image.fromarray((base + grain - 30).clip(0, 255).astype(np.uint8)).save(out, form, **options)
    return out.getvalue()


def spooled(content: bytes, directory: Path) -> Spool:
    """Bytes as intake takes them."""
    spool = Spool(1 << 30, directory)
    spool.take(io.BytesIO(content))
    return spool
