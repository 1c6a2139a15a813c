"""Files of a set are found by any name, in spite of case, and never by a link or outside of it."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest

from breakwater.errors import BadInput
from breakwater.linking.exhibit_files import Folder, Offered, vics_rows

ODD = b"caf\xe9 \xff.jpg"
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Cases"


@pytest.fixture
def seized(tmp_path: Path) -> Path:
    """A folder with a name that is no text, a link out of it, a pipe and a folder in it."""
    folder = tmp_path / "seized"
    (folder / "b").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"not ours")
    (folder / "a.jpg").write_bytes(b"one")
    (folder / "b" / "C.JPG").write_bytes(b"two")
    (folder / os.fsdecode(ODD)).write_bytes(b"three")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "out").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    return folder


def test_every_file_is_offered_and_what_is_none_says_so(seized) -> None:
    found = {one.told["path"]: one for one in Folder(seized).walk()}
    assert list(found) == ["a.jpg", "b/C.JPG", "caf\\xe9 \\xff.jpg", "link", "out", "pipe"]
    assert found["caf\\xe9 \\xff.jpg"].told["path_bytes"] == ODD.hex()
    assert [one.fault[:12] for one in found.values()] == [
        "", "", "", "It is a link", "It is a link", "It is no fil",
    ]  # fmt: skip
    assert found["a.jpg"].told["size"] == 3
    assert found["a.jpg"].told["times"]["written"].endswith("+00:00")


def test_a_walk_goes_on_after_any_of_its_files(seized) -> None:
    every = list(Folder(seized).walk())
    for at, one in enumerate(every):
        assert [two.mark for two in Folder(seized).walk(one.mark)] == [
            two.mark for two in every[at + 1 :]
        ]


def test_a_file_that_went_away_meanwhile_does_not_lose_the_others(seized) -> None:
    every = list(Folder(seized).walk())
    (seized / "b" / "C.JPG").unlink()
    (seized / "b").rmdir()
    assert [one.mark for one in Folder(seized).walk(every[1].mark)] == [
        one.mark for one in every[2:]
    ]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"a.jpg", b"one"), (b"A.JPG", b"one"), (b"B/c.jpg", b"two"), (ODD, b"three"), (b"a", b"one"),
        (b"link", None), (b"out/secret", None), (b"../secret", None), (b"pipe", None), (b"b", None),
        (b"", None), (b"x" * 5000, None),
    ],
)  # fmt: skip
def test_what_lies_below_is_opened_and_nothing_else(seized, path, found) -> None:
    file = Folder(seized).open((tuple(path.split(b"/")),))
    with file or io.BytesIO() as opened:
        assert (opened.read() if file else None) == found


def test_no_folder_is_bad_input(tmp_path) -> None:
    with pytest.raises(BadInput):
        Folder(tmp_path / "nowhere")


def rows(*media: object, bom: bytes = b"\xef\xbb\xbf") -> list[Offered]:
    document = {"@odata.context": CONTEXT, "value": [{"CaseID": "{1}", "Media": list(media)}]}
    return list(vics_rows(io.BytesIO(bom + json.dumps(document).encode())))


def test_a_vics_row_tells_hashes_paths_times_and_where_it_is_from() -> None:
    (one,) = rows(
        {
            "MediaID": "7", "Category": "1", "IsSuspected": "true", "md5": "AA" * 16,
            "RelativeFilePath": "C:\\Files\\1.jpg", "Series": "Red sofa",
            "MediaFiles": [
                {"FileName": "1.jpg", "FilePath": "\\DCIM", "Written": "/Date(0)/", "SourceID": "phone 2"}
            ],
        }
    )  # fmt: skip
    assert one.hashes == {"md5": "aa" * 16}
    assert one.places[:3] == ((b"Files", b"1.jpg"), (b"DCIM", b"1.jpg"), (b"DCIM",))
    assert one.told["times"] == {"written": "1970-01-01T00:00:00+00:00"}
    assert (one.told["source"], one.told["media_id"], one.told["category"]) == ("phone 2", 7, 1)
    assert one.told["series"] == "Red sofa"


def test_a_bad_row_says_which_and_why_and_the_others_are_read() -> None:
    found = rows({"MD5": "xx"}, {"MediaID": 2}, {"MD5": "bb" * 16}, {"RelativeFilePath": "../../x"})
    assert [(one.reference, bool(one.fault)) for one in found] == [
        ("row 1", True), ("row 2", True), ("row 3", False), ("row 4", True),
    ]  # fmt: skip
    assert "MD5" in found[0].fault


def test_a_file_that_ends_early_gives_what_came_before() -> None:
    whole = json.dumps({"value": [{"Media": [{"MD5": "aa" * 16}, {"MD5": "bb" * 16}]}]}).encode()
    found = []
    with pytest.raises(BadInput):
        found.extend(vics_rows(io.BytesIO(whole[:-20])))
    assert [one.mark for one in vics_rows(io.BytesIO(whole), "1")] == ["2"]
