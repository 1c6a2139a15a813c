"""What `doctor` checks, each a function that looks at one thing and says what it found.

In: settings. Out: `Check` values in the order below. A check never raises: what cannot be
looked at is itself a finding. Floors of decoder versions are those of the reliability
reference, with the CVE that set them. `breakwater doctor` prints them all; the Settings page
shows those of `WHILE_SERVING`, which load no decoder into the server.
"""

from __future__ import annotations

import ctypes
import fcntl
import itertools
import json
import os
import platform
import shutil
import stat
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from breakwater import kernel as loops
from breakwater.app.checks_classifiers import classifiers
from breakwater.app.checks_comments import comments, irc
from breakwater.app.checks_holds import evidence
from breakwater.app.checks_likeness import likeness
from breakwater.app.checks_links import features, links
from breakwater.app.checks_live import live_jail, preroll, spot_checks, srt
from breakwater.app.checks_viewers import places
from breakwater.app.finding import Check, existing
from breakwater.app.founding import root_key
from breakwater.errors import BreakwaterError
from breakwater.fingerprint import audio
from breakwater.fingerprint.registry import Registry
from breakwater.media.sandbox import JailPool
from breakwater.model.clock import SystemClock
from breakwater.model.signal import BUILTIN
from breakwater.network.addresses import networks
from breakwater.network.fetch import Pinned, system_resolve
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.settings import Settings

__all__ = ["QUICK", "SLOW", "WHILE_SERVING", "Check", "run"]

FLOORS: Final = (
    ("pillow", "13.0.0", "CVE-2026-112403"),
    ("pillow_heif", "1.3.0", "bundled libheif"),
    ("python-multipart", "0.0.27", "parser limits"),
)
"""Distribution, least version, why."""
FFMPEG_FLOOR: Final = "8.1"
ENOUGH_DISK: Final = 5 << 30
PAGER_S: Final = 3.0
"""Seconds in which a pager service takes a connection; a ring has a minute for all its tries."""
CLOCK_UNSYNCHRONISED: Final = 5
"""`TIME_ERROR` of adjtimex(2)."""


Checker = Callable[[Settings], Iterator[Check]]


def every(settings: Settings, *, quick: bool = False) -> Iterator[Check]:
    """Run all checks, the slow ones last and not at all when `quick`."""
    return run(settings, QUICK if quick else (*QUICK, *SLOW))


def run(settings: Settings, checkers: Iterable[Checker]) -> Iterator[Check]:
    """Run some checks in their order."""
    for checker in checkers:
        try:
            yield from checker(settings)
        except BreakwaterError as error:
            yield Check(_name(checker), "bad", error.title(), error.detail)
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not the end
            yield Check(_name(checker), "bad", f"{type(error).__name__}: {error}")


def _name(checker: Checker) -> str:
    return checker.__name__.strip("_").replace("_", " ")


def version(text: str) -> tuple[int, ...]:
    """Numbers of a version, for comparing: `8.1.2-dev` is (8, 1, 2)."""
    numbers = []
    for part in text.split("."):
        digits = "".join(itertools.takewhile(str.isdigit, part))
        if not digits:
            break
        numbers.append(int(digits))
    return tuple(numbers)


def kernel(_settings: Settings) -> Iterator[Check]:
    """The compiled loops, and which instruction set was chosen."""
    chosen = loops.variant()
    words = f"{chosen} on {platform.machine()}, of {', '.join(loops.variants())}"
    if chosen == "twin":
        todo = "Install a C compiler and reinstall; until then matching is many times slower."
        yield Check("kernel", "warn", words, todo)
    else:
        yield Check("kernel", "ok", words)


def decoders(_settings: Settings) -> Iterator[Check]:
    """Versions of everything that parses untrusted bytes, against their floors."""
    for name, floor, why in FLOORS:
        have = metadata.version(name)
        fit = version(have) >= version(floor)
        todo = "" if fit else f"Update to {floor} or later ({why})."
        yield Check(name, "ok" if fit else "bad", f"{have} (floor {floor})", todo)


def ffmpeg(_settings: Settings) -> Iterator[Check]:
    """The version of the video decoders, which only the library itself knows."""
    import av  # noqa: PLC0415 - loading it brings every decoder into this process

    have = str(av.ffmpeg_version_info).removeprefix("n")
    fit = version(have) >= version(FFMPEG_FLOOR)
    todo = "" if fit else f"Update PyAV to a wheel with FFmpeg {FFMPEG_FLOOR} or later."
    words = f"{have} in PyAV {metadata.version('av')} (floor {FFMPEG_FLOOR})"
    yield Check("FFmpeg", "ok" if fit else "bad", words, todo)


def sound(_settings: Settings) -> Iterator[Check]:
    """Whether sound is compared: Debian's Chromaprint."""
    found = audio.version()
    words = f"Chromaprint {found}" if found else "Chromaprint is not installed"
    todo = "" if found else "apt-get install libchromaprint1; until then no sound is compared."
    yield Check("sound", "ok" if found else "warn", words, todo)


def signal_kinds(_settings: Settings) -> Iterator[Check]:
    """Kinds of hashes that can be matched here, and those that can only be kept."""
    names = sorted(kind.name for kind in Registry.installed().kinds)
    missing = sorted(set(BUILTIN) - set(names))
    words = ", ".join(names) + (f"; kept, not matched: {', '.join(missing)}" if missing else "")
    yield Check("signal kinds", "ok", words)


def disk(settings: Settings) -> Iterator[Check]:
    """Free space, and how long an fsync takes: beside every durable figure (reliability)."""
    place = existing(settings.data_dir)
    free = shutil.disk_usage(place).free
    words = f"{free / (1 << 30):.1f} GiB free at {place}"
    short = free < ENOUGH_DISK
    yield Check("disk", "warn" if short else "ok", words, "Free some space." if short else "")
    middle, worst = fsync_ms(place)
    words = f"median {middle:.2f} ms, worst {worst:.2f} ms of 20"
    todo = "" if middle < 25 else "Uploads that are held wait for this: use a faster disk."
    if settings.unsafe_fast_disk:
        yield Check(
            "fsync", "warn", words, "BREAKWATER_UNSAFE_FAST_DISK: a power cut loses evidence."
        )
    else:
        yield Check("fsync", "warn" if todo else "ok", words, todo)


def fsync_ms(place: Path, times: int = 20) -> tuple[float, float]:
    """Median and worst time of appending 4 KiB and syncing it, in milliseconds."""
    name = place / f".fsync-{os.getpid()}"
    took = []
    fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for _ in range(times):
            started = time.perf_counter()
            os.write(fd, b"\0" * 4096)
            os.fdatasync(fd)
            took.append((time.perf_counter() - started) * 1000)
    finally:
        os.close(fd)
        name.unlink()
    return statistics.median(took), max(took)


def clock(_settings: Settings) -> Iterator[Check]:
    """Whether the kernel believes its clock: evidence carries times."""
    now = SystemClock().now()
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    words = f"{now:%d %b %Y, %H:%M:%S} UTC"
    if state == CLOCK_UNSYNCHRONISED:
        todo = "Run chrony or systemd-timesyncd: evidence carries these times."
        yield Check("clock", "warn", f"{words}, not synchronised", todo)
    elif state < 0:
        yield Check("clock", "warn", f"{words}, synchronisation unknown", "Check the host's clock.")
    else:
        yield Check("clock", "ok", f"{words}, synchronised")


def pager(settings: Settings) -> Iterator[Check]:
    """Whether those on duty can be called away from the screen; connects, and pages nobody."""
    where = urlsplit(settings.pager_url)
    if not where.hostname:
        todo = (
            "Set BREAKWATER_PAGER_URL and BREAKWATER_PAGER_SECRET (docs/howto/on-call.md), then "
            "send a test page: breakwater duty test NAME."
        )
        yield Check("pager", "warn", "none: people on duty are called on their screen only", todo)
        return
    if not settings.pager_secret.get_secret_value().startswith("whsec_"):
        todo = "Set BREAKWATER_PAGER_SECRET to a secret that begins with whsec_."
        yield Check("pager", "bad", "its pages would not be signed", todo)
        return
    port = where.port or (443 if where.scheme == "https" else 80)
    words = f"{where.hostname}, port {port}"
    line = Pinned(system_resolve, networks(settings.webhook_private_networks))
    try:
        line.connect_tcp(where.hostname, port, PAGER_S).close()
    except BreakwaterError as refused:
        todo = (
            f"{refused.detail} Check BREAKWATER_PAGER_URL, the firewall, and for a private "
            "address BREAKWATER_WEBHOOK_PRIVATE_NETWORKS."
        )
        yield Check("pager", "warn", f"{words} cannot be reached", todo)
    else:
        yield Check("pager", "ok", f"{words} answers; try it whole: breakwater duty test NAME")


def permissions(settings: Settings) -> Iterator[Check]:
    """Nobody else on this host may read the data; the root key stands elsewhere."""
    data = settings.data_dir
    if not data.exists():
        yield Check("data directory", "ok", f"{data.resolve()}: the first start makes it")
    else:
        yield _private("data directory", data)
    if settings.root_key_command:
        return
    if settings.root_key.resolve().is_relative_to(data.resolve()):
        todo = "Set BREAKWATER_ROOT_KEY_FILE to a place that the data's backup does not hold."
        yield Check("root key's place", "bad", f"{settings.root_key} is inside the data", todo)
    if settings.root_key.exists():
        yield _private("root key file", settings.root_key)
    if settings.tls_key is not None:
        yield _private("TLS key", settings.tls_key)


def _private(name: str, path: Path) -> Check:
    facts = path.stat()
    mode = stat.S_IMODE(facts.st_mode)
    words = f"{path.resolve()}, mode {mode:04o}"
    if facts.st_uid not in {os.geteuid(), 0}:
        return Check(name, "bad", f"{words}, of another user", f"chown {os.geteuid()} {path}")
    if mode & 0o077:
        want = "0700" if path.is_dir() else "0600"
        return Check(name, "bad", f"{words}: others may read it", f"chmod {want} {path}")
    return Check(name, "ok", words)


def listening(settings: Settings) -> Iterator[Check]:
    """Other addresses than loopback need TLS, or a proxy that is named."""
    port = settings.port or _port_now(settings.owner_token)
    words = f"{settings.host}:{port or 'a free port, chosen at the start'}"
    loopback = settings.host in {"127.0.0.1", "::1", "localhost"}
    secured = settings.tls_certificate or settings.tls_builtin_ca or settings.trusted_proxies
    if loopback or secured:
        yield Check("address", "ok", words)
    else:
        todo = "Set a TLS certificate, BREAKWATER_TLS_BUILTIN_CA=true or the trusted proxies."
        yield Check("address", "bad", f"{words} without TLS", todo)


def _port_now(announced: Path) -> int:
    """Where the server that holds this announcement (`cli.owner`) listens; 0 when none does."""
    try:
        with announced.open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return urlsplit(str(json.load(file)["url"])).port or 0
    except (OSError, ValueError, KeyError):
        return 0
    return 0


def keys(settings: Settings) -> Iterator[Check]:
    """The root key opens, and a recovery copy was made."""
    if not settings.root_key_command and not settings.root_key.exists():
        fresh = not settings.data_dir.exists()
        todo = "" if fresh else "Put it back: breakwater keys restore <recovery copy>."
        words = f"{settings.root_key}: the first start makes it"
        yield Check("root key", "ok" if fresh else "bad", words if fresh else "missing", todo)
        return
    root = root_key(settings)
    source = "the key command" if settings.root_key_command else str(settings.root_key)
    yield Check("root key", "ok", f"{root.fingerprint} from {source}")
    copy = settings.recovery_copy
    if not copy.exists():
        todo = "Be sure that you hold it; `breakwater keys recovery` writes another."
        yield Check("recovery copy", "warn", "not here any more", todo)
    elif not copy.read_bytes().startswith(b"age-encryption.org/v1\n"):
        todo = "Write another: breakwater keys recovery."
        yield Check("recovery copy", "bad", f"{copy} is not an age file", todo)
    else:
        yield Check("recovery copy", "ok", f"{copy}; keep it and its passphrase elsewhere")


def database(settings: Settings) -> Iterator[Check]:
    """It can be opened beside its owner, with these keys."""
    if not settings.database_url and not (settings.data_dir / "breakwater.db").exists():
        yield Check("database", "ok", "the first start makes it")
        return
    db = open_database(settings.database, clock=SystemClock(), read_only=True)
    try:
        Keyring.open(db, root_key(settings))
        yield Check("database", "ok", f"{db.dialect}, opens with this root key")
    finally:
        db.close()


def jail(_settings: Settings) -> Iterator[Check]:
    """Forbidden acts are tried in a real child, and every codec decodes its golden file."""
    outer = shutil.which("bwrap")
    pool = JailPool(size=1)
    try:
        proofs = pool.prove()
        through = [proof.act for proof in proofs if not proof.holds]
        if through:
            todo = "Do not serve from this host: its kernel does not refuse them."
            yield Check("jail", "bad", f"allows: {', '.join(through)}", todo)
        else:
            yield Check("jail", "ok", f"{len(proofs)} of {len(proofs)} forbidden acts refused")
        golden = pool.golden()
        blind = [result.name for result in golden if not result.ok]
        words = f"{len(golden) - len(blind)} of {len(golden)} golden files decoded"
        todo = f"Not decoded: {', '.join(blind)}. Reinstall the decoders." if blind else ""
        yield Check("codecs", "bad" if blind else "ok", words, todo)
    finally:
        pool.close()
    words = outer or "not installed"
    todo = "" if outer else "sudo apt-get install bubblewrap: a second wall around the decoders."
    yield Check("bubblewrap", "ok" if outer else "warn", words, todo)


QUICK: Final[tuple[Checker, ...]] = (
    kernel, decoders, ffmpeg, sound, signal_kinds, disk, preroll, clock, permissions, listening, keys,
    database, pager, classifiers, likeness, spot_checks, comments, irc, places, srt, evidence,
    links, features,
)  # fmt: skip
WHILE_SERVING: Final[tuple[Checker, ...]] = (
    kernel, decoders, signal_kinds, disk, preroll, clock, permissions, listening, keys,
)  # fmt: skip
"""What changes while a server runs. Jail and decoders were proven when it started."""
SLOW: Final[tuple[Checker, ...]] = (jail, live_jail)
