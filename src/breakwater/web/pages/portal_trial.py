"""The test list of the member's portal: ordinary pictures' hashes, and one of the pictures.

For anybody: before a rule lets anything out, a new member tries its way to the hub with a list on
which nothing is real. It is made of the pictures that ship with the self-test, is no list of the
hub, and is taken into a bank that only logs. Lines to copy: `hub.clients.trial`; given
out by `portal`.
"""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import Final

from breakwater.app.validation.answers import Answers

PICTURE: Final = "square-512x512.jpg"
"""The one that is given out; the others are in the list by their hashes."""
COLUMNS: Final = (
    "record_id", "md5", "sha1", "sha256", "pdq", "pdq_quality", "category", "status", "tlp",
)  # fmt: skip


@cache
def the_list() -> bytes:
    """The list, as CSV v1."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for one in Answers.shipped().said["pictures"]:
        hashes = (one[name] for name in ("md5", "sha1", "sha256", "pdq", "quality"))
        rows.writerow((f"test-{one['name']}", *hashes, "test", "active", "white"))
    return out.getvalue().encode()


@cache
def the_picture() -> bytes:
    """A photograph of a bridge, JPEG."""
    return Answers.shipped().files[PICTURE]
