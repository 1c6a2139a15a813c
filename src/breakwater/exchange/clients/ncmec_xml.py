"""NCMEC Hash Sharing v2, read: one answer's XML as items, without entities, DTDs or network.

In comes a body; out go entries, tombstones, what could not be read, and the path of the next
page. A fingerprint that is none is said and the rest of its entry kept. Shape: reference
hash-sharing, "NCMEC Hash Sharing v2"; tests: `tests/contract/test_exchange_clients.py`.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from lxml import etree

from breakwater.errors import BadInput, PeerFault
from breakwater.model.bank import Opinion
from breakwater.model.exchange import Gone, Item, Offered, Row, Said, Unreadable
from breakwater.model.signal import kind_named

NAMESPACE: Final = "https://hashsharing.ncmec.org/hashsharing/v2"
KINDS: Final[Mapping[str, str]] = {
    "md5": "md5", "sha1": "sha1", "sha256": "sha256", "pdna": "photodna", "pdq": "pdq",
}  # fmt: skip
"""Fingerprint tags we can keep; TMK, NetClean, Videntifier and SSVH need libraries of their own."""
TYPES: Final[Mapping[str, str]] = {
    "md5": "MD5", "sha1": "SHA1", "sha256": "SHA256", "photodna": "PDNA", "pdq": "PDQ",
}  # fmt: skip
MOST_ITEMS: Final = 50_000
"""Entries of one answer; a page of this dialect has 1,000."""
_ENTRIES: Final = frozenset({"image", "video", "deletedImage", "deletedVideo"})


@dataclass(frozen=True, slots=True)
class Read:
    """One answer, read."""

    items: tuple[Item, ...]
    next: str = ""


def plain(tag: Any) -> str:
    """A tag without its namespace; empty for comments and instructions."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def parse(body: bytes) -> etree._Element:
    """One document as a tree.

    Raises:
        PeerFault: it is no XML, or has a document type (entities are never read).
    """
    if b"<!DOCTYPE" in body[:4096]:
        raise PeerFault("The XML has a document type; none is read.")
    try:
        return etree.fromstring(_trimmed(body), etree.XMLParser(**_SAFE))
    except (etree.XMLSyntaxError, ValueError):
        raise PeerFault("The answer is no XML, or ends before its end.") from None


def page(body: bytes) -> Read:
    """A `queryResult`.

    Raises:
        PeerFault: it is no XML, another document, or larger than any page.
    """
    if b"<!DOCTYPE" in body[:4096]:
        raise PeerFault("The XML has a document type; none is read.")
    items: list[Item] = []
    following, root = "", ""
    try:
        for event, node in _walk(body):
            name = plain(node.tag)
            if event == "start":
                root = root or name
                continue
            if name in _ENTRIES and plain(getattr(node.getparent(), "tag", "")) in _LISTS:
                items += _entry(name, node)
                node.clear()
                if len(items) > MOST_ITEMS:
                    raise PeerFault(f"One page has more than {MOST_ITEMS:,} entries.")
            elif name == "next" and plain(getattr(node.getparent(), "tag", "")) == "paging":
                following = (node.text or "").strip()
    except (etree.XMLSyntaxError, ValueError):
        raise PeerFault("A page is no XML, or ends before its end.") from None
    if root != "queryResult":
        raise PeerFault("The answer is another document than a list of entries.")
    return Read(tuple(items), following)


_LISTS: Final = frozenset({"images", "videos"})
_SAFE: Final[dict[str, Any]] = {
    "resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False,
    "remove_comments": True, "remove_pis": True,
}  # fmt: skip


def _walk(body: bytes) -> Iterator[tuple[str, etree._Element]]:
    source = io.BytesIO(_trimmed(body))
    yield from etree.iterparse(source, events=("start", "end"), **_SAFE)


def _trimmed(body: bytes) -> bytes:
    """Without the white space before the declaration that some servers send."""
    return body.lstrip() if body[:1].isspace() else body


def _entry(name: str, node: etree._Element) -> list[Item]:
    """One entry or tombstone, and what of it could not be read."""
    facts = {plain(child.tag): child for child in node}
    said, member = _text(facts.get("id")), facts.get("member")
    number = member.get("id", "").strip() if member is not None else ""
    if not said or not number:
        return [Unreadable(f"{name} {said or '?'}", "It has no id, or no member.")]
    remote = f"{number}-{said}"
    at = moment(_text(facts.get("timestamp")))
    if name.startswith("deleted"):
        return [Gone(remote, at)]
    rows, bad = _signals(f"{name} {remote}", facts.get("fingerprints"))
    kind = f"media:{name}"
    graded = _text(facts.get("classification"))
    offer = Offered(
        remote, rows, labels=tuple(one for one in (graded[:40], kind) if one),
        source=" ".join(_text(member).split())[:200], at=at,
        opinions=tuple(_opinions(facts.get("feedback"))),
    )  # fmt: skip
    return [offer, *bad]


def _signals(place: str, node: etree._Element | None) -> tuple[tuple[Row, ...], list[Item]]:
    rows: list[Row] = []
    bad: list[Item] = []
    for child in node if node is not None else ():
        kind = KINDS.get(plain(child.tag).lower())
        text = _text(child)
        if kind is None or not text:
            continue
        try:
            rows.append((kind, kind_named(kind).parse(text), 100))
        except BadInput as error:
            bad.append(Unreadable(place, error.detail or error.title()))
    return tuple(dict.fromkeys(rows)), bad


def _opinions(node: etree._Element | None) -> Iterator[Said]:
    """What members said, for each fingerprint type."""
    for one in node if node is not None else ():
        word = _WORDS.get(plain(one.tag))
        if word is None:
            continue
        kind = _KIND_OF.get(one.get("type", "").upper().replace("-", ""), "")
        reasons = "; ".join(
            child.get("name", "") for child in one.iter() if plain(child.tag) == "reason"
        )
        for child in one.iter():
            if plain(child.tag) == "member" and child.get("id"):
                yield Said(child.get("id", "")[:40], word, kind, reasons[:200])


_WORDS: Final = {
    "affirmativeFeedback": Opinion.TRUE_POSITIVE, "negativeFeedback": Opinion.FALSE_POSITIVE,
}  # fmt: skip
_KIND_OF: Final = {name: kind for kind, name in TYPES.items()}


def moment(text: str) -> datetime | None:
    """A time of the dialect; None where it is none."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _text(node: etree._Element | None) -> str:
    return "" if node is None else (node.text or "").strip()
