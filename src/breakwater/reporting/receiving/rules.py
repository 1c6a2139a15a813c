"""Whether what a sender wrote can be taken: well-formed, by our schema, and sensible.

In: bytes from outside. Out: the parsed document, or `Refused` with 4110 (it is not XML) or 4100
and the line (it is not a report). Parsed without entities, network and huge trees, so that a
document cannot read files, call out or grow (XXE, "billion laughs"). What a schema cannot say
stands here: times in the past, one reported person unless batched. Tests:
`tests/unit/test_receiving_rules.py`.
"""

from __future__ import annotations

import ipaddress
import threading
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from lxml import etree

from breakwater.reporting.receiving.answers import Code, Refused

SCHEMA: Final = "schema.xsd"
MOST_FAULTS: Final = 5
"""Faults that an answer names; a sender mends those and asks again."""
SKEW_S: Final = 300
"""Seconds by which a sender's clock may run before ours."""


def schema_file() -> Path:
    """Where our schema stands."""
    return Path(str(resources.files(__package__).joinpath(SCHEMA)))


def schema_bytes() -> bytes:
    """Our schema as it is served."""
    return resources.files(__package__).joinpath(SCHEMA).read_bytes()


_ONE_AT_A_TIME: Final = threading.Lock()


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(schema_bytes(), _parser()))


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True, recover=False,
    )  # fmt: skip


def parse(xml: bytes) -> etree._Element:
    """Read a document.

    Raises:
        Refused: 4110, it is not well-formed, or it brings definitions of its own.
    """
    try:
        root = etree.fromstring(xml, _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        where = getattr(error, "lineno", 0) or 0
        raise Refused(Code.MALFORMED_XML, f"Line {where} is not well-formed XML.") from None
    if root.getroottree().docinfo.doctype:
        raise Refused(Code.MALFORMED_XML, "A document type is not taken.")
    return root


def report(xml: bytes, *, now: datetime) -> etree._Element:
    """Read a report that can be taken.

    Raises:
        Refused: 4110 or 4100.
    """
    root = _valid(xml, "report")
    _check_report(root, now)
    return root


def file_details(xml: bytes, *, now: datetime) -> etree._Element:
    """Read a description of a file that can be taken.

    Raises:
        Refused: 4110 or 4100.
    """
    root = _valid(xml, "fileDetails")
    supplemental = root.findtext("fileRelevance") == "Supplemental Reported"
    for name in ("industryClassification", "potentialMeme"):
        if supplemental and root.find(name) is not None:
            raise Refused(Code.VALIDATION_FAILED, f"A supplemental file carries no {name}.")
    _check_captures(root)
    _check_past(root, now, ("uploadedToEspTimestamp",))
    return root


def _valid(xml: bytes, root_name: str) -> etree._Element:
    root = parse(xml)
    if root.tag != root_name:
        raise Refused(Code.VALIDATION_FAILED, f"The root element here is {root_name}.")
    schema = _schema()
    with _ONE_AT_A_TIME:  # the log of faults belongs to the schema, not to the call
        good, log = schema.validate(root), list(schema.error_log)
    if not good:
        # The type and the place of a fault, never the value: answers are logged by senders.
        faults = [f"line {e.line}: {_kind(e.type_name)}{_element(e.path)}" for e in log]
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise Refused(Code.VALIDATION_FAILED, "; ".join(faults[:MOST_FAULTS]) + more + ".")
    return root


def _kind(name: str) -> str:
    return name.removeprefix("SCHEMAV_").removeprefix("CVC_").replace("_", " ").lower()


def _element(path: str | None) -> str:
    return f" at {path}" if path else ""


def _check_report(root: etree._Element, now: datetime) -> None:
    people = len(root.findall("personOrUserReported"))
    batched = root.find("batchedReport")
    is_batched = batched is not None and (batched.text or "").strip() in {"", "true", "1"}
    if people > 1 and not is_batched:
        raise Refused(
            Code.VALIDATION_FAILED, "One person or user is reported, unless the report is batched."
        )
    _check_captures(root)
    _check_past(root, now, ("incidentSummary/incidentDateTime",))


def _check_past(root: etree._Element, now: datetime, paths: tuple[str, ...]) -> None:
    for path in paths:
        text = root.findtext(path)
        if text is None:
            continue
        moment = moment_of(text)
        if moment is None or (moment - now).total_seconds() > SKEW_S:
            raise Refused(Code.VALIDATION_FAILED, f"{path} must be in the past.")


def moment_of(text: str) -> datetime | None:
    """Read an xs:dateTime with its zone; None when it is none that a calendar has."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _check_captures(root: etree._Element) -> None:
    for element in root.iter("ipAddress"):
        try:
            ipaddress.ip_address((element.text or "").strip())
        except ValueError:
            raise Refused(
                Code.VALIDATION_FAILED, f"Line {element.sourceline}: not an address."
            ) from None
