"""From matches to a verdict: pure, table-driven, one rule named in every answer.

The order is the table: the first row that applies decides. What cannot be read is held for
a person and never allowed (the house rule "never a sentinel for failure").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from breakwater.errors import ScanningNotPermitted
from breakwater.model.bank import BankAction
from breakwater.model.case import Priority
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
}
"""Why a match is shown and does not act, in words."""


def decide(matches: Sequence[Match], actions: Mapping[str, BankAction]) -> Verdict:
    """Turn the matches of one item into its verdict.

    Args:
        matches: nearest first, as `recognition.screen` gives them.
        actions: what a match does, by bank name.
    """
    acting = [match for match in matches if match.acting and not match.negative]
    for wanted in (BankAction.BLOCK, BankAction.HOLD, BankAction.LOG):
        for match in acting:
            if actions.get(match.bank, BankAction.HOLD) is wanted:
                reason = f"{match.words}, in bank {match.bank}."
                return Verdict(wanted.action, f"bank.{wanted.value}", reason, tuple(matches))
    for match in matches:
        if match.why_not:
            return Verdict(Action.ALLOW, match.why_not, WHY_NOT[match.why_not], tuple(matches))
    return Verdict(NO_MATCH.action, NO_MATCH.rule, NO_MATCH.reason, tuple(matches))


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
    country = jurisdiction.upper()
    if country and any(country == p or country.startswith(f"{p}-") for p in permitted):
        return
    raise ScanningNotPermitted(
        "Name the jurisdiction in BREAKWATER_PRIVATE_JURISDICTIONS once its legal basis is settled.",
        jurisdiction=country or "none",
    )
