"""The wire to NCMEC's reporting interface: five calls, each answer read whole, none believed blindly.

The body is always read, whatever the status of HTTP says; a refused `/finish` is HTTP 400 with a
code of its own. What got no answer raises `Unavailable`: the call may have taken place. Secrets
and documents never reach logs or errors. Satisfies `reporting.ports.Wire`. Source: reference
cybertipline, "Transport". Tests: `tests/integration/test_filing_client.py`, against the receiving
side in a process of its own.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

import httpx

from breakwater.errors import BadSettings, Unavailable
from breakwater.model.filing import Answer
from breakwater.reporting.cybertipline.answers import read_answer

TEST_HOST: Final = "exttest.cybertip.org"
PRODUCTION_HOST: Final = "report.cybertip.org"

TIMEOUT: Final = httpx.Timeout(60.0, connect=15.0)
UPLOAD_TIMEOUT: Final = httpx.Timeout(900.0, connect=15.0)
"""A file has no limit of size; between two pieces of it this many seconds may pass."""

LONGEST_ANSWER: Final = 1 << 20
"""Bytes that are read of an answer."""

XML: Final = {"Content-Type": "text/xml; charset=utf-8"}


class Client:
    """Calls one base address. For several threads."""

    def __init__(
        self, base: str, *, user: str, password: str, production: bool = False,
        ca: Path | None = None, timeout: httpx.Timeout = TIMEOUT,
    ) -> None:  # fmt: skip
        """Take where to and who we are.

        Args:
            base: such as `https://exttest.cybertip.org/ispws`.
            user: our name with NCMEC.
            password: the same.
            production: said explicitly; without it the production host is refused.
            ca: PEM of the authority that signed the recipient's certificate; None: the system's.
            timeout: of each call but uploads.

        Raises:
            BadSettings: a production address without the switch, or the switch without one; or
                credentials would go over the wire in clear.
        """
        checked(base, production=production)
        secure = base.startswith("https://")
        context = (
            ssl.create_default_context(cafile=None if ca is None else str(ca)) if secure else False
        )
        self._http = httpx.Client(
            base_url=base.rstrip("/"), auth=httpx.BasicAuth(user, password), timeout=timeout,
            verify=context, follow_redirects=False, trust_env=False,
        )  # fmt: skip

    def status(self) -> Answer:
        """Ask whether our credentials are good."""
        return self._answer(self._http.build_request("GET", "/status"))

    def schema(self) -> Answer:
        """Ask for the recipient's schema: the body of the answer, where its status is 200."""
        return self._answer(self._http.build_request("GET", "/xsd"))

    def submit(self, report: bytes) -> Answer:
        """Open a report by its document."""
        return self._post("/submit", content=report, headers=XML)

    def upload(self, report_id: str, name: str, source: BinaryIO) -> Answer:
        """Send one file's bytes, in pieces."""
        asked = self._http.build_request(
            "POST", "/upload", data={"id": report_id}, files={"file": (name, source)},
            timeout=UPLOAD_TIMEOUT,
        )  # fmt: skip
        return self._answer(asked)

    def describe(self, details: bytes) -> Answer:
        """Send one file's details, once."""
        return self._post("/fileinfo", content=details, headers=XML)

    def finish(self, report_id: str) -> Answer:
        """File the report: nothing can be changed after it."""
        return self._post("/finish", files={"id": (None, report_id)})

    def retract(self, report_id: str) -> Answer:
        """Take an unfinished report back."""
        return self._post("/retract", files={"id": (None, report_id)})

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    def _post(self, path: str, **what: Any) -> Answer:
        return self._answer(self._http.build_request("POST", path, **what))

    def _answer(self, asked: httpx.Request) -> Answer:
        try:
            said = self._http.send(asked, stream=True)
            try:
                body = _read(said)
            finally:
                said.close()
        except (httpx.HTTPError, OSError) as error:
            raise Unavailable(f"The recipient did not answer: {type(error).__name__}.") from None
        return read_answer(body, http=said.status_code, request_id=_request_id(said))


class NotSetUp:
    """The wire where no recipient is set up: whatever is asked waits until there is one."""

    def submit(self, report: bytes) -> Answer:
        """Wait."""
        del report
        return self._no()

    def upload(self, report_id: str, name: str, source: BinaryIO) -> Answer:
        """Wait."""
        del report_id, name, source
        return self._no()

    def describe(self, details: bytes) -> Answer:
        """Wait."""
        del details
        return self._no()

    def finish(self, report_id: str) -> Answer:
        """Wait."""
        del report_id
        return self._no()

    def retract(self, report_id: str) -> Answer:
        """Wait."""
        del report_id
        return self._no()

    def _no(self) -> Answer:
        raise Unavailable("No recipient is set up: set BREAKWATER_REPORTS_NCMEC_USER.")


def checked(base: str, *, production: bool) -> None:
    """Refuse a base address that is real without saying so, or that is not what it says.

    Raises:
        BadSettings: what to set instead.
    """
    parts = urlsplit(base)
    host = (parts.hostname or "").rstrip(".")
    local = host in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme != "https" and not local:
        raise BadSettings("Reports go over HTTPS only: reports_ncmec_url begins with https://.")
    if not host or "@" in parts.netloc:
        raise BadSettings("reports_ncmec_url is an address without a name or password in it.")
    if host == PRODUCTION_HOST and not production:
        raise BadSettings(
            "reports_ncmec_url is NCMEC's production host: set reports_ncmec_production if the "
            "reports are real."
        )
    if host == TEST_HOST and production:
        raise BadSettings(
            "reports_ncmec_production is set and reports_ncmec_url is NCMEC's test host."
        )


def _read(said: httpx.Response) -> bytes:
    body = bytearray()
    for piece in said.iter_bytes():
        body += piece
        if len(body) > LONGEST_ANSWER:
            raise httpx.ReadError("too long an answer")
    return bytes(body)


def _request_id(said: httpx.Response) -> str:
    found: str = said.headers.get("Request-ID", "")
    return found[:200]
