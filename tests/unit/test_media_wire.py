"""An answer from a child that was taken over can lie, but it cannot harm the parent."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.media import wire, wire_views
from breakwater.media.wire import Answer, BadAnswer
from breakwater.model.copies import FramePrints, ReelPrints
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


def seen() -> ReelPrints:
    views, good = np.zeros(2, np.uint8), np.full(2, 90, np.uint8)
    hashes = np.arange(64, dtype=np.uint8).reshape(2, 32)
    return ReelPrints.of([FramePrints(at / 2, views, hashes, good) for at in range(3)])


def test_views_come_back_beside_what_else_an_answer_holds() -> None:
    answer = wire_views.with_views(Answer({"frames": 3}, b"rest"), seen())
    rest, found = wire_views.split_views(answer)
    assert rest.block == b"rest"
    assert found is not None
    assert found.pack() == seen().pack()
    assert wire_views.split_views(Answer({"frames": 3}, b"rest"))[1] is None


@pytest.mark.parametrize("size", [0, -1, 10**9, True, "12", 11, 1.5])
def test_views_of_a_wrong_length_are_refused(size: object) -> None:
    with pytest.raises(BadAnswer):
        wire_views.split_views(Answer({"views": size}, b"BWR1" + b"\0" * 40))


@pytest.mark.parametrize("at", [4, 8, 12, 24, 28, 36])
def test_views_with_a_damaged_byte_are_refused_or_read_whole(at: int) -> None:
    packed = bytearray(seen().pack())
    packed[at] ^= 0xFF
    try:
        _, found = wire_views.split_views(Answer({"views": len(packed)}, bytes(packed)))
    except BadAnswer:
        return
    assert found is not None
    assert len(list(found.frames())) == 3
