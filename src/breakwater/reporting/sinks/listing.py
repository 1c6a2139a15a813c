"""Other recipients and emergency contacts, read from the operator's files, with what writes for each.

In: TOML files. Out: `To` by name, each with its sink; sinks come built in (`uk`, `police`) and
under the entry point group `breakwater.report_sinks`, where a factory takes a recipient and a
way over. A fault in a file stops the start and says where. Tests: `tests/unit/test_recipients.py`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from breakwater.errors import BadSettings
from breakwater.model.country import country_code
from breakwater.model.recipient import Contact, Recipient, Way
from breakwater.model.sending import RecipientKind
from breakwater.reporting.ports import ReportSink
from breakwater.reporting.sinks import uk
from breakwater.reporting.sinks.courier import To
from breakwater.reporting.sinks.referral import Delivery, Referral
from breakwater.reporting.sinks.sealing import keys_of
from breakwater.reporting.sinks.ways import ByHand, ByMail, IntoFolder, Mailer

GROUP: Final = "breakwater.report_sinks"
RESERVED: Final = frozenset({"ncmec"})
MEMBERS: Final = frozenset({
    "name", "title", "country", "kind", "sink", "keys", "way", "folder", "mail", "how", "profile",
    "due_hours", "due_urgent_hours", "drafts", "two_people", "media", "covered_by",
})  # fmt: skip
CONTACT: Final = frozenset({"country", "name", "phone", "hours", "note"})

Factory = Callable[[Mapping[str, Any], Delivery], ReportSink]
"""Makes a sink from a recipient's row and its way over."""


def police(row: Mapping[str, Any], way: Delivery) -> ReportSink:
    """A referral in a sealed file."""
    del row
    return Referral(way)


def uk_report(row: Mapping[str, Any], way: Delivery) -> ReportSink:
    """The UK's report, by its profile."""
    return uk.UkReport(way, _profile(row))


BUILT_IN: Final[Mapping[str, Factory]] = {"police": police, "uk": uk_report}


def recipients(file: Path | None, mailer: Mailer | None) -> dict[str, To]:
    """Every other recipient by name; none without a file.

    Raises:
        BadSettings: the file cannot be read, or a row is wrong; the detail names it.
    """
    found: dict[str, To] = {}
    for row in _rows(file, "recipient", MEMBERS, "recipients_file"):
        one = _recipient(row)
        if one.name in found or one.name in RESERVED:
            raise BadSettings(f"Recipient {one.name}: the name is taken.")
        found[one.name] = To(one, _sink(one.sink)(row, _way(one, row, mailer)))
    return found


def contacts(file: Path | None) -> tuple[Contact, ...]:
    """Whom to call in which country; empty without a file, because numbers must be yours to trust.

    Raises:
        BadSettings: the file cannot be read, or a row is wrong.
    """
    found = []
    for row in _rows(file, "contact", CONTACT, "danger_contacts_file"):
        country = country_code(str(row.get("country", "")))
        if row.get("country") and not country:
            raise BadSettings("An emergency contact's country has two letters.")
        name, phone = str(row.get("name", "")).strip(), str(row.get("phone", "")).strip()
        if not name or not phone:
            raise BadSettings("An emergency contact has a name and a telephone number.")
        found.append(
            Contact(country, name, phone, str(row.get("hours", "")), str(row.get("note", "")))
        )
    return tuple(found)


def _rows(
    file: Path | None, part: str, members: frozenset[str], setting: str
) -> list[Mapping[str, Any]]:
    if file is None:
        return []
    try:
        told = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, tomllib.TOMLDecodeError) as fault:
        raise BadSettings(f"{setting} cannot be read: {type(fault).__name__}.") from None
    rows = told.get(part, [])
    if set(told) - {part} or not isinstance(rows, list):
        raise BadSettings(f"{setting} holds [[{part}]] and nothing else.")
    for row in rows:
        if not isinstance(row, Mapping) or set(row) - members:
            raise BadSettings(f"{setting}: members of a {part} are {', '.join(sorted(members))}.")
    return rows


def _recipient(row: Mapping[str, Any]) -> Recipient:
    name = str(row.get("name", "")).strip()
    where = f"Recipient {name or '?'}"
    if not name or len(name) > 40 or not name.replace("-", "").replace("_", "").isalnum():
        raise BadSettings(f"{where}: `name` is 1 to 40 letters, digits, - and _.")
    country = country_code(str(row.get("country", "")))
    if not country:
        raise BadSettings(f"{where}: `country` has two letters.")
    try:
        kind, way = RecipientKind(row.get("kind", "police")), Way(row.get("way", "hand"))
        keys = tuple(str(one) for one in row.get("keys", ()))
        keys_of(keys)
        due, urgent = _times(row)
    except (ValueError, TypeError) as fault:
        raise BadSettings(f"{where}: {fault}.") from None
    return Recipient(
        name=name, title=str(row.get("title", name)), country=country, kind=kind,
        sink=str(row.get("sink", "police")), keys=keys, way=way,
        folder=Path(row["folder"]) if row.get("folder") else None, mail=str(row.get("mail", "")),
        due=due, due_urgent=urgent, drafts=bool(row.get("drafts", False)),
        two_people=bool(row.get("two_people", True)), media=bool(row.get("media", True)),
        covered_by=tuple(str(one) for one in row.get("covered_by", ())),
    )  # fmt: skip


def _times(row: Mapping[str, Any]) -> tuple[timedelta, timedelta | None]:
    form = _profile(row) if row.get("sink") == "uk" else None
    due = form.due if form else timedelta(hours=24)
    urgent = form.due_urgent if form else None
    if "due_hours" in row:
        due = timedelta(hours=float(row["due_hours"]))
    if "due_urgent_hours" in row:
        urgent = timedelta(hours=float(row["due_urgent_hours"]))
    if due <= timedelta(0) or (urgent is not None and urgent <= timedelta(0)):
        raise ValueError("times are more than nothing")
    return due, urgent


def _profile(row: Mapping[str, Any]) -> uk.Profile:
    return uk.profile(Path(row["profile"]) if row.get("profile") else None)


def _way(one: Recipient, row: Mapping[str, Any], mailer: Mailer | None) -> Delivery:
    match one.way:
        case Way.HAND:
            return ByHand()
        case Way.FOLDER:
            if one.folder is None or not one.folder.is_dir():
                raise BadSettings(f"Recipient {one.name}: `folder` is a folder that is there.")
            return IntoFolder(one.folder)
        case Way.MAIL:
            if mailer is None or "@" not in one.mail:
                raise BadSettings(
                    f"Recipient {one.name}: `mail` is an address, and mail_host a server."
                )
            return ByMail(mailer, one.mail, str(row.get("how", "")))


def _sink(name: str) -> Factory:
    if name in BUILT_IN:
        return BUILT_IN[name]
    points = [one for one in entry_points(group=GROUP) if one.name == name]
    if not points:
        raise BadSettings(f"No report sink {name} is installed.")
    try:
        found: Factory = points[0].load()
    except Exception as fault:  # noqa: BLE001 - whatever an operator's package raises
        raise BadSettings(
            f"The report sink {name} cannot be loaded: {type(fault).__name__}."
        ) from None
    return found
