"""From matches to a verdict: pure, table-driven, one rule named in every answer.

The order is the table: the first row that applies decides. What cannot be read is held for
a person and never allowed (the house rule "never a sentinel for failure").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from breakwater.model.bank import BankAction
from breakwater.model.case import Priority
from breakwater.model.conversation import permit as lawful
from breakwater.model.copies import CopyMatch, Zone
from breakwater.model.decision import DECIDED
from breakwater.model.match import Action, Match, Verdict
from breakwater.model.media import Undecodable
from breakwater.model.upload import Surface

NO_MATCH: Final = Verdict(Action.ALLOW, "no_match", "Nothing like it is in any bank.")

WHY_NOT: Final[Mapping[str, str]] = {
    "quarantined": "The matching entry is quarantined until a person has looked at it.",
    "proposed": "The matching entry waits for a second person.",
    "expired": "The matching entry has expired.",
    "low_quality": "The picture has too little detail for its hash to count on its own.",
    "not_enabled": "The matching bank acts for a share of items, and not for this one.",
    "harmless": "It matches an entry that is known to be harmless.",
    DECIDED: "A person decided that this match does not count.",
    "apart": "A closer look found that it is another video.",
}
"""Why a match is shown and does not act, in words."""


def decide(
    matches: Sequence[Match],
    actions: Mapping[str, BankAction],
    copies: Sequence[CopyMatch] = (),
) -> Verdict:
    """Turn what one item matches into its verdict.

    Args:
        matches: nearest first, as `recognition.screen` gives them.
        actions: what a match does, by bank name.
        copies: stretches of known videos, as `recognition.copies` gives them. One that is sure
            does what a match does; an unsure one is held for a person, whatever would block.
    """
    sure = [c for c in copies if c.acting and c.segment.zone is Zone.LINK]
    unsure = [c for c in copies if c.acting and c.segment.zone is Zone.LOOK]
    acting: list[Match | CopyMatch] = [m for m in matches if m.acting and not m.negative]
    acting += sure
    evidence = (tuple(matches), tuple(copies))
    for wanted in (BankAction.BLOCK, BankAction.HOLD, BankAction.LOG):
        for match in acting:
            if actions.get(match.bank, BankAction.HOLD) is wanted:
                reason = f"{match.words}, in bank {match.bank}."
                return Verdict(wanted.action, f"bank.{wanted.value}", reason, *evidence)
        for copy in unsure:
            does = actions.get(copy.bank, BankAction.HOLD)
            if wanted is BankAction.HOLD and does is not BankAction.LOG:
                reason = f"{copy.words}, in bank {copy.bank}: a person must look."
                return Verdict(Action.HOLD, "copy.look", reason, *evidence)
    reasons = [*(m.why_not for m in matches), *(c.why_not for c in copies)]
    for why_not in filter(None, reasons):
        return Verdict(Action.ALLOW, why_not, WHY_NOT[why_not], *evidence)
    return Verdict(NO_MATCH.action, NO_MATCH.rule, NO_MATCH.reason, *evidence)


def unreadable(failure: Undecodable) -> Verdict:
    """What cannot be read waits for a person."""
    return Verdict(Action.HOLD, f"undecodable.{failure.reason.value}", failure.reason.words)


PRIORITY: Final[Mapping[tuple[Action, Surface], Priority]] = {
    (Action.BLOCK, Surface.LIVE): Priority.NOW,
    (Action.HOLD, Surface.LIVE): Priority.NOW,
    (Action.BLOCK, Surface.PUBLIC): Priority.HIGH,
    (Action.BLOCK, Surface.PROFILE): Priority.HIGH,
    (Action.BLOCK, Surface.PRIVATE): Priority.HIGH,
    (Action.HOLD, Surface.PUBLIC): Priority.MEDIUM,
    (Action.HOLD, Surface.PROFILE): Priority.MEDIUM,
    (Action.HOLD, Surface.PRIVATE): Priority.MEDIUM,
}
"""How soon a person must look, by verdict and surface. Live outranks everything."""


def priority(verdict: Verdict, surface: Surface) -> Priority:
    """The urgency of the case; what could not be read is low unless it is live."""
    if verdict.rule.startswith("undecodable") and surface is not Surface.LIVE:
        return Priority.LOW
    return PRIORITY[verdict.action, surface]


def permit(surface: Surface, jurisdiction: str, permitted: Sequence[str]) -> None:
    """Refuse private content where no legal basis is configured (ePrivacy; law reference).

    `US` permits `US-CA` too; an unnamed jurisdiction has no basis.

    Raises:
        ScanningNotPermitted: nothing may be stored; the caller counts it.
    """
    if surface is not Surface.PRIVATE:
        return
    lawful(jurisdiction, permitted, "BREAKWATER_PRIVATE_JURISDICTIONS")
