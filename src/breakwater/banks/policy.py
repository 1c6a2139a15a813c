"""Rules of banks, pure: what is a flood, who may vouch, which kinds can be matched here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from breakwater.model.bank import EntryStatus
from breakwater.model.signal import BUILTIN, Measure, SignalKind


@dataclass(frozen=True, slots=True)
class Floods:
    """What is too much in an hour: a typical list grows by hundreds a day, not by millions."""

    entries_per_hour: int
    matches_per_hour: int


def status_of_new(*, negative: bool, signed: bool, arrived: int, adding: int, floods: Floods) -> EntryStatus:  # fmt: skip
    """How a new entry starts.

    Args:
        negative: known harmless; waits for a second person.
        signed: a person vouches for the import it belongs to.
        arrived: unsigned entries this bank took in the last hour.
        adding: entries that are being added now.
        floods: the limits.
    """
    if negative:
        return EntryStatus.PROPOSED
    if not signed and arrived + adding > floods.entries_per_hour:
        return EntryStatus.QUARANTINED
    return EntryStatus.ACTIVE


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a bank can be matched by what is installed.

    Attributes:
        kind: of signal.
        entries: present entries of it.
        matchable: whether an index for it is installed.
        words: what it is, and what it needs.
    """

    kind: str
    entries: int
    matchable: bool
    words: str


def shares(counts: Mapping[str, int], served: Sequence[SignalKind]) -> list[Share]:
    """The matchable share by kind, the largest first."""
    names = {kind.name for kind in served}
    kinds = {**BUILTIN, **{kind.name: kind for kind in served}}
    out = [
        Share(
            name,
            n,
            name in names,
            kinds[name].words if name in kinds else "a kind that is not installed",
        )
        for name, n in counts.items()
    ]
    return sorted(out, key=lambda share: (-share.entries, share.kind))


def share_words(found: Sequence[Share]) -> str:
    """The line of the bank page and of `bank import`: "1.4 of 3.5 M matchable; …"."""
    total = sum(share.entries for share in found)
    ready = sum(share.entries for share in found if share.matchable)
    missing = [share for share in found if not share.matchable]
    text = f"{ready:,} of {total:,} matchable"
    for share in missing:
        needs = "PhotoDNA" if share.kind == "photodna" else share.kind
        text += f"; {share.entries:,} need {needs}"
    return text


def licensed(kind: SignalKind) -> bool:
    """Whether a kind needs the operator's own library."""
    return kind.measure is Measure.LICENSED
