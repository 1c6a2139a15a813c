"""What follows from matches: the table of verdicts, harmless entries, shares, private content."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import ScanningNotPermitted
from breakwater.intake import policy, testfiles
from breakwater.model.bank import Bank, BankAction
from breakwater.model.case import Priority
from breakwater.model.copies import CopyMatch, Segment, Zone
from breakwater.model.ids import Id, new_id
from breakwater.model.match import Action, Match, Verdict
from breakwater.model.media import Reason, Undecodable
from breakwater.model.signal import View
from breakwater.model.upload import Surface
from breakwater.recognition.screen import enabled, silence


def match(distance: int = 4, **facts: object) -> Match:
    base = Match(
        entry=Id("e"), number=1, bank="KNOWN", kind="pdq", value="00" * 32,
        distance=distance, limit=31,
    )  # fmt: skip
    return replace(base, **facts)  # type: ignore[arg-type]


ACTIONS = {"KNOWN": BankAction.BLOCK, "MAYBE": BankAction.HOLD, "SEEN": BankAction.LOG}


def test_no_match_is_allowed_by_a_named_rule() -> None:
    assert policy.decide([], ACTIONS) == policy.NO_MATCH


@pytest.mark.parametrize(
    ("bank", "action", "rule"),
    [
        ("KNOWN", Action.BLOCK, "bank.block"),
        ("MAYBE", Action.HOLD, "bank.hold"),
        ("SEEN", Action.ALLOW, "bank.log"),
    ],
)
def test_a_banks_action_decides(bank: str, action: Action, rule: str) -> None:
    verdict = policy.decide([match(bank=bank)], ACTIONS)
    assert (verdict.action, verdict.rule) == (action, rule)
    assert "4 of 256 bits differ (limit 31)" in verdict.reason


def test_block_outranks_a_nearer_hold() -> None:
    verdict = policy.decide([match(0, bank="MAYBE"), match(30, number=2)], ACTIONS)
    assert verdict.action is Action.BLOCK


def test_an_unknown_bank_holds_rather_than_allows() -> None:
    assert policy.decide([match(bank="GONE")], ACTIONS).action is Action.HOLD


@pytest.mark.parametrize("why", sorted(policy.WHY_NOT))
def test_what_does_not_act_is_allowed_and_says_why(why: str) -> None:
    verdict = policy.decide([match(acting=False, why_not=why)], ACTIONS)
    assert (verdict.action, verdict.rule) == (Action.ALLOW, why)
    assert verdict.matches


def test_what_cannot_be_read_is_held_for_a_person() -> None:
    verdict = policy.unreadable(Undecodable(Reason.TRUNCATED))
    assert verdict.action is Action.HOLD
    assert verdict.rule == "undecodable.truncated"


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("action", [Action.BLOCK, Action.HOLD])
def test_every_verdict_on_every_surface_has_a_priority(action: Action, surface: Surface) -> None:
    found = policy.priority(Verdict(action, "bank.x", ""), surface)
    assert (found is Priority.NOW) == (surface is Surface.LIVE)


class TestHarmless:
    def test_a_harmless_entry_silences_a_match_that_is_farther(self) -> None:
        out = silence([match(3, negative=True, number=9), match(12)])
        assert [m.why_not for m in out] == ["", "harmless"]

    def test_it_never_beats_a_nearer_or_equal_match_in_a_verified_bank(self) -> None:
        calm = match(3, negative=True, number=9)
        for distance in (0, 2, 3):
            assert all(m.acting for m in silence([calm, match(distance, verified=True)]))
        assert not silence([calm, match(4, verified=True)])[1].acting

    def test_it_speaks_for_its_own_frame_only(self) -> None:
        calm = match(0, negative=True, number=9, frame=3)
        assert silence([calm, match(5, frame=4)])[1].acting
        assert not silence([calm, match(5, frame=3)])[1].acting

    def test_a_harmless_sha256_speaks_for_the_whole_file(self) -> None:
        calm = match(0, negative=True, number=9, kind="sha256", limit=0)
        assert not silence([calm, match(5, frame=4)])[1].acting

    def test_one_that_does_not_act_silences_nothing(self) -> None:
        calm = match(0, negative=True, number=9, acting=False, why_not="proposed")
        assert silence([calm, match(5)])[1].acting


@given(share=st.floats(0, 1), unit=st.text(max_size=20))
def test_a_share_chooses_the_same_items_every_time(share: float, unit: str) -> None:
    bank = Bank(new_id(), 1, "B", enabled_share=share)
    assert enabled(bank, unit) == enabled(bank, unit)
    assert enabled(replace(bank, enabled_share=1.0), unit)
    assert not enabled(replace(bank, enabled_share=0.0), unit)


def test_a_share_is_near_what_was_asked() -> None:
    bank = Bank(new_id(), 1, "B", enabled_share=0.25)
    chosen = sum(enabled(bank, f"item-{n}") for n in range(4_000))
    assert 850 < chosen < 1_150


@pytest.mark.parametrize("surface", [Surface.PUBLIC, Surface.LIVE, Surface.PROFILE])
def test_only_private_content_needs_a_legal_basis(surface: Surface) -> None:
    policy.permit(surface, "", ())


@pytest.mark.parametrize(
    ("jurisdiction", "permitted", "allowed"),
    [
        ("GB", ("GB",), True),
        ("gb", ("GB",), True),
        ("US-CA", ("US",), True),
        ("US-CA", ("US-CA",), True),
        ("US", ("US-CA",), False),
        ("DE", ("GB", "US"), False),
        ("", ("GB",), False),
        ("DE", (), False),
        ("GBX", ("GB",), False),
    ],
)
def test_private_content_without_a_basis_is_refused(
    jurisdiction: str, permitted: tuple[str, ...], allowed: bool
) -> None:
    if allowed:
        policy.permit(Surface.PRIVATE, jurisdiction, permitted)
        return
    with pytest.raises(ScanningNotPermitted) as refusal:
        policy.permit(Surface.PRIVATE, jurisdiction, permitted)
    assert refusal.value.code == "scanning_not_permitted"


def test_distances_are_told_in_words_with_the_turn() -> None:
    assert match(4).words == "Very close match: 4 of 256 bits differ (limit 31)"
    assert match(25).words.startswith("Similar match")
    assert match(0, kind="sha256", limit=0).words.startswith("Exact match")
    assert match(4, view=View.FLIPX).words.endswith("mirrored top to bottom")


def test_always_match_files_answer_only_for_themselves() -> None:
    for name, action in (("block.png", Action.BLOCK), ("hold.png", Action.HOLD)):
        sha256 = hashlib.sha256(testfiles.content(name)).hexdigest()
        verdict = testfiles.verdict(sha256)
        assert verdict is not None
        assert verdict.action is action
    assert testfiles.verdict("00" * 32) is None


def shown(zone: Zone, bank: str = "B", **about: Any) -> CopyMatch:
    segment = Segment(
        reel=3, start_s=12.0, end_s=16.0, reference_start_s=0.0, reference_end_s=4.0, speed=1.0,
        score=4.0, frames=6, mirrored=False, zone=zone,
    )  # fmt: skip
    return CopyMatch(reel=new_id(), number=3, bank=bank, label="clip", segment=segment, **about)


@pytest.mark.parametrize(
    ("zone", "does", "action", "rule"),
    [
        (Zone.LINK, BankAction.BLOCK, Action.BLOCK, "bank.block"),
        (Zone.LINK, BankAction.HOLD, Action.HOLD, "bank.hold"),
        (Zone.LINK, BankAction.LOG, Action.ALLOW, "bank.log"),
        (Zone.LOOK, BankAction.BLOCK, Action.HOLD, "copy.look"),
        (Zone.LOOK, BankAction.HOLD, Action.HOLD, "copy.look"),
        (Zone.LOOK, BankAction.LOG, Action.ALLOW, "no_match"),
    ],
)
def test_a_sure_stretch_acts_as_its_bank_and_an_unsure_one_waits_for_a_person(
    zone: Zone, does: BankAction, action: Action, rule: str
) -> None:
    verdict = policy.decide([], {"B": does}, [shown(zone)])
    assert (verdict.action, verdict.rule) == (action, rule)
    assert len(verdict.copies) == 1


@pytest.mark.parametrize("why_not", ["quarantined", "not_enabled", "apart", "decided"])
def test_a_stretch_that_does_not_act_says_why(why_not: str) -> None:
    found = shown(Zone.LINK, acting=False, why_not=why_not)
    verdict = policy.decide([], {"B": BankAction.BLOCK}, [found])
    assert (verdict.action, verdict.rule) == (Action.ALLOW, why_not)
    assert verdict.reason
