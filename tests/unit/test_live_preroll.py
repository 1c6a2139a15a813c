"""The ring of a broadcast's last minutes: rolls, forgets, reads back what is whole."""

from __future__ import annotations

from pathlib import Path

from breakwater.live.preroll import Chunk, ChunkWriter, Ring


def written(ring: Ring, writer: ChunkWriter, seconds: range, *, key_every: int = 2) -> None:
    for second in seconds:
        begun = writer.put(f"second {second};".encode(), float(second), key=second % key_every == 0)
        if begun is not None:
            ring.add(begun)
    writer.close()


def test_the_ring_holds_at_least_what_it_promises_and_forgets_the_rest(tmp_path: Path) -> None:
    ring = Ring(120.0, 1 << 30)
    writer = ChunkWriter(tmp_path / "s", "p1", "mpegts")
    written(ring, writer, range(1000, 1400))
    source = ring.source()
    body = source.read()
    assert body.endswith(b"second 1399;")
    assert 120 <= source.end_at - source.start_at <= 140
    assert len(list((tmp_path / "s").iterdir())) <= 140 / 5 + 2
    assert b"second 1100;" not in body


def test_files_hold_no_plaintext_and_another_key_opens_nothing(tmp_path: Path) -> None:
    ring = Ring(60.0, 1 << 30)
    writer = ChunkWriter(tmp_path / "s", "p1", "mpegts")
    written(ring, writer, range(100, 130))
    files = list((tmp_path / "s").iterdir())
    assert files
    assert all(b"second" not in file.read_bytes() for file in files)
    other = Ring(60.0, 1 << 30)
    for file in sorted(files):
        other.add(Chunk(file, bytes(32), 100.0, "mpegts", "p1"))
    assert other.source().read() == b""


def test_a_watcher_that_died_in_the_middle_costs_no_more_than_its_last_piece(
    tmp_path: Path,
) -> None:
    ring = Ring(60.0, 1 << 30)
    writer = ChunkWriter(tmp_path / "s", "p1", "mpegts")
    written(ring, writer, range(100, 112))
    last = max((tmp_path / "s").iterdir())
    last.write_bytes(last.read_bytes()[:-3])
    body = ring.source().read()
    assert body.endswith(b"second 110;")


def test_a_container_with_a_head_is_preserved_with_it_once_a_pull(tmp_path: Path) -> None:
    ring = Ring(10.0, 1 << 30)
    for pull, start in (("p1", 100), ("p2", 112)):
        writer = ChunkWriter(tmp_path / "s", pull, "matroska")
        begun = writer.put(b"[head]", float(start), key=True)
        if begun is not None:
            ring.add(begun)
        written(ring, writer, range(start + 1, start + 12))
    body = ring.source().read()
    assert body.count(b"[head]") >= 2
    assert body.index(b"[head]") == 0


def test_a_ring_that_is_too_large_loses_its_oldest_and_says_so(tmp_path: Path) -> None:
    ring = Ring(120.0, 2_000)
    writer = ChunkWriter(tmp_path / "s", "p1", "mpegts")
    for second in range(100, 160):
        begun = writer.put(bytes(200), float(second), key=True)
        if begun is not None:
            ring.add(begun)
    writer.close()
    assert ring.size() <= 4_000
    assert ring.cut_short > 0
    ring.drop()
    assert not list((tmp_path / "s").iterdir())


def test_an_alarm_holds_what_lay_before_it_until_it_can_be_preserved(tmp_path: Path) -> None:
    ring = Ring(120.0, 1 << 30)
    writer = ChunkWriter(tmp_path / "s", "p1", "mpegts")
    written(ring, writer, range(1000, 1200))
    ring.hold(1200.0)
    written(ring, writer, range(1200, 1600))
    source = ring.source()
    body = source.read()
    assert b"second 1079;" in body
    assert source.start_at <= 1080.0
    written(ring, writer, range(1600, 2400))
    assert b"second 2000;" not in ring.source().read()


def test_an_alarm_in_a_full_ring_costs_what_came_after_it(tmp_path: Path) -> None:
    ring = Ring(120.0, 10_000)
    writer = ChunkWriter(tmp_path / "s", "p1", "mpegts")
    for second in range(1000, 1400):
        if second == 1030:
            ring.hold(1030.0)
        begun = writer.put(b"%d" % second + bytes(200), float(second), key=True)
        if begun is not None:
            ring.add(begun)
    writer.close()
    assert b"1000" in ring.source().read()
    assert ring.cut_short > 0
    assert ring.size() < 4 * 10_000
