"""Protects the reading of sets as other systems write them, good and bad; made-up files only."""

from __future__ import annotations

import io
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from breakwater.errors import BadInput
from breakwater.model.signal import MD5, SHA1
from breakwater.review.grading.sheet import SheetReader
from breakwater.review.grading.sources import BadRow, MediaFolder, SourceRow, relative
from breakwater.review.grading.vics import VicsReader, moment, truth, whole

HASH = "0123456789ABCDEF0123456789ABCDEF"
NEW = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#{}"
OLD = "http://github.com/ICMEC/ProjectVic/DataModels/{}.xml#{}"


def read(document: Any) -> tuple[VicsReader, list[Any]]:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    reader = VicsReader(io.BytesIO(raw))
    return reader, list(reader.rows())


def hash_set(*media: dict[str, Any], **head: Any) -> dict[str, Any]:
    return head | {"value": list(media)}


@pytest.mark.parametrize(
    ("head", "form", "context"),
    [
        ({"odata.metadata": OLD.format("1.2", "Media")}, "vics 1.2", ""),
        ({"odata.metadata": OLD.format("1.3", "Cases")}, "vics 1.3", ""),
        ({"@odata.context": NEW.format("UK", "Media")}, "vics 2.0", "UK"),
        ({"@ODATA.Context": NEW.format("CUSTOM", "Cases")}, "vics 2.0", "CUSTOM"),
        ({}, "vics", ""),
    ],
)
def test_three_envelopes_in_two_shapes_are_read(head, form, context):
    media = {"MediaID": 1, "MD5": HASH}
    reader, rows = read(hash_set(media, **head))
    assert (reader.form, reader.context, len(rows)) == (form, context, 1)
    case = {"CaseID": "{1}", "CaseMetadata": [{"PropertyName": "x"}], "Media": [media, media]}
    reader, rows = read(head | {"value": [case, case | {"Media": [media]}]})
    assert [row.row for row in rows] == [1, 2, 3]
    assert {row.claimed(MD5) for row in rows} == {HASH.lower()}


def test_the_envelope_may_come_last_and_keys_in_any_case():
    reader, rows = read({"Value": [{"mediaid": "7", "md5": HASH}], "odata.metadata": OLD.format("1.3", "Media")})  # fmt: skip
    assert reader.form == "vics 1.3"
    assert rows[0].claims == {"mediaid": 7}


def test_a_mark_of_bytes_is_no_part_of_the_file():
    _, rows = read(b"\xef\xbb\xbf" + json.dumps(hash_set({"MD5": HASH})).encode())
    assert len(rows) == 1


def test_booleans_come_as_text_and_absent_is_not_false():
    _, (row,) = read(hash_set({"MD5": HASH, "VictimIdentified": "True", "IsDistributed": "false"}))
    assert row.claims == {"victimidentified": True, "isdistributed": False}
    assert [truth(v) for v in (True, "TRUE", "1", 0, "no", None, "", "perhaps")] == [
        True, True, True, False, False, None, None, None,
    ]  # fmt: skip


def test_raw_categories_are_kept_as_they_are_and_null_is_not_zero():
    _, rows = read(
        hash_set(*({"MD5": HASH, "Category": c} for c in (0, "2", None, "x", 1.5, True)))
    )
    assert [row.claims.get("category") for row in rows] == [0, 2, None, None, None, None]
    assert whole(" -3 ") == -3


def test_files_are_found_by_every_path_an_entry_gives():
    _, (row,) = read(hash_set({
        "SHA1": "ab" * 20,
        "RelativeFilePath": "pictures\\one.jpg",
        "MediaFiles": [
            {"MD5": HASH, "FilePath": "C:\\Users\\x", "FileName": "two.jpg"},
            {"FilePath": "/deep/three.jpg"},
            {"FilePath": "..\\out", "FileName": "four.jpg"},
        ],
    }))  # fmt: skip
    assert row.paths == (
        "pictures/one.jpg", "Users/x/two.jpg", "Users/x", "two.jpg", "deep/three.jpg", "four.jpg",
    )  # fmt: skip
    assert (row.claimed(MD5), row.claimed(SHA1)) == (HASH.lower(), "ab" * 20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-06T07:08:09Z", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T09:08:09+02:00", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("/Date(1714979289000)/", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("/Date(1714979289000+0200)/", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("5/6/2024 7:08:09 AM", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("05/06/2024 19:08", datetime(2024, 5, 6, 19, 8, tzinfo=UTC)),
        ("5/6/2024", datetime(2024, 5, 6, tzinfo=UTC)),
        ("/Date(999999999999999)/", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_three_spellings_of_time(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize(
    "media", [{}, {"MediaID": 3}, {"MD5": "xyz"}, {"MD5": HASH[:-1]}, {"RelativeFilePath": "../x"}]
)
def test_a_bad_entry_is_told_by_its_place_and_stops_nothing(media):
    _, rows = read(hash_set(media, {"MD5": HASH}))
    assert isinstance(rows[0], BadRow)
    assert rows[0].row == 1
    assert isinstance(rows[1], SourceRow)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b'{"value": [{"MD5": "x"}', b"[1, 2", b'{"value": \xff}', b'{"value": [{]}']
)
def test_what_is_cut_short_or_no_json_says_so(raw):
    with pytest.raises(BadInput, match="no JSON, or ends"):
        read(raw)


def test_what_came_before_the_fault_was_given_out():
    rows = VicsReader(io.BytesIO(json.dumps(hash_set({"MD5": HASH})).encode()[:-2])).rows()
    assert next(rows).row == 1
    with pytest.raises(BadInput):
        next(rows)


def test_an_entry_of_a_hundred_thousand_parts_is_no_entry():
    with pytest.raises(BadInput, match="more parts"):
        read(hash_set({"MD5": HASH, "Exifs": [{"a": 1}] * 40_000}))


def test_a_large_file_is_never_in_memory_as_a_whole():
    one = json.dumps({"MD5": HASH, "RelativeFilePath": "x" * 400}).encode()
    raw = b'{"value": [' + b",".join([one] * 3_000) + b"]}"
    tracemalloc.start()
    count = sum(1 for _ in VicsReader(io.BytesIO(raw)).rows())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 3_000
    assert most < len(raw) / 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\\b.jpg", "a/b.jpg"), ("C:\\a\\b.jpg", "a/b.jpg"), ("\\\\host\\share\\b", "host/share/b"),
        ("/a/./b", "a/b"), ("../b", ""), ("a/../../b", ""), ("a\x00b", ""), ("", ""),
    ],
)  # fmt: skip
def test_paths_of_other_systems_become_ours_and_never_lead_up(text, expected):
    assert relative(text) == expected


def test_media_are_found_in_spite_of_case_and_by_their_hash(tmp_path):
    (tmp_path / "Sub").mkdir()
    (tmp_path / "Sub" / "One.JPG").write_bytes(b"1")
    (tmp_path / f"{HASH}.bin").write_bytes(b"2")
    folder = MediaFolder(tmp_path)
    assert folder.find(SourceRow(1, ("sub/one.jpg",))) == tmp_path / "Sub" / "One.JPG"
    _, (row,) = read(hash_set({"MD5": HASH, "RelativeFilePath": "gone.jpg"}))
    assert folder.find(row) == tmp_path / f"{HASH}.bin"
    assert folder.find(SourceRow(1, ("sub",))) is None
    with pytest.raises(BadInput):
        MediaFolder(tmp_path / "none")


def sheet(text: str) -> list[Any]:
    return list(SheetReader(io.BytesIO(text.encode())).rows())


def test_sheets_name_a_file_or_a_hash_and_keep_the_rest_as_claims():
    rows = sheet(
        f"\ufeffFile,MD5,Category\r\na\\b.jpg,{HASH},1\r\n,{HASH},\r\n\r\n,,2\r\nc,zz,1\r\n"
    )
    assert rows[0] == SourceRow(1, ("a/b.jpg",), rows[0].hashes, {"category": "1"})
    assert rows[1].claims == {}
    assert [row.row for row in rows[2:]] == [4, 5]
    assert all(isinstance(row, BadRow) for row in rows[2:])


@pytest.mark.parametrize("text", ["", "name,size\nx,1\n"])
def test_a_sheet_without_a_file_or_hash_column_is_refused(text):
    with pytest.raises(BadInput, match="No column"):
        sheet(text)
