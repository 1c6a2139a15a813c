"""The proof of a reported message: it holds for what was sent, and for nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.builders import NOON

from breakwater.conversations.franking import Proof, commitment_of, keys_of, tag_of, verify
from breakwater.errors import BadInput, ProofRefused
from breakwater.model.comment import Message

PLATFORM, KEY = b"p" * 32, b"k" * 32
SENT = Message("m-1", "ann", NOON, "good morning", "en", to="ben")


def proof(message=SENT, conversation="talk-1", platform=PLATFORM):
    commitment = commitment_of(KEY, message.text)
    return Proof(KEY, commitment, tag_of(platform, commitment, conversation, message))


def test_what_was_sent_is_believed():
    verify(PLATFORM, proof(), "talk-1", SENT)


def test_the_construction_is_what_is_documented():
    """A vector that does not come from the code under test: HMAC-SHA256 by openssl."""
    found = commitment_of(b"k" * 32, "good morning")
    assert found.hex() == "bbd0d484e04d6fc4a13693965199dc42ea8a63f92d85d3455c79ee29457403cb"


@pytest.mark.parametrize(
    "other",
    [
        replace(SENT, text="good evening"), replace(SENT, author="cas"), replace(SENT, to="cas"),
        replace(SENT, id="m-2"), replace(SENT, at=NOON + timedelta(milliseconds=1)),
        replace(SENT, author="an", id="m-1a"),
    ],
)  # fmt: skip
def test_what_was_not_sent_is_refused(other):
    with pytest.raises(ProofRefused):
        verify(PLATFORM, proof(), "talk-1", other)


def test_another_conversation_or_platform_is_refused():
    with pytest.raises(ProofRefused, match="tag"):
        verify(PLATFORM, proof(), "talk-2", SENT)
    with pytest.raises(ProofRefused, match="tag"):
        verify(PLATFORM, proof(platform=b"q" * 32), "talk-1", SENT)


def test_a_refusal_names_nothing_that_was_written():
    with pytest.raises(ProofRefused) as refused:
        verify(PLATFORM, proof(), "talk-1", replace(SENT, text="canary"))
    assert "canary" not in str(refused.value) + repr(refused.value)
    assert "6b6b" not in repr(proof())


def test_keys_are_read_by_service():
    assert keys_of(f"clips={'0f' * 32}, photos={'aa' * 32}") == {
        "clips": bytes.fromhex("0f" * 32), "photos": bytes.fromhex("aa" * 32),
    }  # fmt: skip
    assert keys_of("") == {}
    for wrong in ("clips", "clips=00", f"={'0f' * 32}", "clips=zz"):
        with pytest.raises(BadInput):
            keys_of(wrong)
