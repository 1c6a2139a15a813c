"""The jail holds, says whose fault a failure is, keeps senders apart, and rejects nothing valid."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from breakwater.errors import Unfit
from breakwater.media import wire
from breakwater.media.proof import ACTS
from breakwater.media.sandbox import JailPool
from breakwater.media.spool import Spool
from breakwater.model.media import Fault, MediaLimits, MediaType, Reason, Undecodable
from tests.builders_media import blobs, clip, encoded
from tests.jail import LIMITS, ask, bad, good

DATA = Path(__file__).parent.parent / "data"


@pytest.fixture(scope="module")
def pool() -> Iterator[JailPool]:
    with JailPool(size=2) as jail:
        yield jail


@pytest.mark.parametrize("outer", ["none", "auto"])
def test_every_forbidden_act_is_refused_or_ends_the_child(outer: str) -> None:
    with JailPool(size=1, outer=outer) as jail:
        proofs = jail.prove()
        assert [proof.act for proof in proofs] == list(ACTS)
        assert [proof for proof in proofs if not proof.holds] == []
        assert not Path("/tmp/breakwater-proof").exists()
        good(ask(jail, encoded(blobs(), "PNG")))


def test_a_child_holds_no_descriptor_but_its_own(pool: JailPool) -> None:
    child = pool._fork(LIMITS.max_memory)
    with Path(os.devnull).open("rb") as nothing:
        answer = child.ask(
            wire.request("descriptors", MediaType.PNG, LIMITS, {}), nothing.fileno(), 5
        )
    child.end()
    assert answer.header["open"] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("data", "declared", "reason"),
    [
        (b"", "", Reason.EMPTY),
        (b"#EXTM3U\n", "", Reason.REFUSED_TYPE),
        (b"plain words", "", Reason.UNKNOWN_TYPE),
        (encoded(blobs(), "PNG"), "image/jpeg", Reason.TYPE_MISMATCH),
        (encoded(blobs(), "PNG"), "text/html", Reason.TYPE_MISMATCH),
        (encoded(blobs(), "PNG")[:2000], "", Reason.TRUNCATED),
        (encoded(blobs(), "JPEG")[:2000], "", Reason.TRUNCATED),
        (clip()[:3000], "", Reason.TRUNCATED),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "", Reason.MALFORMED),
    ],
)
def test_bad_media_are_a_reason_and_a_value(
    pool: JailPool, data: bytes, declared: str, reason: Reason
) -> None:
    outcome = bad(ask(pool, data, declared))
    assert (outcome.reason, outcome.fault) == (reason, Fault.BAD_MEDIA)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (replace(LIMITS, max_bytes=100), Reason.TOO_MANY_BYTES),
        (replace(LIMITS, max_pixels=100), Reason.TOO_MANY_PIXELS),
    ],
)
def test_caps_are_reasons(pool: JailPool, limits: MediaLimits, reason: Reason) -> None:
    assert bad(ask(pool, encoded(blobs(), "PNG"), "", limits)).reason is reason


def test_a_bomb_meets_the_memory_wall(pool: JailPool) -> None:
    bomb = encoded(Image.new("L", (20_000, 5_000)), "PNG")
    tight = replace(LIMITS, max_memory=64 << 20)
    assert len(bomb) < 200_000
    assert bad(ask(pool, bomb, "", tight)).reason is Reason.TOO_MUCH_MEMORY
    good(ask(pool, encoded(blobs(), "PNG")))


def test_a_slow_decode_is_ended_on_time(pool: JailPool) -> None:
    slow = encoded(Image.fromarray(blobs(1, 6000, 4000)), "PNG", compress_level=1)
    started = time.monotonic()
    outcome = bad(ask(pool, slow, "", replace(LIMITS, max_wall_s=0.05)))
    assert outcome.reason is Reason.TOO_SLOW
    assert time.monotonic() - started < 30, "and not when it would have been done"
    good(ask(pool, encoded(blobs(), "PNG")))


def test_a_child_that_is_killed_is_a_reason_and_the_next_file_is_served() -> None:
    with JailPool(size=1) as jail:
        (child,) = jail._idle
        signal.pidfd_send_signal(child.handle, signal.SIGSEGV)
        time.sleep(0.1)
        outcome = bad(ask(jail, encoded(blobs(), "PNG")))
        assert outcome.reason is Reason.CRASHED
        assert "SIGSEGV" in outcome.detail
        good(ask(jail, encoded(blobs(), "PNG")))


def test_a_zygote_that_dies_is_started_again_and_nothing_is_rejected() -> None:
    with JailPool(size=1, outer="none") as jail:
        good(ask(jail, encoded(blobs(), "PNG")))
        jail._zygote._process.kill()
        jail._zygote._process.wait()
        time.sleep(0.1)
        good(ask(jail, encoded(blobs(), "PNG")))


def test_a_child_dies_at_its_first_fault_and_serves_one_lane(pool: JailPool) -> None:
    with JailPool(size=1) as jail:
        picture = encoded(blobs(), "PNG")

        def served_by(lane: str, data: bytes = picture) -> list[int]:
            ask(jail, data, lane=lane)
            return [child.pid for child in jail._idle if child.lane == lane]

        first = served_by("a")
        assert served_by("a") == first, "a warm child is used again"
        assert served_by("b") != first
        assert served_by("a", picture[:500]) == [], "the child that met a fault is gone"
        assert served_by("a") != first


def test_idle_children_of_many_lanes_do_not_pile_up() -> None:
    with JailPool(size=2) as jail:
        for lane in range(12):
            good(ask(jail, encoded(blobs(), "PNG"), lane=str(lane)))
        assert len(jail._idle) <= 5


def test_many_threads_share_the_pool(pool: JailPool) -> None:
    files = [encoded(blobs(seed), "JPEG") for seed in range(20)]
    expected = [good(ask(pool, data)).items for data in files]
    with ThreadPoolExecutor(12) as threads:
        for _ in range(3):
            lanes = [str(number % 5) for number in range(20)]
            found = threads.map(
                lambda pair: ask(pool, pair[0], lane=pair[1]), zip(files, lanes, strict=True)
            )
            assert [good(one).items for one in found] == expected


def test_our_fault_raises_an_alarm() -> None:
    alarms: list[Undecodable] = []
    with JailPool(size=1, on_fault=alarms.append) as jail:
        (child,) = jail._idle
        signal.pidfd_send_signal(child.handle, signal.SIGSYS)
        time.sleep(0.1)
        outcome = bad(ask(jail, encoded(blobs(), "PNG")))
        ask(jail, b"bad media")
    assert outcome.reason is Reason.FORBIDDEN_ACT
    assert alarms == [outcome]


def test_a_spool_is_screened_where_it_lies(pool: JailPool, tmp_path: Path) -> None:
    for memory in (1 << 20, 0):
        with Spool(1 << 20, tmp_path, memory=memory) as spool:
            spool.write(encoded(blobs(), "PNG"))
            spool.seal()
            prints = good(pool.fingerprint(spool, declared="image/png", limits=LIMITS))
            assert prints.items[2].signal.value.hex() == spool.sha256
            assert spool.tell() == 0, "the caller's position is its own"


def test_an_entry_that_does_not_start_is_unfit_with_its_last_words() -> None:
    with pytest.raises(Unfit, match="nosuchmodule"):
        JailPool(size=1, entry="nosuchmodule", outer="none")


def test_nothing_outlives_the_pool() -> None:
    with JailPool(size=2, outer="none") as jail:
        good(ask(jail, encoded(blobs(), "PNG")))
        pids = [jail._zygote._process.pid, *(child.pid for child in jail._idle)]
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    with pytest.raises(Unfit):
        ask(jail, encoded(blobs(), "PNG"))


def test_a_parent_that_is_killed_takes_the_jail_with_it() -> None:
    code = (
        "import sys, time\n"
        "from breakwater.media.sandbox import JailPool\n"
        "pool = JailPool(size=1, outer='none')\n"
        "print(pool._zygote._process.pid, pool._idle[0].pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pids = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{int(p)}").exists() for p in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if Path(f"/proc/{int(pid)}").exists()] == []


def test_closing_wakes_who_waits() -> None:
    jail = JailPool(size=1)
    errors: list[BaseException] = []
    with jail._child("held", LIMITS.max_memory):

        def wait() -> None:
            try:
                ask(jail, encoded(blobs(), "PNG"))
            except Unfit as error:
                errors.append(error)

        waiter = threading.Thread(target=wait)
        waiter.start()
        time.sleep(0.1)
        jail.close()
        waiter.join(timeout=30)
    assert len(errors) == 1
