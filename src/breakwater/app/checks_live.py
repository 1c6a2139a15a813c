"""What `breakwater doctor` says of watching broadcasts: the live jail, SRT, the room for pre-rolls."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from typing import Final

from breakwater.app.finding import Check, existing
from breakwater.app.founding import root_key
from breakwater.app.live import spot_rules_of
from breakwater.live.watching.held import SRT_PROGRAM
from breakwater.media.live_proof import prove_live
from breakwater.media.zygote import Zygote
from breakwater.model.clock import SystemClock
from breakwater.model.spot import SpotFigures
from breakwater.records import spot_figures
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.settings import Settings

USUAL_RATE: Final = 2_500_000
"""Bits a second of a 720p broadcast."""
ENOUGH_ROOM: Final = 50
ANSWER_S: Final = 10.0


def live_jail(settings: Settings) -> Iterator[Check]:
    """A watched broadcast's child reaches nothing but the connection it was given."""
    if not settings.live_watch:
        yield Check("live jail", "ok", "no broadcasts are watched")
        return
    zygote = Zygote("breakwater.recognition.watch_task")
    try:
        proofs = prove_live(zygote)
    finally:
        zygote.close()
    through = [proof.act for proof in proofs if not proof.holds]
    words = f"{len(proofs)} of {len(proofs)} forbidden acts refused"
    todo = "Set BREAKWATER_LIVE_WATCH=false: this host does not lock its watchers up."
    if through:
        yield Check("live jail", "bad", f"allows: {', '.join(through)}", todo)
    else:
        yield Check("live jail", "ok", words)


def srt(settings: Settings) -> Iterator[Check]:
    """Whether the system's ffmpeg, through which SRT is fetched, can fetch it."""
    if not settings.live_watch:
        yield Check("SRT", "ok", "no broadcasts are watched")
        return
    said = _protocols()
    if said is None:
        todo = "apt-get install ffmpeg, if any broadcast comes by SRT."
        yield Check("SRT", "warn", "no ffmpeg: broadcasts by SRT are not watched", todo)
    elif "srt" not in said:
        todo = "Install an ffmpeg that was built with libsrt, if any broadcast comes by SRT."
        yield Check("SRT", "warn", "this ffmpeg has no SRT: such broadcasts are not watched", todo)
    else:
        yield Check("SRT", "ok", "this ffmpeg fetches it")


def _protocols() -> frozenset[str] | None:
    """What the system's ffmpeg speaks; None when there is none that answers."""
    try:
        done = subprocess.run(
            [SRT_PROGRAM, "-hide_banner", "-loglevel", "quiet", "-protocols"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER_S, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return frozenset(done.stdout.decode("utf-8", "replace").split())


def preroll(settings: Settings) -> Iterator[Check]:
    """How much disk the last minutes of broadcasts may take, and for how many there is room."""
    if not settings.live_watch or not settings.live_preroll_seconds:
        yield Check("pre-roll", "ok", "none is kept")
        return
    most, seconds = settings.live_preroll_bytes, settings.live_preroll_seconds
    usual = int(seconds * USUAL_RATE / 8)
    room = shutil.disk_usage(existing(settings.preroll_dir)).free // min(usual, most)
    words = (
        f"{seconds:g} s of each broadcast, {most >> 20} MiB at most; at 2.5 Mbit/s "
        f"{usual >> 20} MiB each: room for {room}"
    )
    if usual > most:
        todo = "Raise BREAKWATER_LIVE_PREROLL_BYTES: usual broadcasts are cut short."
        yield Check("pre-roll", "warn", words, todo)
    elif room < ENOUGH_ROOM:
        yield Check("pre-roll", "warn", words, "Free space, or keep fewer seconds.")
    else:
        yield Check("pre-roll", "ok", words)


def spot_checks(settings: Settings) -> Iterator[Check]:
    """Whether broadcasts are drawn, where, how many wait, and that what is over is gone."""
    rules = spot_rules_of(settings)
    now = _figures(settings)
    if now is not None and now.overdue:
        todo = (
            "Keep the server running until they are purged, and read its log for spot_not_purged."
        )
        yield Check("spot checks", "bad", f"{now.overdue} strips are past their purge", todo)
        return
    if not rules.on:
        why = "no broadcasts are watched" if settings.spot_checks_enabled else "off"
        yield Check("spot checks", "ok", why)
        return
    where = ", ".join(rules.jurisdictions)
    waits = f"; {now.waiting} wait, none past its purge" if now is not None else ""
    words = f"{rules.per_hour} an hour in {where or 'no jurisdiction'}{waits}"
    if not where:
        todo = "Name where counsel found a basis: BREAKWATER_SPOT_CHECKS_JURISDICTIONS."
        yield Check("spot checks", "warn", words, todo)
    else:
        yield Check("spot checks", "ok", words)


def _figures(settings: Settings) -> SpotFigures | None:
    """How they stand; None before the first start."""
    if not settings.database_url and not (settings.data_dir / "breakwater.db").exists():
        return None
    db = open_database(settings.database, clock=SystemClock(), read_only=True)
    try:
        Keyring.open(db, root_key(settings))
        with db.read() as tx:
            return spot_figures.figures(tx)
    finally:
        db.close()
