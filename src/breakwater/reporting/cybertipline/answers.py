"""What a recipient answered, read out of a body that may be anything.

In: the bytes and the status of an answer to one call. Out: `model.filing.Answer`, whose code is
None wherever the body is not one of the interface's two answers: a gateway's page, half a
document, a document type, digits of another script. Judged by `machine`. Source: reference
cybertipline, "Transport". Tests: `tests/integration/test_filing_client.py`.
"""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from breakwater.errors import BadInput
from breakwater.model.filing import Answer
from breakwater.reporting.cybertipline.read import parsed

ROOTS: Final = frozenset({"reportResponse", "reportDoneResponse"})
_CODE: Final = re.compile(r"[0-9]{1,9}")


def read_answer(body: bytes, *, http: int, request_id: str = "") -> Answer:
    """Read `reportResponse` or `reportDoneResponse`; what cannot be read has no code.

    Args:
        body: as it came; a 401 has none.
        http: status.
        request_id: of the header.
    """
    nothing = Answer(None, http, request_id=request_id, body=body)
    try:
        root = parsed(body)
    except BadInput:
        return nothing
    if root.tag not in ROOTS:
        return nothing
    code = _text(root, "responseCode")
    if not _CODE.fullmatch(code):
        return nothing
    return Answer(
        code=int(code), http=http, description=_text(root, "responseDescription"),
        request_id=request_id, report_id=_text(root, "reportId"),
        file_id=_text(root, "fileId"), md5=_text(root, "hash").lower(),
        files=tuple((one.text or "").strip() for one in root.iterfind("files/fileId")), body=body,
    )  # fmt: skip


def _text(root: etree._Element, name: str) -> str:
    return (root.findtext(name) or "").strip()
