"""Wires other recipients than NCMEC: who they are, what writes for them, and the way over."""

from __future__ import annotations

from collections.abc import Mapping

from breakwater.errors import BadSettings
from breakwater.reporting.permits import Destination
from breakwater.reporting.sinks.courier import To
from breakwater.reporting.sinks.listing import recipients
from breakwater.reporting.sinks.ways import Mailer
from breakwater.settings import Settings


def mailer_of(settings: Settings) -> Mailer | None:
    """How mail leaves; None: no server is set up.

    Raises:
        BadSettings: nobody is named from whom it comes.
    """
    if not settings.mail_host:
        return None
    if "@" not in settings.mail_from:
        raise BadSettings("mail_host needs mail_from, an address.")
    return Mailer(
        settings.mail_host, settings.mail_port, settings.mail_from, settings.mail_user,
        settings.mail_password.get_secret_value(), settings.mail_implicit_tls, settings.mail_ca,
    )  # fmt: skip


def recipients_of(settings: Settings) -> dict[str, To]:
    """Everyone whom the operator's file names.

    Raises:
        BadSettings: the file or a row of it is wrong.
    """
    return recipients(settings.recipients_file, mailer_of(settings))


def destinations_of(to: Mapping[str, To]) -> dict[str, Destination]:
    """The same, as reports are drafted for them."""
    return {
        name: Destination(
            name, one.recipient.due, two_people=one.recipient.two_people, production=True,
            country=one.recipient.country, kind=one.recipient.kind, drafts=one.recipient.drafts,
            due_urgent=one.recipient.due_urgent, title=one.recipient.title,
            media=one.recipient.media, declares=one.recipient.sink == "uk",
            covered_by=one.recipient.covered_by, lacks=one.sink.lacks,
        )
        for name, one in to.items()
    }  # fmt: skip
