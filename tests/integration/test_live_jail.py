"""The live profile holds: a child reads one connection and can make no other."""

from __future__ import annotations

import pytest

from breakwater.media.live_proof import ELSEWHERE, LIVE_ACTS, prove_live
from breakwater.media.zygote import Zygote


@pytest.mark.parametrize("outer", ["none", "auto"])
def test_every_forbidden_act_is_refused_and_nobody_else_is_reached(outer: str) -> None:
    zygote = Zygote("breakwater.recognition.watch_task", outer=outer)
    try:
        proofs = {proof.act: proof for proof in prove_live(zygote)}
    finally:
        zygote.close()
    assert list(proofs) == list(LIVE_ACTS)
    assert [proof for proof in proofs.values() if not proof.holds] == []
    assert proofs[ELSEWHERE].detail == "it went to the one connection there is"
