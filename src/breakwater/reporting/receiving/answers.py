"""Answers in the ispws dialect: a code, its HTTP status, and the XML that carries them.

Codes and what they mean: reference CyberTipline, "responseCode". A sender judges by the code;
the HTTP status says the same more coarsely. Where the interface's description names no status
for a code, ours is the nearest of HTTP's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from lxml import etree


class Code(IntEnum):
    """Every `responseCode`."""

    SUCCESS = 0
    SERVER_ERROR = 1000
    SAVE_FAILED = 1100
    UPLOAD_FAILED = 1110
    FILE_UPLOAD_FAILED = 1111
    NO_RESOURCE = 1210
    UPDATE_FAILED = 1300
    AUTHENTICATION_REQUIRED = 2000
    NOT_AUTHORISED = 3000
    NOT_AUTHORISED_TO_SUBMIT = 3100
    NOT_AUTHORISED_TO_UPDATE = 3300
    INVALID_REQUEST = 4000
    VALIDATION_FAILED = 4100
    MALFORMED_XML = 4110
    MALFORMED_FILE = 4200
    NO_REPORT = 5001
    NO_FILE = 5002
    RETRACTED = 5101
    FINISHED = 5102

    @property
    def words(self) -> str:
        """What it means."""
        return _WORDS[self]

    @property
    def status(self) -> int:
        """The HTTP status beside it."""
        return _STATUS.get(self, _BY_THOUSAND[self // 1000])


_WORDS: Final[Mapping[Code, str]] = {
    Code.SUCCESS: "Success",
    Code.SERVER_ERROR: "Server error",
    Code.SAVE_FAILED: "Save failed",
    Code.UPLOAD_FAILED: "Upload failed",
    Code.FILE_UPLOAD_FAILED: "File upload failed",
    Code.NO_RESOURCE: "Resource not found",
    Code.UPDATE_FAILED: "Update failed",
    Code.AUTHENTICATION_REQUIRED: "Authentication required",
    Code.NOT_AUTHORISED: "Not authorised",
    Code.NOT_AUTHORISED_TO_SUBMIT: "Not authorised to submit",
    Code.NOT_AUTHORISED_TO_UPDATE: "Not authorised to update",
    Code.INVALID_REQUEST: "Invalid request",
    Code.VALIDATION_FAILED: "Validation failed",
    Code.MALFORMED_XML: "Malformed XML",
    Code.MALFORMED_FILE: "Malformed file",
    Code.NO_REPORT: "Report does not exist",
    Code.NO_FILE: "File does not exist",
    Code.RETRACTED: "Report has already been retracted",
    Code.FINISHED: "Report has already been finished",
}

_BY_THOUSAND: Final[Mapping[int, int]] = {0: 200, 1: 500, 2: 401, 3: 403, 4: 400, 5: 400}
_STATUS: Final[Mapping[Code, int]] = {
    Code.NO_RESOURCE: 404,
    Code.NO_REPORT: 404,
    Code.NO_FILE: 404,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is told.

    Attributes:
        description: what is wrong in this case; the code's own words when empty.
        report_id: the number of the report.
        file_id: 32 hexadecimal digits.
        hash: MD5 over the received bytes, in hexadecimal.
        files: of a finished report, every file id; then it is a `reportDoneResponse`.
        status: another HTTP status than the code's, as for a body that is too large.
    """

    code: Code
    description: str = ""
    report_id: int | None = None
    file_id: str = ""
    hash: str = ""
    files: tuple[str, ...] | None = None
    status: int = 0

    @property
    def http_status(self) -> int:
        """The HTTP status to answer with."""
        return self.status or self.code.status

    def xml(self) -> bytes:
        """The document."""
        done = self.files is not None
        root = etree.Element("reportDoneResponse" if done else "reportResponse")
        _add(root, "responseCode", str(int(self.code)))
        if not done:
            _add(root, "responseDescription", self.description or self.code.words)
        if self.report_id is not None:
            _add(root, "reportId", str(self.report_id))
        if self.files is not None:
            files = etree.SubElement(root, "files")
            for one in self.files:
                _add(files, "fileId", one)
        for name, text in (("fileId", self.file_id), ("hash", self.hash)):
            if text:
                _add(root, name, text)
        written: bytes = etree.tostring(
            root, xml_declaration=True, encoding="UTF-8", standalone=True
        )
        return written


class Refused(Exception):
    """A call ends here with an answer that is not success; never leaves this package."""

    def __init__(self, code: Code, description: str = "", *, report_id: int | None = None) -> None:
        super().__init__(description or code.words)
        self.answer = Answer(code, description, report_id)


def _add(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text
