"""How urgent a received report is: one table of what counts and why, no scores.

A child who may be in danger now comes first, then what shows a child being directed or hurt,
then the rest; what only spreads widely comes last. Every reason is kept and shown. Pure.
Tests: `tests/unit/test_receiving_triage.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from breakwater.model.case import Priority
from breakwater.model.received import Triage
from breakwater.reporting.receiving.reading import Contents, FileFacts

Rule = tuple[Priority, str, Callable[[Contents, Sequence[FileFacts]], bool]]

ENTICEMENT: Final = "Online Enticement of Children for Sexual Acts"
HANDS_ON: Final = frozenset(
    {"Child Sex Trafficking", "Child Sexual Molestation", "Child Sex Tourism"}
)


def _report(*names: str) -> Callable[[Contents, Sequence[FileFacts]], bool]:
    return lambda report, _: not report.annotations.isdisjoint(names)


def _file(*names: str) -> Callable[[Contents, Sequence[FileFacts]], bool]:
    return lambda _, files: any(not f.annotations.isdisjoint(names) for f in files)


RULES: Final[tuple[Rule, ...]] = (
    (Priority.NOW, "The sender calls it urgent.", lambda r, _: bool(r.escalation)),
    (Priority.NOW, "Somebody hurts or is made to hurt themselves.",
     _report("sadisticOnlineExploitation")),
    (Priority.HIGH, "A file is from a live broadcast.", _file("liveStreaming")),
    (Priority.HIGH, "A file shows an infant.", _file("infant")),
    (Priority.HIGH, "A file shows physical harm or violence.",
     _file("physicalHarm", "violenceGore", "bestiality")),
    (Priority.HIGH, "A child is blackmailed with pictures.", _report("sextortion")),
    (Priority.HIGH, "It is about enticing a child.", lambda r, _: r.incident == ENTICEMENT),
    (Priority.HIGH, "It is about a child within somebody's reach.",
     lambda r, _: r.incident in HANDS_ON),
    (Priority.HIGH, "It names a child.", lambda r, _: bool(r.of_role("victim"))),
    (Priority.MEDIUM, "Somebody asks for or offers such pictures.", _report("csamSolicitation")),
)  # fmt: skip
"""Priority, reason, test; every rule that holds is a reason."""

LAST: Final = "It is one item that spread widely, reported for many users at once."
USUAL: Final = "Nothing in it is marked as more urgent."


def triage(report: Contents, files: Sequence[FileFacts]) -> Triage:
    """Decide how urgent a report is.

    >>> triage(Contents("Child Sex Tourism"), ()).priority.value
    'high'
    """
    held = [(priority, why) for priority, why, holds in RULES if holds(report, files)]
    if held:
        first = min((priority for priority, _ in held), key=lambda one: one.rank)
        return Triage(first, tuple(why for _, why in held))
    if report.batched or "spam" in report.annotations:
        return Triage(Priority.LOW, (LAST,) if report.batched else (USUAL,))
    return Triage(Priority.MEDIUM, (USUAL,))
