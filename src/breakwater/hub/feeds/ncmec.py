"""NCMEC's hash sharing v2 as text: answers of the dialect that many clients speak. Pure.

Namespace, elements and what the widely used client insists on: reference hash-sharing, "NCMEC Hash
Sharing v2" (`<?xml` at byte 0, whole seconds, `maxTimestamp` where there are children, reasons and
members in turn). Written by hand, because a page is a thousand entries. An entry of ours is one
fingerprint; kinds that the dialect has no name for are not told in it. Tests:
`tests/integration/test_hub_ncmec.py`, `tests/integration/test_threatexchange_ncmec.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from breakwater.model.hub import REASONS, Feedback, FeedbackKind
from breakwater.model.hub_feed import Gone, News, Released
from breakwater.model.ids import Id
from breakwater.model.signal import kind_named

NAMESPACE: Final = "https://hashsharing.ncmec.org/hashsharing/v2"
HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
PAGE: Final = 1000

TAGS: Final[Mapping[str, str]] = {"md5": "md5", "sha1": "sha1", "photodna": "pdna", "pdq": "pdq"}
"""Our kinds as their elements."""
TYPES: Final[Mapping[str, str]] = {"md5": "MD5", "sha1": "SHA1", "photodna": "PDNA", "pdq": "PDQ"}
"""Our kinds as they stand in paths."""
KINDS: Final = {name: kind for kind, name in TYPES.items()}
ALL_TYPES: Final = (
    "MD5", "SHA1", "PDNA", "PDQ", "NETCLEAN", "VIDENTIFIER", "TMK_PDQF", "SSVH_PDNA",
    "SSVH_SAFER_HASH",
)  # fmt: skip
_SAID: Final[Mapping[str, str]] = {"md5": "Md5", "sha1": "Sha1", "photodna": "Pdna", "pdq": "Pdq"}
"""As `type` of feedback spells them."""

VIDEO: Final = "video"
"""A label of entries whose file is a video; all others are images in this dialect."""

_GROUPS: Final = (
    ("Content", False, ("A1", "A2", "B1", "B2")),
    ("Context", True, ("Known Minor", "Potential Meme", "Viral")),
    ("Egregious", False, ("Egregious",)),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page is made of.

    Attributes:
        news: entries and tombstones; those the dialect cannot name are passed over.
        stamps: number of an entry to its second.
        former: number of an entry to further members that it may have been named by.
        feedback: number of an entry to what members say of it.
        members: id of a member to number and name.
        next: path and query of the next page; empty at the end.
    """

    news: Sequence[News]
    stamps: Mapping[int, int]
    former: Mapping[int, tuple[int, ...]]
    feedback: Mapping[int, Sequence[Feedback]]
    members: Mapping[Id, tuple[int, str]]
    next: str = ""


def entries(answer: Answer) -> tuple[str, int]:
    """A page of entries, and how many elements it has."""
    names = dict(answer.members.values())
    stamped = {second: moment(second) for second in set(answer.stamps.values())}
    parts: dict[bool, list[str]] = {False: [], True: []}
    last = {False: 0, True: 0}
    for one in answer.news:
        if one.kind not in TAGS:
            continue
        second = answer.stamps[one.number]
        when = stamped[second]
        gone = list(answer.former.get(one.number, ()))
        video = False
        if isinstance(one, Released) and not one.negative:
            video = VIDEO in one.terms.labels
            parts[video].append(_entry(one, when, answer, video=video))
        else:
            known = one.sources if isinstance(one, Gone) else (one.terms.sources[0].number,)
            gone = [*known, *gone]
        # Each name it ever had goes: what a follower holds under another is not left behind.
        parts[video] += [
            _gone(one.number, who, names, when, video=video) for who in dict.fromkeys(gone)
        ]
        if parts[video]:
            last[video] = max(last[video], second)
    told = "".join(
        f'<{name} count="{len(parts[video])}" maxTimestamp="{moment(last[video])}">'
        f"{''.join(parts[video])}</{name}>"
        for name, video in (("images", False), ("videos", True))
        if parts[video]
    )
    paging = f"<paging><next>{escape(answer.next)}</next></paging>" if answer.next else ""
    count = sum(map(len, parts.values()))
    return f'{HEAD}<queryResult xmlns="{NAMESPACE}">{told}{paging}</queryResult>', count


def _entry(one: Released, when: str, answer: Answer, *, video: bool) -> str:
    name, tag = "video" if video else "image", TAGS[one.kind]
    said = one.terms.category
    classified = f"<classification>{escape(said)}</classification>" if said else ""
    source = one.terms.sources[0]
    words = answer.feedback.get(one.number, ())
    return (
        f'<{name}><member id="{source.number}">{escape(source.name)}</member>'
        f"<timestamp>{when}</timestamp><id>{one.number}</id>{classified}"
        f"<fingerprints><{tag}>{kind_named(one.kind).print(one.value)}</{tag}></fingerprints>"
        f"{feedback(words, answer.members) if words else ''}</{name}>"
    )


def _gone(number: int, who: int, names: Mapping[int, str], when: str, *, video: bool) -> str:
    name = "deletedVideo" if video else "deletedImage"
    called = escape(names.get(who, "This hub"))
    return (
        f'<{name}><member id="{who}">{called}</member><id>{number}</id>'
        f"<timestamp>{when}</timestamp></{name}>"
    )


def feedback(said: Iterable[Feedback], members: Mapping[Id, tuple[int, str]]) -> str:
    """What members say of one entry, by kind of signal; reasons and members in turn."""
    ups: dict[str, list[Feedback]] = {}
    downs: dict[str, dict[str, list[Feedback]]] = {}
    for one in said:
        kind = _SAID.get(one.kind_of_signal)
        if kind is None or one.member not in members:
            continue
        if one.opinion is FeedbackKind.AFFIRMATIVE:
            ups.setdefault(kind, []).append(one)
        elif one.opinion is FeedbackKind.NEGATIVE:
            for reason in one.reasons or (REASONS[0].id,):
                downs.setdefault(kind, {}).setdefault(reason, []).append(one)
    parts = [
        f'<affirmativeFeedback type="{kind}" lastUpdateTimestamp="{_latest(found)}">'
        f"{_members(found, members)}</affirmativeFeedback>"
        for kind, found in sorted(ups.items())
    ]
    for kind, reasons in sorted(downs.items()):
        every = [one for found in reasons.values() for one in found]
        inner = "".join(
            _reason(reason, kind) + _members(found, members) for reason, found in reasons.items()
        )
        parts.append(
            f'<negativeFeedback type="{kind}" lastUpdateTimestamp="{_latest(every)}">'
            f"<reasons>{inner}</reasons></negativeFeedback>"
        )
    if not parts:
        return ""
    latest = max(_second(one.at) for one in said)
    return f'<feedback lastUpdateTimestamp="{moment(latest)}">{"".join(parts)}</feedback>'


def _reason(guid: str, kind: str) -> str:
    name = next((one.name for one in REASONS if one.id == guid), "Other")
    return f"<reason guid={quoteattr(guid)} name={quoteattr(name)} type={quoteattr(kind)}/>"


def _members(said: Sequence[Feedback], members: Mapping[Id, tuple[int, str]]) -> str:
    inner = "".join(member(*members[one.member]) for one in said)
    return f'<members timestamp="{_latest(said)}">{inner}</members>'


def _latest(said: Iterable[Feedback]) -> str:
    return moment(max(_second(one.at) for one in said))


def _second(at: datetime | None) -> int:
    return 0 if at is None else int(at.timestamp())


def member(number: int, name: str) -> str:
    """One member."""
    return f'<member id="{number}">{escape(name)}</member>'


def status(address: str, user: str, number: int, name: str) -> str:
    """Who asks."""
    return (
        f'{HEAD}<status xmlns="{NAMESPACE}"><ipAddress>{escape(address)}</ipAddress>'
        f"<username>{escape(user)}</username>{member(number, name)}</status>"
    )


def members(every: Iterable[tuple[int, str]]) -> str:
    """All members."""
    inner = "".join(member(*one) for one in every)
    return f'{HEAD}<members xmlns="{NAMESPACE}">{inner}</members>'


def reasons(kind: str) -> str:
    """Reasons of negative feedback on a kind, as `ALL_TYPES` spells it.

    The published description shows the list as the root; the widely used client looks for it
    below the root. It stands in both places.
    """
    said = _SAID.get(KINDS.get(kind, ""), kind)
    inner = "".join(_reason(one.id, said) for one in REASONS if one.kind is FeedbackKind.NEGATIVE)
    name = "availableFeedbackReasons"
    return f'{HEAD}<{name} xmlns="{NAMESPACE}">{inner}<{name}>{inner}</{name}></{name}>'


def categorizations() -> str:
    """Words that entries may be sorted by, in their groups."""
    groups = ""
    for at, (group, multiple, words) in enumerate(_GROUPS, start=1):
        inner = "".join(
            f'<categorization guid="0192a1c0-0000-7000-8000-0000000{at:02d}{n:03d}" name="{word}"/>'
            for n, word in enumerate(words, start=1)
        )
        told = str(multiple).lower()
        groups += f'<group name="{group}" allowMultiple="{told}">{inner}</group>'
    name = "availableCategorizations"
    return f'{HEAD}<{name} xmlns="{NAMESPACE}">{groups}</{name}>'


def fault(words: str) -> str:
    """What was wrong, for whoever reads their client's log."""
    return f'{HEAD}<error xmlns="{NAMESPACE}"><message>{escape(words)}</message></error>'


def moment(second: int) -> str:
    """A second as the dialect spells it; never with a fraction."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
