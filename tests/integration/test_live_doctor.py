"""What `doctor` says of pre-rolls and of SRT, from settings and a real disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from breakwater.app import checks_live
from breakwater.app.checks import QUICK
from breakwater.app.checks_live import preroll, srt
from breakwater.app.finding import Check
from breakwater.settings import Settings

GIB = 1 << 30


def settings(place: Path, **facts: object) -> Settings:
    return Settings(data_dir=place, live_watch=True).model_copy(update=facts)


def told(place: Path, **facts: object) -> Check:
    (found,) = preroll(settings(place, **facts))
    return found


def test_the_bound_of_pre_rolls_and_the_room_for_them_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [100 * GIB]

    def usage(_place: object) -> object:
        return shutil._ntuple_diskusage(200 * GIB, 200 * GIB - free[0], free[0])

    monkeypatch.setattr(checks_live.shutil, "disk_usage", usage)
    facts = {"live_preroll_seconds": 120.0, "live_preroll_bytes": 64 << 20}
    usual = 120 * 2_500_000 // 8
    found = told(tmp_path, **facts)
    assert (found.name, found.state, found.todo) == ("pre-roll", "ok", "")
    assert found.found == (
        f"120 s of each broadcast, 64 MiB at most; at 2.5 Mbit/s {usual >> 20} MiB each: "
        f"room for {free[0] // usual}"
    )
    free[0] = 50 * usual - 1
    full = told(tmp_path, **facts)
    assert full.state == "warn"
    assert full.found.endswith("room for 49")
    assert "Free space" in full.todo
    small = told(tmp_path, **facts | {"live_preroll_bytes": usual - 1})
    assert small.state == "warn"
    assert "BREAKWATER_LIVE_PREROLL_BYTES" in small.todo
    assert told(tmp_path, live_preroll_seconds=0.0).found == "none is kept"
    assert told(tmp_path, live_watch=False).found == "none is kept"
    assert preroll in QUICK


def test_whether_srt_can_be_fetched_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(words: str | None, **facts: object) -> tuple[str, str]:
        place = tmp_path / "bin"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if words is not None:
            (place / "ffmpeg").write_text(f"#!/bin/sh\n{words}\n")
            (place / "ffmpeg").chmod(0o755)
        monkeypatch.setenv("PATH", str(place))
        (found,) = srt(settings(tmp_path, **facts))
        return found.state, found.found

    assert said("echo Input: srtp srt tcp") == ("ok", "this ffmpeg fetches it")
    state, words = said("echo Input: srtp tcp")
    assert (state, "no SRT" in words) == ("warn", True)
    assert said("exit 1")[0] == "warn"
    assert said(None) == ("warn", "no ffmpeg: broadcasts by SRT are not watched")
    assert said(None, live_watch=False) == ("ok", "no broadcasts are watched")
    assert srt in QUICK
