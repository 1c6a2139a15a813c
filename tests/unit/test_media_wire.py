"""An answer from a child that was taken over can lie, but it cannot harm the parent."""

import json
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.media import wire
from breakwater.media.wire import Answer, BadAnswer
from breakwater.model.media import Fault, MediaLimits, MediaType, Reason, Undecodable
from breakwater.model.signal import Fingerprint, Fingerprints, Signal, View


def prints(**facts: object) -> Fingerprints:
    items = (
        Fingerprint(Signal("pdq", bytes(range(32))), 77, 3, 1.5, View.FLIPX),
        Fingerprint(Signal("pdq", bytes(32)), 0, 0, 0.0, compatible=True),
        Fingerprint(Signal("sha256", bytes(range(32)))),
    )
    values = {"type": "image/png", "width": 4, "height": 5, "frames": 1, "duration_s": 0.0,
              "items": items} | facts  # fmt: skip
    return Fingerprints(**values)


def read(answer: Answer) -> Fingerprints:
    data = wire.write_answer(answer)
    header, block = wire.lengths(data[:8])
    parsed = wire.read_answer(data[8 : 8 + header], data[8 + header : 8 + header + block])
    return wire.read_fingerprints(parsed, MediaType.PNG)


def test_fingerprints_survive_the_wire() -> None:
    assert read(wire.write_fingerprints(prints())) == prints()


def test_a_job_survives_the_wire(tmp_path) -> None:
    limits = MediaLimits(max_frames=7)
    data = wire.request("still", MediaType.GIF, limits, {"frame": 3})
    with (tmp_path / "x").open("wb") as source:
        job = wire.read_job(data[4:], source)
    assert (job.op, job.type, job.limits, job.args) == (
        "still",
        MediaType.GIF,
        limits,
        {"frame": 3},
    )
    assert struct.unpack("<I", data[:4])[0] == len(data) - 4


def test_a_failure_survives_the_wire() -> None:
    outcome = Undecodable(Reason.TRUNCATED, Fault.BAD_MEDIA, "short", MediaType.GIF)
    assert wire.read_failure(wire.failure(outcome), MediaType.GIF) == outcome


@pytest.mark.parametrize(
    "field",
    [
        {"width": -1}, {"width": 2.5}, {"width": True}, {"width": 1 << 40}, {"height": "9"},
        {"frames": None}, {"duration_s": math.nan}, {"duration_s": "x"}, {"kinds": ["nosuch"]},
        {"kinds": [1]}, {"kinds": 5}, {"kinds": []}, {"coverage": "none"}, {"coverage": []},
    ],
)  # fmt: skip
def test_a_field_out_of_its_range_is_refused(field: dict[str, object]) -> None:
    good = wire.write_fingerprints(prints())
    with pytest.raises((BadAnswer, wire.BreakwaterError)):
        read(Answer({**good.header, **field}, good.block))


@pytest.mark.parametrize("field", ["type", "width", "kinds", "coverage"])
def test_a_missing_field_is_refused(field: str) -> None:
    good = wire.write_fingerprints(prints())
    header = {name: value for name, value in good.header.items() if name != field}
    if field == "type":
        read(Answer(header, good.block))  # the parent's own magic says the type
        return
    with pytest.raises(BadAnswer):
        read(Answer(header, good.block))


@given(st.binary(max_size=300))
def test_random_records_are_read_or_refused(block: bytes) -> None:
    header = dict(wire.write_fingerprints(prints()).header)
    try:
        wire.read_fingerprints(Answer(header, block), MediaType.PNG)
    except BadAnswer:
        return


@given(st.binary(max_size=200))
def test_random_headers_are_read_or_refused(header: bytes) -> None:
    try:
        answer = wire.read_answer(header, b"")
        wire.read_failure(answer, MediaType.PNG)
        wire.read_fingerprints(answer, MediaType.PNG)
    except BadAnswer:
        return


def test_a_deeply_nested_header_is_refused() -> None:
    with pytest.raises(BadAnswer):
        wire.read_answer(b"[" * 60_000, b"")


def test_lengths_over_the_caps_are_refused() -> None:
    for header, block in ((wire.MAX_HEADER + 1, 0), (0, wire.MAX_BLOCK + 1)):
        with pytest.raises(BadAnswer):
            wire.lengths(wire.LENGTHS.pack(header, block))


@pytest.mark.parametrize(
    "header", [{"failed": "nosuch", "fault": "bad_media", "detail": ""},
               {"failed": "empty", "detail": ""}, {"failed": "empty", "fault": "x", "detail": ""},
               {"failed": "empty", "fault": "bad_media", "detail": 5}, {"failed": []}],
)  # fmt: skip
def test_an_unknown_reason_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(BadAnswer):
        wire.read_failure(wire.read_answer(json.dumps(header).encode(), b""), MediaType.PNG)
