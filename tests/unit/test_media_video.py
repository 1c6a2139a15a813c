"""Videos: the right frames with the right numbers and times, or a reason."""

import io
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.builders_media import blobs, clip

from breakwater.media.failures import Unreadable, undecodable
from breakwater.media.image import oriented
from breakwater.media.video import Shot, Video
from breakwater.model.media import Fault, MediaLimits, MediaType, Reason

EVERY = MediaLimits(sample_fps=1000)


def opened(path: Path, data: bytes) -> Any:
    path.write_bytes(data)
    return path.open("rb")


def shots(tmp_path: Path, data: bytes, kind: MediaType, limits: MediaLimits) -> list[Shot]:
    with opened(tmp_path / "clip", data) as source:
        video = Video(source, kind, limits)
        try:
            return list(video.shots())
        finally:
            video.close()


CONTAINERS = [
    ("mp4", "libx264", MediaType.MP4), ("mov", "libx264", MediaType.MP4),
    ("matroska", "libx264", MediaType.MATROSKA), ("webm", "libvpx", MediaType.MATROSKA),
    ("mpegts", "libx264", MediaType.MPEGTS), ("flv", "libx264", MediaType.FLV),
    ("flv", "flv", MediaType.FLV),
]  # fmt: skip


@pytest.mark.parametrize(("form", "codec", "kind"), CONTAINERS)
def test_every_frame_has_its_number_time_and_pixels(
    tmp_path: Path, form: str, codec: str, kind: MediaType
) -> None:
    found = shots(tmp_path, clip(form, codec), kind, EVERY)
    assert [one.index for one in found] == list(range(20))
    assert [one.time_s for one in found] == pytest.approx([i / 10 for i in range(20)], abs=0.02)
    for one in found[::5]:
        difference = np.abs(one.pixels.astype(int) - blobs(5, 160, 120, one.index))
        assert difference.mean() < 20


def test_the_sample_is_every_nth_frame_and_every_key_frame(tmp_path: Path) -> None:
    found = shots(tmp_path, clip(frames=40, gop=7), MediaType.MP4, MediaLimits(sample_fps=1))
    expected = {i for i in range(40) if i % 10 == 0} | {one.index for one in found if one.key}
    assert {one.index for one in found} == expected
    assert {one.index for one in found if one.key} >= {0, 7, 14}


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_display_matrix_is_told_and_turns_as_a_player_does(
    tmp_path: Path, degrees: int
) -> None:
    (first, *_) = shots(tmp_path, clip(rotation=degrees, frames=3), MediaType.MP4, EVERY)
    expected = np.rot90(blobs(5, 160, 120), degrees // 90)
    seen = oriented(first.pixels, first.turn)
    assert seen.shape == expected.shape
    assert np.abs(seen.astype(int) - expected).mean() < 20


@pytest.mark.parametrize("time_known", [True, False])
def test_one_frame_is_found_by_time_or_by_counting(tmp_path: Path, time_known: bool) -> None:
    with opened(tmp_path / "clip", clip(frames=30)) as source:
        video = Video(source, MediaType.MP4, EVERY)
        shot = video.at(17, 1.7 if time_known else None)
        video.close()
    assert np.abs(shot.pixels.astype(int) - blobs(5, 160, 120, 17)).mean() < 12


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (MediaLimits(max_duration_s=1.5), Reason.TOO_LONG),
        (MediaLimits(max_frames=5, sample_fps=1000), Reason.TOO_MANY_FRAMES),
        (MediaLimits(max_pixels=160 * 120 - 1), Reason.TOO_MANY_PIXELS),
    ],
)
def test_a_cap_is_a_reason_and_no_partial_answer(
    tmp_path: Path, limits: MediaLimits, reason: Reason
) -> None:
    with pytest.raises(Unreadable) as caught:
        shots(tmp_path, clip(), MediaType.MP4, limits)
    assert caught.value.outcome.reason is reason


@pytest.mark.parametrize(
    ("form", "kind", "options"),
    [("mp4", MediaType.MP4, {}), ("mp4", MediaType.MP4, {"movflags": "faststart"}),
     ("mp4", MediaType.MP4, {"movflags": "frag_keyframe+empty_moov"}),
     ("matroska", MediaType.MATROSKA, {})],
)  # fmt: skip
def test_half_a_video_is_never_a_whole_one(
    tmp_path: Path, form: str, kind: MediaType, options: dict[str, str]
) -> None:
    data = clip(form, options=options, frames=40)
    assert shots(tmp_path, data, kind, EVERY), "the whole one is fine"
    with pytest.raises(Exception) as caught:
        shots(tmp_path, data[: len(data) // 2], kind, EVERY)
    outcome = undecodable(caught.value)
    assert outcome.fault is Fault.BAD_MEDIA
    assert outcome.reason in {Reason.TRUNCATED, Reason.MALFORMED}


def test_sound_alone_holds_no_picture(tmp_path: Path) -> None:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream: Any = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        for packet in [*stream.encode(frame), *stream.encode()]:
            container.mux(packet)
    with pytest.raises(Unreadable) as caught:
        shots(tmp_path, out.getvalue(), MediaType.MP4, EVERY)
    assert caught.value.outcome.reason is Reason.NO_FRAMES


def test_a_playlist_inside_a_forced_container_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret.mp4").write_bytes(clip(frames=2))
    playlist = f"#EXTM3U\n#EXTINF:1,\nfile://{tmp_path}/secret.mp4\n#EXT-X-ENDLIST\n".encode()
    for kind in (MediaType.MP4, MediaType.MATROSKA, MediaType.MPEGTS, MediaType.FLV):
        with pytest.raises(Exception) as caught:
            shots(tmp_path, playlist, kind, EVERY)
        assert undecodable(caught.value).fault is Fault.BAD_MEDIA


def test_a_long_video_in_little_time_is_seen_by_its_key_frames(tmp_path: Path) -> None:
    data = clip(frames=600, gop=30, size=(320, 240))
    with opened(tmp_path / "clip", data) as source:
        video = Video(source, MediaType.MP4, MediaLimits(max_wall_s=0.02, sample_fps=1000))
        found = list(video.shots())
        video.close()
    assert video.coverage == "key_frames"
    times = [one.time_s for one in found]
    assert times == sorted(times)
    assert times[-1] >= 56, "it reaches the end"
    assert len([one for one in found if one.key]) >= 19, "every key frame is seen"
    late = [one for one in found if one.time_s > 30]
    assert all(one.index == pytest.approx(one.time_s * 10, abs=1) for one in late)
