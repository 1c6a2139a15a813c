"""A case as VICS 2.0, written piece by piece: one Media entry for each file that has an MD5.

In: a case's head, its files with what a person said is seen, and a scheme. Out: JSON in UTF-8
without a byte-order mark. Writer rules of the reference (classification, "VICS"): flags only when
true and as text, MD5 mandatory and in upper case, CaseID in braces, back-slash paths, no OData
noise. Facts, SHA-256 and the scheme's own code stand in the property bag (`Exifs`), which other
readers keep. The category is derived from facts, never from another scheme. Read back by
`review.grading.vics`; tests: `tests/contract/test_vics_case.py`.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Self

from breakwater import __version__
from breakwater.errors import BadInput
from breakwater.model.facts import ItemFacts, Known
from breakwater.model.ids import Id
from breakwater.model.package import ItemRole, PackageFacts, PackageItem
from breakwater.model.scheme import Scheme

ENVELOPE: Final = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#Cases"
PROPERTY: Final = "breakwater."
"""How names in the property bag begin that are ours."""

SERIES: Final = "series:"
"""How a label of a known value begins that names a series."""

_WORDS: Final = frozenset({"activity", "realism", "victim"})
"""Facts that a package keeps as bare words; the others stand as JSON."""


@dataclass(frozen=True, slots=True)
class Context:
    """Whose categories are used.

    Attributes:
        name: as the envelope spells it, `US` or `UK`.
        scheme: id of the table that gives the code.
        categories: the integer of each code; a code that is missing has none.
    """

    name: str
    scheme: str
    categories: Mapping[str, int]

    @classmethod
    def named(cls, name: str) -> Self:
        """One of those that ship.

        Raises:
            BadInput: there is no such context.
        """
        known = _contexts()
        if name not in known:
            raise BadInput(f"A context is one of: {', '.join(sorted(known))}.")
        return cls(name, str(known[name]["scheme"]), dict(known[name]["categories"]))


def contexts() -> tuple[str, ...]:
    """Names of all contexts."""
    return tuple(_contexts())


@cache
def _contexts() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("contexts.toml").read_text("utf-8")
    return tomllib.loads(text)


@dataclass(frozen=True, slots=True)
class VicsCase:
    """The head of an export.

    Attributes:
        organisation: who holds the records; contact: who asks, by name.
        exhibit: what the files are exhibited as, such as a package; empty: nothing yet.
        reference: the legal reference.
        series: of files that links put into one, by SHA-256.
    """

    case: Id
    number: int
    organisation: str
    contact: str = ""
    reference: str = ""
    exhibit: str = ""
    series: Mapping[str, str] = field(default_factory=dict)


def of_package(facts: PackageFacts, context: Context, scheme: Scheme) -> bytes:
    """A package's case, whole."""
    head = VicsCase(
        facts.case, facts.case_number, facts.organisation, facts.agreed.name, facts.reference,
        f"package {facts.package}",
    )  # fmt: skip
    return b"".join(written(head, facts.items, context, scheme))


def written(
    head: VicsCase, items: Iterable[PackageItem], context: Context, scheme: Scheme
) -> Iterator[bytes]:
    """The export in pieces, one a file; what was written down here is no medium.

    Args:
        head: of the case.
        items: its files; one without MD5 is left out and counted at the end.
        context: whose categories.
        scheme: the table that `context` names.

    Raises:
        BadInput: another table.
    """
    if scheme.id != context.scheme:
        raise BadInput(f"The categories of {context.name} are given by {context.scheme}.")
    opened = json.dumps(_head(head, scheme), ensure_ascii=False)[:-1]
    envelope = json.dumps(ENVELOPE.format(context.name))
    yield _utf8(f'{{"@odata.context": {envelope}, "value": [{opened}, "Media": [')
    before, left = "", 0
    for item in items:
        if item.role is ItemRole.CONTEXT:
            continue
        if not item.md5:
            left += 1
            continue
        media = json.dumps(_media(item, head, context, scheme), ensure_ascii=False)
        yield _utf8(f"{before}\n{media}")
        before = ","
    yield _utf8(f'],\n"{PROPERTY}LeftOut": {left}}}]}}\n')


def left_out(items: Iterable[PackageItem]) -> int:
    """Media that have no MD5, so that VICS cannot name them."""
    return sum(item.role is not ItemRole.CONTEXT and not item.md5 for item in items)


def media_in(items: Iterable[PackageItem]) -> int:
    """Media that an export names."""
    return sum(item.role is not ItemRole.CONTEXT and bool(item.md5) for item in items)


def facts_of(item: PackageItem) -> ItemFacts | None:
    """What a person said is seen in a file; None: nobody did.

    Raises:
        BadInput: they are not facts.
    """
    said = {
        name: value if name in _WORDS else json.loads(value)
        for name, value in item.facts
        if value != "null"
    }
    return ItemFacts.read(said) if said else None


def _head(head: VicsCase, scheme: Scheme) -> dict[str, Any]:
    case_id = "{" + str(head.case).upper() + "}"
    told = {
        "Reference": head.reference,
        "Exhibit": head.exhibit,
        f"{PROPERTY}scheme": f"{scheme.id} {scheme.version}",
    }
    made = {
        "CaseID": case_id,
        "CaseNumber": str(head.number),
        "ContactOrganization": head.organisation,
        "ContactName": head.contact,
        "SourceApplicationName": "breakwater",
        "SourceApplicationVersion": __version__,
        "CaseMetadata": [
            {"CaseID": case_id, "PropertyName": name, "PropertyValue": value}
            for name, value in told.items()
            if value
        ],
    }
    return {name: value for name, value in made.items() if value}


def _media(item: PackageItem, head: VicsCase, context: Context, scheme: Scheme) -> dict[str, Any]:
    facts, md5 = facts_of(item), item.md5.upper()
    code = "" if facts is None else scheme.derive(facts).codes[0]
    made: dict[str, Any] = {"MediaID": item.number}
    if code in context.categories:
        made["Category"] = context.categories[code]
    made["MD5"] = md5
    known = {
        "SHA1": item.sha1.upper(), "MediaSize": item.size, "MimeType": item.type,
        "RelativeFilePath": item.path.replace("/", "\\"), "Series": _series(item, head.series.get(item.sha256, "")),
    }  # fmt: skip
    made |= {name: value for name, value in known.items() if value}
    made |= _flags(facts)
    made["AlternativeHashes"] = _hashes(item)
    bag = {"sha256": item.sha256, "code": code, "received": item.received_at.isoformat()}
    if facts is not None:
        bag["facts"] = json.dumps(facts.plain(), separators=(",", ":"))
    made["Exifs"] = [
        {"MD5": md5, "PropertyName": f"{PROPERTY}{name}", "PropertyValue": value}
        for name, value in bag.items()
        if value
    ]
    made["MediaFiles"] = [_file(item, head, md5)]
    return made


def _file(item: PackageItem, head: VicsCase, md5: str) -> dict[str, str]:
    """Where it lay; the path is mandatory, and a service has none but its own name for the file."""
    return {
        "MD5": md5,
        "FileName": item.name or f"file {item.number}",
        "FilePath": item.path.replace("/", "\\") or "\\",
        "SourceID": f"case {head.number}, file {item.number}",
    }


def _hashes(item: PackageItem) -> list[dict[str, str]]:
    """Hashes beside MD5 and SHA-1; of a video one perceptual hash a frame says nothing alone."""
    found = {"SHA256": item.sha256.upper()}
    still = {one.own for one in item.comparisons if one.kind == "pdq" and one.view == "original"}
    if len(still) == 1 and item.type.startswith("image/"):
        found["PDQ"] = still.pop()
    return [{"HashName": name, "HashValue": value} for name, value in found.items() if value]


def _series(item: PackageItem, linked: str) -> str:
    """Series that known values name which count, and the one that links put it into, joined."""
    names = [
        label.removeprefix(SERIES).strip()
        for one in item.comparisons
        if not one.rejected and not one.negative
        for label in one.labels
        if label.startswith(SERIES)
    ]
    return "; ".join(dict.fromkeys(name for name in (*names, linked) if name))


def _flags(facts: ItemFacts | None) -> dict[str, str]:
    """Only what is true, as text: absent is not false."""
    if facts is None:
        return {}
    said = {
        "VictimIdentified": facts.victim is Known.YES,
        "SelfGenerated": facts.self_generated,
    }
    return {name: "true" for name, holds in said.items() if holds}


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")
