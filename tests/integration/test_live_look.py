"""A known clip in a real broadcast that the alignment is not sure of: frames and sound decide."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from breakwater.banks.reels import NewReel
from breakwater.fingerprint import audio
from breakwater.live.watching import looking
from breakwater.matching import align, tracks
from breakwater.media.spool import Spool
from breakwater.model.copies import Zone
from breakwater.model.scene import CloserLook
from breakwater.model.stream import Control, Evidence, Stream
from breakwater.recognition import grey
from breakwater.records import banks, stream_alerts, stream_stills
from tests.builders_copies import encode, scene
from tests.builders_sound import RATE, melody
from tests.integration.live_site import LiveSite, live_site, until
from tests.integration.served import OPERATOR

SECONDS = 14.0
SIZE = {"height": 216, "width": 384}
COPIED = ("-c:v", "copy", "-c:a", "copy")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(
        tmp_path_factory.mktemp("looking"), live_watch=True, live_watchers=1,
        live_preroll_seconds=8,
    ) as running:  # fmt: skip
        yield running


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_sound(tmp_path_factory.mktemp("film"), encode(scene(21, SECONDS, **SIZE)), 31)


def with_sound(folder: Path, video: bytes, seed: int) -> Path:
    """A film with a melody, as an mp4."""
    (folder / "video.mp4").write_bytes(video)
    with wave.open(str(folder / "sound.wav"), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(melody(seed, SECONDS).tobytes())
    made = folder / "film.mp4"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-i", folder / "video.mp4",
         "-i", folder / "sound.wav", "-c:v", "copy", "-c:a", "aac", "-ar", "44100", made],
        check=True,
    )  # fmt: skip
    return made


def broadcast(folder: Path, film: Path, *options: str) -> Path:
    """What is sent: a film again and again, encoded beforehand."""
    made = folder / "sent.mp4"
    coded = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "12",
             "-b:v", "150k", "-c:a", "copy")  # fmt: skip
    subprocess.run(
        ["ffmpeg", "-nostdin", "-loglevel", "error", "-stream_loop", "3", "-i", film, *options,
         *coded, made],
        check=True,
    )  # fmt: skip
    return made


def evidence(site: LiveSite, stream: Stream) -> list[Evidence]:
    with site.app.db.read() as tx:
        return stream_alerts.of_stream(tx, stream.id)


def linked(site: LiveSite, stream: Stream) -> Evidence | None:
    """The first alert of which a closer look made a link."""
    for one in reversed(evidence(site, stream)):
        if one.looks and one.segments[0].zone is Zone.LINK:
            return one
    return None


def test_an_unsure_stretch_is_borne_out_by_frames_and_sound_and_its_stills_are_kept(
    site: LiveSite, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = site.app
    for part in (align, tracks):
        monkeypatch.setattr(part, "LINK_SCORE", 1e9)  # whatever it shows, the alignment is not sure
    monkeypatch.setattr(looking, "EVERY_S", 2.0)
    with app.db.transaction() as tx:
        banks.create(tx, name="FILMS", purpose="tests", source="tests")
    with Spool(limit=1 << 26, directory=app.settings.spool_dir) as file:
        file.write(film.read_bytes())
        file.seal()
        reel = app.reels.add(file, NewReel("FILMS", "a film"), OPERATOR)
        app.reels.vouch(reel.number, site.moderator())
    sent = broadcast(tmp_path, film, "-vf", "hflip,crop=iw*0.9:ih*0.9")
    publisher = site.rtmp.push(sent, name="live/again", options=COPIED)
    stream = site.stream("live/again")
    told = until(lambda: linked(site, stream))  # on a busy machine it may be frozen before that
    until(lambda: site.confirmed(stream, Control.FROZEN))
    seen = evidence(site, stream)
    look = told.looks[0]
    assert (look.reel, look.before, look.after) == (reel.number, "look", "link")
    assert look.agree >= 1
    assert look.agree >= 2 or look.sound is not None
    assert told.segments[0].mirrored
    assert not told.alert.auto_cut, "a closer look freezes; it never cuts by itself"
    assert seen[-1].segments[0].zone is Zone.LOOK
    assert seen[-1].wanted.rank <= Control.WATCHED.rank
    publisher.stop()

    def kept() -> list[stream_stills.StreamStill]:
        with app.db.read() as tx:
            return stream_stills.of_stream(tx, stream.id)

    stills = until(kept)
    segments = [segment for one in evidence(site, stream) for segment in one.segments]
    moments = [pair.time_s for segment in segments for pair in segment.pairs]
    for one in stills:  # of some alert: the first may have come before there was a case
        assert min(abs(one.time_s - at) for at in moments) < 1.0
    with app.vault.open(stills[0].blob) as picture:
        assert picture.read(3) == b"\xff\xd8\xff"
    assert not stream_alerts_of_other_reels(seen, reel.number)


@pytest.mark.long
def test_one_frame_is_enough_where_its_sound_is_heard(
    site: LiveSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not audio.version():
        pytest.skip("libchromaprint1 is not installed")
    app = site.app
    for part in (align, tracks):
        monkeypatch.setattr(part, "LINK_SCORE", 1e9)
    monkeypatch.setattr(looking, "EVERY_S", 2.0)
    monkeypatch.setattr(looking, "MOST_TRIES", 9)
    one_look = partial(grey.plan, most=1)
    monkeypatch.setattr(grey, "plan", one_look)
    monkeypatch.setattr(grey, "beyond", lambda *_: ())
    film = with_sound(tmp_path, encode(scene(22, SECONDS, **SIZE)), 32)
    with app.db.transaction() as tx:
        banks.create(tx, name="SONGS", purpose="tests", source="tests")
    with Spool(limit=1 << 26, directory=app.settings.spool_dir) as file:
        file.write(film.read_bytes())
        file.seal()
        reel = app.reels.add(file, NewReel("SONGS", "a song"), OPERATOR)
    sent = broadcast(tmp_path, film)
    publisher = site.rtmp.push(sent, name="live/song", options=COPIED)
    stream = site.stream("live/song")

    def heard() -> list[CloserLook]:
        looks = [look for one in evidence(site, stream) for look in one.looks]
        return [one for one in looks if one.reel == reel.number and one.sound is not None]

    look = until(heard, 25)[-1]
    assert look.sound is not None
    assert look.sound.seconds >= 5
    assert look.sound.error_rate < audio.ERROR_RATE
    assert len(look.frames) == 1
    assert look.after == ("link" if look.agree else "look"), "sound alone never links"
    publisher.stop()


def stream_alerts_of_other_reels(seen: list[Evidence], reel: int) -> list[Evidence]:
    return [one for one in seen for part in one.segments if part.reel != reel]
