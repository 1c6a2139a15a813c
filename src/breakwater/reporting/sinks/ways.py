"""Ways over for a sealed parcel: a person hands it over, a folder takes it, a mail tells of it.

Each may be asked again after a crash and leaves one parcel: a folder's file has the filing's own
name, a mail its own Message-ID, by which the recipient's mailbox knows the second one. A mail
says that a sealed package is ready, its size and SHA-256, and names nobody; it never carries the
package. Tests: `tests/contract/test_report_sinks.py`.
"""

from __future__ import annotations

import os
import shutil
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import BinaryIO, Final

from breakwater.errors import Unavailable
from breakwater.model.filing import Answer, Filing
from breakwater.model.recipient import Parcel
from breakwater.reporting.sinks.referral import reference

TIMEOUT_S: Final = 30.0
REFUSED: Final = 4000
"""NCMEC's word for a request that is refused: the machine stops, and a person looks."""


class ByHand:
    """A person downloads it, hands it over, and writes the receipt down."""

    def hand_over(self, parcel: Parcel, filing: Filing, source: BinaryIO) -> Answer | None:
        """Nothing by itself."""
        del parcel, filing, source
        return None


class IntoFolder:
    """A folder that the recipient reads, such as one that is synchronised."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is there when something is put."""
        self._folder = folder

    def hand_over(self, parcel: Parcel, filing: Filing, source: BinaryIO) -> Answer | None:
        """Put it there whole, under its own name; what is there already stays."""
        there = self._folder / parcel.name
        part = self._folder / f".{parcel.name}.part"
        try:
            if not (there.exists() and there.stat().st_size == parcel.size):
                with part.open("wb") as out:
                    shutil.copyfileobj(source, out)
                    out.flush()
                    os.fsync(out.fileno())
                part.replace(there)
            folder = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as fault:
            raise Unavailable(
                f"The recipient's folder cannot be written: {fault.strerror}."
            ) from None
        return Answer(0, description="put into the folder", report_id=reference(filing))


@dataclass(frozen=True, slots=True)
class Mailer:
    """How mail leaves.

    Attributes:
        sender: the address it comes from.
        implicit: TLS from the first byte (port 465); otherwise STARTTLS, and never without.
        ca: PEM of the authority that signed the server's certificate; None: the system's.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    implicit: bool = False
    ca: Path | None = None

    def send(self, mail: EmailMessage) -> Answer:
        """Send one mail over TLS.

        Raises:
            Unavailable: the server is not there, has no TLS, or says that it may be tried again.
        """
        trust = ssl.create_default_context(cafile=None if self.ca is None else str(self.ca))
        try:
            with self._connect(trust) as server:
                if not self.implicit:
                    server.starttls(context=trust)
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as fault:
            code = max(said[0] for said in fault.recipients.values())
            return _refused(code)
        except smtplib.SMTPResponseException as fault:
            return _refused(fault.smtp_code)
        except (OSError, smtplib.SMTPException) as fault:
            raise Unavailable(f"The mail server did not take it: {type(fault).__name__}.") from None
        return Answer(0, description="mail taken", request_id=str(mail["Message-ID"]))

    def _connect(self, trust: ssl.SSLContext) -> smtplib.SMTP:
        if self.implicit:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=trust)
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)


class ByMail:
    """Tells by mail that a sealed package is ready; a person hands the package over on request."""

    def __init__(self, mailer: Mailer, to: str, how: str) -> None:
        """Take how mail leaves, whom it tells, and how the recipient gets the package."""
        self._mailer = mailer
        self._to = to
        self._how = how

    def hand_over(self, parcel: Parcel, filing: Filing, source: BinaryIO) -> Answer | None:
        """Tell of it; the package itself stays here."""
        del source
        answer = self._mailer.send(notice(parcel, filing, self._mailer.sender, self._to, self._how))
        return answer if answer.code else Answer(
            0, description=answer.description, request_id=answer.request_id,
            report_id=reference(filing),
        )  # fmt: skip


def notice(parcel: Parcel, filing: Filing, sender: str, to: str, how: str) -> EmailMessage:
    """The mail: what is ready, how large, its SHA-256, how to get it; nothing of anybody."""
    mail = EmailMessage()
    urgent = "URGENT: " if filing.urgent else ""
    mail["Subject"] = f"{urgent}Sealed package {reference(filing)} is ready"
    mail["From"], mail["To"] = sender, to
    domain = sender.rsplit("@", 1)[-1].strip("> ") or "localhost"
    mail["Message-ID"] = f"<{filing.id}.{filing.version}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(
        f"A sealed package is ready for you.\n\nNumber:  {reference(filing)}\n"
        f"File:    {parcel.name}\nSize:    {parcel.size} bytes\nSHA-256: {parcel.sha256}\n"
        f"Keys:    {', '.join(parcel.keys)}\n\n"
        f"{how or 'Answer this mail, and we hand it over.'}\n"
        "It opens with your age key. This mail names nobody and carries no file.\n"
        "Should it come twice, it is the same package.\n"
    )
    return mail


def _refused(code: int) -> Answer:
    """A final refusal stops; what may be tried again is tried again."""
    if 500 <= code < 600:
        return Answer(REFUSED, description=f"mail refused: {code}")
    raise Unavailable(f"The mail server said {code}.")
