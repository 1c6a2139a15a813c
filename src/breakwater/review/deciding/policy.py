"""What a decision asks for and what it does to an upload: tables and pure functions.

In come the decision, the case and the uploads it reaches; out come refusals in words, the
outcome for each upload and its new verdict, and whether a second person is needed (reference:
law, "two people for": releasing more than 10 items). Tests: `tests/unit/test_decision.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from breakwater.errors import BadInput
from breakwater.model.bank import BankAction
from breakwater.model.case import CaseKind
from breakwater.model.copies import CopyMatch
from breakwater.model.decision import (
    CONFIRMED,
    DECIDED,
    STANDING,
    AccountRole,
    Context,
    DecisionFacts,
    DecisionKind,
    Outcome,
    Profile,
)
from breakwater.model.facts import Activity
from breakwater.model.match import Action, Match, Verdict
from breakwater.model.upload import Upload

MOST_ALONE: Final = 10
"""Items that one person may release at once (reference: law, "two people for")."""

K = DecisionKind

ABOUT_UPLOADS: Final = frozenset(K)
ABOUT_BANKS: Final = frozenset({K.NOT_ILLEGAL, K.SECOND_OPINION, K.ESCALATE})
"""A flood of matches or entries has no item to judge: it is looked into and closed."""

ABOUT_LEADS: Final = ABOUT_BANKS | {K.DANGER_NOW}
"""A lead has no item of its own: the cases of its media are judged, it is looked into and closed."""

WITHOUT_MATCH: Final = frozenset(K) - {K.WRONG_MATCH}

REASONS: Final[Mapping[DecisionKind, str]] = {
    K.NOT_ILLEGAL: "A person looked: it is not illegal.",
    K.LAWFUL_CONTEXT: "A person looked: its context is lawful.",
    K.ILLEGAL: "A person looked: it is illegal.",
    K.OWN_IMAGE: "A person looked: the child's own image.",
    K.WRONG_MATCH: "A person looked: it is not what the entry stands for.",
    K.SECOND_OPINION: "A second opinion is asked for.",
    K.ESCALATE: "It needs somebody with more experience.",
    K.DANGER_NOW: "A child may be in danger now.",
}
"""What stands as reason when a person gives none of their own."""

VERDICTS: Final[Mapping[DecisionKind, str]] = {
    K.ILLEGAL: "A person confirmed that it is illegal.",
    K.OWN_IMAGE: "A person confirmed it: the child's own image.",
}
RELEASED: Final = "A person decided that this match does not count."


def kinds_for(kind: CaseKind, upload: Upload | None) -> frozenset[DecisionKind]:
    """What may be said of a case: about an upload, about one without a match, about a bank."""
    if kind is CaseKind.QUARANTINE:
        return ABOUT_BANKS
    if kind is CaseKind.LEAD:
        return ABOUT_LEADS
    if kind is CaseKind.STREAM:
        return ABOUT_UPLOADS
    return ABOUT_UPLOADS if upload is not None and entries_of(upload) else WITHOUT_MATCH


def check(
    kind: DecisionKind,
    facts: DecisionFacts,
    *,
    allowed: Collection[DecisionKind],
    live: bool = False,
    words: bool = False,
) -> None:
    """Refuse a decision that this case does not take, or that lacks a fact.

    Args:
        kind: what is said.
        facts: what is added.
        allowed: what this case takes.
        live: it is about a broadcast, whose sender's role is asked at every cut.
        words: it is about what was written, in which nothing is seen.

    Raises:
        BadInput: the detail says what is missing.
    """
    if kind not in allowed:
        raise BadInput(f"This case is not decided as {kind.value.replace('_', ' ')}.")
    if kind is K.LAWFUL_CONTEXT and facts.context is None:
        raise BadInput(f"Say which context is lawful: {', '.join(Context)}.")
    unseen = facts.item is None or facts.item.activity is Activity.NONE
    if kind is K.ILLEGAL and unseen and not (words and facts.item is None):
        raise BadInput("Say which activity is seen; “none” is not illegal.")
    if live and kind is K.ILLEGAL and facts.role is None:
        raise BadInput(f"Say who broadcasts: {', '.join(AccountRole)}.")


def entries_of(upload: Upload) -> frozenset[int]:
    """Numbers of the entries an upload's verdict rests on."""
    matches = upload.verdict.matches if upload.verdict else ()
    return frozenset(m.number for m in matches if m.acting and not m.negative)


def judged_by(kind: DecisionKind, upload: Upload | None) -> frozenset[int]:
    """Numbers of the entries a decision speaks of: the wrong ones, or all the item is near to."""
    if upload is None or upload.verdict is None:
        return frozenset()
    if kind is K.WRONG_MATCH:
        return entries_of(upload)
    return frozenset(m.number for m in upload.verdict.matches if not m.negative)


def outcome_for(
    kind: DecisionKind,
    upload: Upload,
    *,
    dismissed: Collection[int],
    actions: Mapping[str, BankAction],
    own: bool = False,
) -> tuple[Outcome, str]:
    """What becomes of one upload, and why it is not released where a release is asked for.

    Args:
        kind: the decision.
        upload: one that it reaches.
        dismissed: numbers of the entries it speaks of (`judged_by`).
        actions: what a match does, by bank name.
        own: the case is about this very upload.
    """
    if kind.keeps:
        return Outcome.KEPT, ""
    rule = upload.verdict.rule if upload.verdict else ""
    if rule.startswith(CONFIRMED) and not own:
        return Outcome.CONFIRMED, "A person confirmed it; it stays as it is."
    if rule.startswith(STANDING) and not rule.startswith(CONFIRMED):
        return Outcome.HELD, "It came with a report and is kept with it."
    for match in _acting(upload):
        holds = actions.get(match.bank, BankAction.HOLD).action is not Action.ALLOW
        if holds and match.number not in dismissed:
            return Outcome.HELD, f"It also matches entry {match.number} of {match.bank}."
    for copy in upload.verdict.copies if upload.verdict and not own else ():
        if copy.acting and actions.get(copy.bank, BankAction.HOLD).action is not Action.ALLOW:
            return Outcome.HELD, f"It also shows known video {copy.number} of {copy.bank}."
    return Outcome.RELEASED, ""


def verdict_after(
    kind: DecisionKind, upload: Upload, outcome: Outcome, *, dismissed: Collection[int]
) -> Verdict | None:
    """The verdict that follows; None when the present one stays as it is."""
    present = upload.verdict
    matches = present.matches if present else ()
    copies = present.copies if present else ()
    if outcome is Outcome.KEPT:
        return Verdict(Action.BLOCK, kind.rule, VERDICTS[kind], matches, copies)
    silenced = tuple(
        replace(m, acting=False, why_not=DECIDED) if m.number in dismissed else m for m in matches
    )
    if outcome is Outcome.RELEASED:
        quiet = tuple(replace(c, acting=False, why_not=DECIDED) for c in copies)
        return Verdict(Action.ALLOW, DECIDED, RELEASED, silenced, quiet)
    if outcome is Outcome.HELD and present is not None and silenced != matches:
        acting: list[Match | CopyMatch] = [m for m in silenced if m.acting and not m.negative]
        acting += [c for c in copies if c.acting]
        nearest = acting[0]
        return replace(
            present, reason=f"{nearest.words}, in bank {nearest.bank}.", matches=silenced
        )
    return None


def needs_second(released: int) -> bool:
    """Whether so many items may be released only by two people."""
    return released > MOST_ALONE


def report_waits(profile: Profile) -> bool:
    """Whether an urgent report waits for its second person; a small team confirms it after."""
    return profile is Profile.TEAM


def _acting(upload: Upload) -> tuple[Match, ...]:
    matches = upload.verdict.matches if upload.verdict else ()
    return tuple(m for m in matches if m.acting and not m.negative)
