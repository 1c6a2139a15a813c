"""doctor finds what is unfit: each check seen on a host that is fit and on one that is not."""

from __future__ import annotations

import socket
from pathlib import Path

import pyrage
import pytest
from pydantic import SecretStr

from breakwater.app import checks
from breakwater.cli import owner
from breakwater.errors import BadSettings
from breakwater.records.rootkey import RootKey
from breakwater.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data, keys = tmp_path / "data", tmp_path / "keys"
    data.mkdir(mode=0o700)
    keys.mkdir(mode=0o700)
    made = Settings(data_dir=data, root_key_file=keys / "root.key")
    root = RootKey.create(made.root_key)
    recipient = str(pyrage.x25519.Identity.generate().to_public())
    root.write_recovery(made.recovery_copy, recipient=recipient)
    return made


def states(found: list[checks.Check]) -> dict[str, str]:
    return {check.name: check.state for check in found}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("8.1.2", (8, 1, 2)),
        ("8.1", (8, 1)),
        ("13.0.0rc1", (13, 0, 0)),
        ("7.9-dev", (7, 9)),
        ("git-2026", ()),
    ],
)
def test_versions_compare_by_their_numbers(text: str, numbers: tuple[int, ...]):
    assert checks.version(text)[: len(numbers)] == numbers


def test_a_fresh_host_is_fit(settings: Settings):
    found = list(checks.every(settings, quick=True))
    assert [check for check in found if check.state == "bad"] == []
    assert {"kernel", "pillow", "FFmpeg", "fsync", "clock", "root key", "recovery copy"} <= set(
        states(found)
    )


def test_a_pager_service_that_is_missing_unsigned_or_silent_is_said(settings: Settings):
    def found(**more: object) -> checks.Check:
        made = settings.model_copy(update={"pager_secret": SecretStr("whsec_x")} | more)
        return next(iter(checks.pager(made)))

    none = found(pager_url="")
    assert none.state == "warn"
    assert "breakwater duty test" in none.todo
    unsigned = {"pager_url": "https://pager.example/x", "pager_secret": SecretStr("")}
    assert found(**unsigned).state == "bad"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = f"http://127.0.0.1:{listener.getsockname()[1]}/ring"
        refused = found(pager_url=here)
        assert (refused.state, "PRIVATE_NETWORKS" in refused.todo) == ("warn", True)
        own = {"pager_url": here, "webhook_private_networks": ("127.0.0.0/8",)}
        assert found(**own).state == "ok"
    gone = found(**own)
    assert (gone.state, "cannot be reached" in gone.found) == ("warn", True)


def test_a_decoder_below_its_floor_is_unfit(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checks, "FLOORS", (("pillow", "99.0.0", "a made-up fault"),))
    found = next(iter(checks.decoders(settings)))
    assert found.state == "bad"
    assert "a made-up fault" in found.todo


def test_a_root_key_that_others_can_read_is_unfit(settings: Settings):
    settings.root_key.chmod(0o644)
    found = states(list(checks.permissions(settings)))
    assert found["root key file"] == "bad"
    assert found["data directory"] == "ok"


def test_data_that_others_can_read_is_unfit(settings: Settings):
    settings.data_dir.chmod(0o755)
    assert states(list(checks.permissions(settings)))["data directory"] == "bad"


def test_a_root_key_inside_the_data_is_unfit(settings: Settings):
    inside = settings.model_copy(update={"root_key_file": settings.data_dir / "root.key"})
    assert states(list(checks.permissions(inside)))["root key's place"] == "bad"


def test_a_lost_root_key_is_unfit_and_says_how_to_restore_it(settings: Settings):
    settings.root_key.unlink()
    found = next(iter(checks.keys(settings)))
    assert found.state == "bad"
    assert "restore" in found.todo


def test_a_recovery_copy_that_was_carried_away_is_only_a_warning(settings: Settings):
    settings.recovery_copy.unlink()
    assert states(list(checks.keys(settings)))["recovery copy"] == "warn"


def test_another_address_without_tls_is_unfit(settings: Settings):
    open_to_all = settings.model_copy(update={"host": "0.0.0.0"})
    assert next(iter(checks.listening(open_to_all))).state == "bad"
    proxied = open_to_all.model_copy(update={"trusted_proxies": ("10.0.0.0/8",)})
    assert next(iter(checks.listening(proxied))).state == "ok"


def test_a_disk_that_does_not_wait_is_named(settings: Settings):
    fast = settings.model_copy(update={"unsafe_fast_disk": True})
    assert states(list(checks.disk(fast)))["fsync"] == "warn"


def test_a_check_that_breaks_is_a_finding(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    def broken(_settings: Settings):
        raise BadSettings("a made-up fault")
        yield

    monkeypatch.setattr(checks, "QUICK", (broken,))
    assert list(checks.every(settings, quick=True)) == [
        checks.Check("broken", "bad", BadSettings.title(), "a made-up fault")
    ]


def test_fsync_is_measured_and_leaves_nothing_behind(tmp_path: Path):
    middle, worst = checks.fsync_ms(tmp_path, times=3)
    assert 0 < middle <= worst
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_was_chosen_at_the_start_is_said_while_the_server_runs(settings: Settings):
    free = settings.model_copy(update={"port": 0})
    there = owner.Owner("http://127.0.0.1:40123", "")
    with owner.announced(free.owner_token, there):
        assert [check.found for check in checks.listening(free)] == ["127.0.0.1:40123"]
    assert "a free port" in next(checks.listening(free)).found
