"""Whatever bytes come as a set, the readers give rows, or say that they cannot: nothing else."""

from __future__ import annotations

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from breakwater.errors import BadInput
from breakwater.records.tables import canonical
from breakwater.review.grading.placing import reader
from breakwater.review.grading.sheet import SheetReader
from breakwater.review.grading.sources import BadRow, SourceRow, relative
from breakwater.review.grading.vics import VicsReader

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
KEYS = st.sampled_from(
    ["MD5", "md5", "Category", "RelativeFilePath", "MediaFiles", "FilePath", "FileName", "Tags",
     "DateUpdated", "VictimIdentified", "Media", "value"]
)  # fmt: skip
ANY = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner), max_leaves=20
)
ENTRY = st.dictionaries(KEYS, ANY)


def rows_of(raw: bytes, kind: type[VicsReader | SheetReader]) -> None:
    try:
        found = list(kind(io.BytesIO(raw)).rows())
    except BadInput:
        return
    for row in found:
        assert isinstance(row, SourceRow | BadRow)
        if isinstance(row, SourceRow):
            canonical(dict(row.claims)).encode()
            assert row.paths or row.hashes


@settings(max_examples=40, deadline=None)
@given(st.lists(ENTRY, max_size=5), st.integers(0, 60), st.sampled_from([b"", b"\xef\xbb\xbf"]))
def test_any_json_is_read_or_refused(entries, cut, mark):
    raw = json.dumps({"value": entries}).encode()
    rows_of(mark + raw, VicsReader)
    rows_of(mark + raw[: -cut or None], VicsReader)
    rows_of(json.dumps({"value": [{"Media": entries}]}).encode(), VicsReader)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw):
    rows_of(raw, VicsReader)
    rows_of(b"path,md5,x\n" + raw, SheetReader)
    try:
        reader(io.BytesIO(raw))
    except BadInput:
        return


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab./\\:\x00\ud800"), max_size=20))
def test_no_path_leads_up_or_cannot_be_asked_for(text):
    path = relative(text)
    assert ".." not in path.split("/")
    assert not path.startswith("/")
    path.encode()
