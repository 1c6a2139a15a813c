"""Access logs: a bad line loses no good one, however it is cut, packed or taken up again."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from breakwater.errors import BadInput
from breakwater.viewers import fields, formats, reading
from breakwater.viewers.fields import Reading
from breakwater.viewers.sessions import names_of, watched_path

AT = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
HOW = Reading(latest=AT + timedelta(days=1))
FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PORTED = (
    '$remote_addr:$remote_port - $remote_user [$time_local] "$request" $status "$http_user_agent"'
)


def combined(
    second: int = 0, address: str = "81.2.69.142", path: str = "/hls/014-1.ts", status: int = 200,
    agent: str = "Player/7", user: str = "-", method: str = "GET",
) -> str:  # fmt: skip
    at = (AT + timedelta(seconds=second)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'{address} - {user} [{at}] "{method} {path} HTTP/1.1" {status} 100 "-" "{agent}"'


def written(folder: Path, lines: list[str | bytes], name: str = "access.log") -> Path:
    path = folder / name
    path.write_bytes(
        b"".join((one if isinstance(one, bytes) else one.encode()) + b"\n" for one in lines)
    )
    return path


def read_all(path: Path, form: str = "nginx", log_format: str = "", how: Reading = HOW, **options):
    found, counts = [], Counter()
    for batch in reading.batches(path, formats.form_of(form, log_format), how, **options):
        found += batch.sessions
        counts.update(batch.counts)
    return found, counts


def only(path: Path, form: str = "nginx", log_format: str = "", how: Reading = HOW):
    (one,), counts = read_all(path, form, log_format, how)
    assert counts["used"] == counts["lines"] - counts["remark"]
    return one.path, one.watched


BAD = st.one_of(
    st.binary(max_size=300).map(lambda raw: raw.replace(b"\n", b" ")),
    st.sampled_from([
        b"", b"x" * 70_000, b"\xff\xfe\x00", b'"' * 500, combined()[:60].encode(),
        combined(address="nobody").encode(), combined(status=404).encode(),
        combined(path="/about.html").encode(), combined(method="POST").encode(),
        combined(second=10 * 86_400).encode(), combined().replace("Nov", "Xyz").encode(),
        combined().replace(" +0000", "").encode(), b"\x1f\x8b" + b"\0" * 20,
    ]),
)  # fmt: skip


@FEW
@given(bad=st.lists(st.tuples(st.integers(0, 30), BAD), max_size=25))
def test_bad_lines_never_lose_good_ones(tmp_path: Path, bad) -> None:
    good = [combined(second, agent=f"p{second % 3}") for second in range(30)]
    lines: list[str | bytes] = list(good)
    for at, line in bad:
        lines.insert(min(at + 1, len(lines)), line)
    found, counts = read_all(written(tmp_path, lines))
    assert sorted(one.watched.requests for one in found) == [10, 10, 10]
    assert {one.watched.joined_at for one in found} == {AT + timedelta(seconds=n) for n in range(3)}
    assert counts["used"] == 30
    assert counts["lines"] == len(lines)


@FEW
@given(
    seconds=st.lists(st.integers(0, 2000), min_size=1, max_size=60),
    stretch=st.integers(1, 2000), most=st.integers(1, 4),
)  # fmt: skip
def test_stretches_join_to_what_one_run_finds(tmp_path: Path, seconds, stretch, most) -> None:
    lines: list[str | bytes] = [
        combined(second, address=f"81.2.69.{second % 5}") for second in sorted(seconds)
    ]
    path = written(tmp_path, lines)
    whole, counts = read_all(path)
    pieces, again = read_all(path, stretch=stretch, most=most)
    assert counts == again
    assert joined(pieces) == joined(whole)


def joined(sessions) -> dict[str, list[list[float]]]:
    """Visits of each address, pieces within a minute made one, with their requests."""
    out: dict[str, list[list[float]]] = {}
    for one in sorted(sessions, key=lambda each: each.watched.joined_at):
        start, end = (
            (moment - AT).total_seconds() for moment in (one.watched.joined_at, one.watched.left_at)
        )
        mine = out.setdefault(one.watched.address, [])
        if mine and start <= mine[-1][1] + 60:
            mine[-1][1:] = [max(mine[-1][1], end), mine[-1][2] + one.watched.requests]
        else:
            mine.append([start, end, one.watched.requests])
    return out


@FEW
@given(data=st.data())
def test_going_on_from_any_stretch_finds_the_rest(tmp_path: Path, data) -> None:
    lines: list[str | bytes] = [combined(n * 20, address=f"81.2.69.{n % 3}") for n in range(40)]
    path = written(tmp_path, lines)
    every = list(reading.batches(path, formats.Nginx(), HOW, stretch=300))
    stop = data.draw(st.integers(0, len(every) - 1))
    before = [one for batch in every[:stop] for one in batch.sessions]
    start = every[stop - 1].offset if stop else 0
    after = [
        one
        for batch in reading.batches(path, formats.Nginx(), HOW, start=start)
        for one in batch.sessions
    ]
    assert joined(before + after) == joined(read_all(path)[0])


@FEW
@given(st.text(max_size=400))
def test_no_line_makes_a_form_fail(text: str) -> None:
    cloud = formats.CloudFront()
    cloud.fields("#Fields: date time c-ip cs-uri-stem sc-status")
    words = set()
    for form in (formats.Nginx(), formats.Nginx(PORTED), formats.JsonLines(), cloud):
        try:
            found = form.fields(text)
            if found is not None:
                fields.line_of(found, HOW)
        except fields.BadLine as bad:
            words.add(bad.word)
    assert words <= {"other_form", "no_request", "not_media", "not_given", "address", "time"}


def test_a_log_format_of_ones_own_with_the_port(tmp_path: Path) -> None:
    lines: list[str | bytes] = [
        f"81.2.69.142:{4711 + n % 2} - heron [10/Nov/2026:13:00:{n:02} +0100] "
        f'"GET /live/014/seg_{n}.m4s?s=9 HTTP/2.0" 206 "VLC \\x22x\\x22 \\xC3\\xA9"'
        for n in range(4)
    ]
    path, watched = only(written(tmp_path, lines), log_format=PORTED)
    assert (path, watched.account, watched.ports) == ("live/014", "heron", (4711, 4712))
    assert watched.agent == 'VLC "x" é'
    assert (watched.joined_at, watched.left_at) == (AT, AT + timedelta(seconds=3))


def test_an_address_of_version_6_before_its_port(tmp_path: Path) -> None:
    line = (
        '2001:218::1:4711 - - [10/Nov/2026:12:00:00 +0000] "GET /hls/014-1.ts HTTP/1.1" 200 "VLC"'
    )
    watched = only(written(tmp_path, [line]), log_format=PORTED)[1]
    assert (watched.address, watched.ports) == ("2001:218::1", (4711,))


def test_cloudfront(tmp_path: Path) -> None:
    lines: list[str | bytes] = [
        "#Version: 1.0",
        "#Fields: date time x-edge c-ip cs-method cs-uri-stem sc-status cs(User-Agent) cs-uri-query c-port",
        "2026-11-10\t12:00:00\tFRA\t2001:218::1\tGET\t/hls/014/index.m3u8\t200\tVLC%203\tviewer=v-1\t4711",
        "2026-11-10\t12:00:09\tFRA\t2001:218::1\tGET\t/hls/014/17.ts\t200\tVLC%203\tviewer=v-1\t4711",
    ]
    how = Reading(latest=HOW.latest, token_arg="viewer")
    path, watched = only(written(tmp_path, lines), "cloudfront", how=how)
    assert (path, watched.address, watched.ports) == ("hls/014", "2001:218::1", (4711,))
    assert (watched.agent, watched.token, watched.requests) == ("VLC 3", "v-1", 2)


@pytest.mark.parametrize(
    "row",
    [
        {"ClientIP": "81.2.69.142", "ClientSrcPort": 4711, "EdgeStartTimestamp": "2026-11-10T12:00:00Z",
         "ClientRequestURI": "/hls/014-1.ts?x=1", "EdgeResponseStatus": 200,
         "ClientRequestUserAgent": "VLC", "ClientRequestMethod": "GET"},
        {"ClientIP": "81.2.69.142", "ClientSrcPort": 4711, "EdgeStartTimestamp": 1794312000000000000,
         "ClientRequestURI": "/hls/014-1.ts", "EdgeResponseStatus": 200,
         "ClientRequestUserAgent": "VLC"},
        {"client_ip": "81.2.69.142:4711", "timestamp": "2026-11-10T12:00:00+0000",
         "url": "https://cdn.example/hls/014-1.ts", "response_status": 200,
         "request_user_agent": "VLC"},
        {"remote_addr": "81.2.69.142", "remote_port": "4711", "msec": "1794312000.000",
         "request": "GET /hls/014-1.ts HTTP/1.1", "status": "200", "http_user_agent": "VLC"},
    ],
)  # fmt: skip
def test_lines_of_json(tmp_path: Path, row: dict[str, object]) -> None:
    path, watched = only(written(tmp_path, [json.dumps(row)]), "json")
    assert (path, watched.address, watched.ports, watched.agent) == (
        "hls/014", "81.2.69.142", (4711,), "VLC",
    )  # fmt: skip
    assert watched.joined_at == AT


def test_names_of_ones_own(tmp_path: Path) -> None:
    row = {"who": "81.2.69.142", "when": AT.isoformat(), "what": "/hls/014-1.ts", "code": 200}
    how = Reading(
        latest=HOW.latest, names={"address": "who", "time": "when", "uri": "what", "status": "code"}
    )
    assert only(written(tmp_path, [json.dumps(row)]), "json", how=how)[1].joined_at == AT


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("2.125.160.216", "2.125.160.216"),
        ("1.2.3.4, 2.125.160.216", "2.125.160.216"),
        ("1.2.3.4, 2.125.160.216, 10.0.0.9", "2.125.160.216"),
        ("2.125.160.216, nonsense", "10.0.0.5"),
        ("-", "10.0.0.5"),
    ],
)
def test_only_trusted_proxies_are_believed(tmp_path: Path, forwarded: str, address: str) -> None:
    form = f'{formats.COMBINED} "$http_x_forwarded_for"'
    lines: list[str | bytes] = [f'{combined(address="10.0.0.5")} "{forwarded}"']
    trusting = Reading(latest=HOW.latest, proxies=fields.proxies(["10.0.0.0/8"]))
    assert only(written(tmp_path, lines), log_format=form, how=trusting)[1].address == address
    assert only(written(tmp_path, lines), log_format=form)[1].address == "10.0.0.5"


def test_a_clock_that_ran_ahead_is_set_right(tmp_path: Path) -> None:
    how = Reading(latest=HOW.latest, offset_s=90)
    watched = only(written(tmp_path, [combined(90)]), how=how)[1]
    assert watched.joined_at == AT


def test_a_packed_log_and_a_damaged_one(tmp_path: Path) -> None:
    plain = written(tmp_path, [combined(n) for n in range(2000)]).read_bytes()
    packed = gzip.compress(plain)
    (tmp_path / "whole.gz").write_bytes(packed)
    assert read_all(tmp_path / "whole.gz")[1]["used"] == 2000
    (tmp_path / "cut.gz").write_bytes(packed[: len(packed) // 2])
    kept: list[reading.Batch] = []
    with pytest.raises(BadInput, match=r"cut\.gz is damaged"):
        kept.extend(reading.batches(tmp_path / "cut.gz", formats.Nginx(), HOW, stretch=5000))
    assert kept
    assert kept[-1].offset > 0


def test_a_line_that_is_still_written_waits(tmp_path: Path) -> None:
    path = written(tmp_path, [combined(0)])
    whole = path.read_bytes()
    path.write_bytes(whole + combined(5).encode()[:70])
    (batch,) = reading.batches(path, formats.Nginx(), HOW)
    assert (batch.offset, batch.counts) == (len(whole), {"used": 1, "lines": 1})
    path.write_bytes(whole + combined(5).encode())
    (rest,) = reading.batches(path, formats.Nginx(), HOW, start=batch.offset)
    assert [one.watched.joined_at for one in rest.sessions] == [AT + timedelta(seconds=5)]


def test_a_log_is_known_by_its_opening(tmp_path: Path) -> None:
    path = written(tmp_path, [combined(n) for n in range(100)])
    mark = reading.mark_of(path, "nginx")
    path.write_bytes(path.read_bytes() + b"more\n")
    assert reading.mark_of(path, "nginx") == mark != reading.mark_of(path, "json")
    with pytest.raises(BadInput):
        reading.mark_of(written(tmp_path, [], "empty.log"), "nginx")


def test_memory_does_not_grow_with_the_players(tmp_path: Path) -> None:
    lines: list[str | bytes] = [
        combined(n // 100, address=f"81.{n >> 8 & 255}.{n & 255}.1") for n in range(3000)
    ]
    found, counts = read_all(written(tmp_path, lines), most=50)
    assert (len(found), counts["used"]) == (3000, 3000)


@pytest.mark.parametrize(
    ("path", "stream"),
    [
        ("/hls/014.m3u8", "hls/014"),
        ("/hls/014-17.ts", "hls/014"),
        ("/hls/live/014/index.m3u8", "hls/live/014"),
        ("/hls/live/014/seg_00017.m4s", "hls/live/014"),
        ("/live/otter/720p/17.ts", "live/otter"),
        ("/live/014/17.ts", "live/014"),
        ("/my-channel_low.m3u8", "my-channel"),
    ],
)
def test_pieces_name_their_broadcast(path: str, stream: str) -> None:
    assert watched_path(path) == stream
    assert names_of(stream)[-1] == stream.rpartition("/")[2]


@pytest.mark.parametrize(
    "log_format", ["$remote_addr", "$request $time_local", "$remote_addr$time_local$request"]
)
def test_a_log_format_that_cannot_be_read_is_refused(log_format: str) -> None:
    with pytest.raises(BadInput):
        formats.Nginx(log_format)
