"""The demo's live act without its programs, and what it broadcasts."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import av
import pytest

from breakwater.cli import demo_live, demo_media, demo_stage
from breakwater.cli.owner import Owner
from breakwater.cli.terminal import Terminal

NOBODY = demo_live.LiveAccess("", "", "", "")


def test_without_its_packages_the_act_is_left_out_and_says_which(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert {"nginx-light", "ffmpeg"} <= set(demo_stage.missing())
    said = demo_live.act(Owner("http://127.0.0.1:9", ""), NOBODY, tmp_path, Terminal(as_json=False))
    assert said["as_expected"]
    assert said["missing"] == demo_stage.missing()
    assert "apt-get install --no-install-recommends nginx-light" in capsys.readouterr().err


def test_where_they_could_have_been_installed_that_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, status in (("apt-get", 0), ("sudo", 0)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nexit {status}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    said = demo_live.act(Owner("http://127.0.0.1:9", ""), NOBODY, tmp_path, Terminal(as_json=False))
    assert not said["as_expected"]


def test_the_known_video_begins_with_a_key_frame_and_other_scenes_follow() -> None:
    with av.open(io.BytesIO(demo_media.broadcast())) as file:
        packets = [
            (float(p.pts * p.time_base), p.is_keyframe)
            for p in file.demux(video=0)
            if p.pts is not None and p.time_base is not None
        ]
    keys = [at for at, key in packets if key]
    assert any(abs(at - demo_media.BROADCAST_LEAD_S) < 0.05 for at in keys)
    gaps = [later - before for before, later in pairwise(keys)]
    assert max(gaps) <= 1.05
    assert len(packets) / demo_media.RATE > demo_media.BROADCAST_LEAD_S + 20


def test_ports_are_all_different() -> None:
    assert len(set(demo_stage.free_ports(3))) == 3
