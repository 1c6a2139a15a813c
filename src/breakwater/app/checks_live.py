"""What `breakwater doctor` says of watching broadcasts: the live jail, the room for pre-rolls."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Final

from breakwater.app.finding import Check, existing
from breakwater.media.live_proof import prove_live
from breakwater.media.zygote import Zygote
from breakwater.settings import Settings

USUAL_RATE: Final = 2_500_000
"""Bits a second of a 720p broadcast."""
ENOUGH_ROOM: Final = 50


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
