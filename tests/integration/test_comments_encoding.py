"""An encoder in the jail: real numbers of a real model, and none where it fails."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from breakwater.comments.encoder import EncodedReader, Encoder, counted, fit, load, save
from breakwater.comments.reader import MessageReader
from breakwater.errors import Unfit
from breakwater.model.classifier import Trouble
from breakwater.model.comment import Source
from breakwater.recognition.encoding import EncoderRun
from tests import builders_encoder as made
from tests.builders_comments import package, rows
from tests.conftest import SettableClock

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BODY = made.model()
WEIGHTS = np.array([0.0, *made.letters()])
HELD = [(row.text, row.label, row.lang) for row in rows(first=700, groups=50)]


@pytest.fixture(scope="module")
def run():
    encoder = fit(made.card(BODY), made.ALPHABET)
    with EncoderRun(encoder, BODY, clock=SettableClock(NOW)) as found:
        yield encoder, found


def test_the_jail_gives_the_models_numbers_and_a_package_is_counted_with_it(run, tmp_path) -> None:
    encoder, running = run
    for text in ("a pear and a plum", "chair desk stool", "", "0123", "ж" * 200):
        drawn = encoder.picture(text)
        wanted = 1 / (1 + np.exp(-(drawn[:, :, 0] / 255).sum(axis=1) @ WEIGHTS))
        assert running.weigh(drawn) == pytest.approx(float(wanted), abs=1e-4)
    made_ = counted(encoder, HELD, package(), running.weigh, 0.1)
    save(made_, package(), BODY, tmp_path / "e")
    read: Encoder = load(tmp_path / "e", package())
    reader = EncodedReader(MessageReader(package()), read, running.weigh)
    found = reader.read("a pear and a plum and a peach", "en")
    assert any(one.source is Source.ENCODER for one in found.scored.by)


def test_a_model_that_is_no_plain_one_never_starts() -> None:
    for body in (b"", b"marmalade", made.made.brightness(domain="other")):
        with pytest.raises(Unfit, match="cannot be used"):
            EncoderRun(fit(made.card(body), made.ALPHABET), body, clock=SettableClock(NOW))


def test_an_encoder_that_may_not_be_used_here_never_starts() -> None:
    encoder = fit(made.card(BODY, jurisdictions=["DE"]), made.ALPHABET)
    with pytest.raises(Unfit):
        EncoderRun(encoder, BODY, clock=SettableClock(NOW), jurisdiction="US")
    with EncoderRun(encoder, BODY, clock=SettableClock(NOW), jurisdiction="DE") as running:
        assert running.weigh(encoder.picture("pear")) is not None


def test_an_encoder_that_expires_gives_no_number_and_says_so_once() -> None:
    clock, told = SettableClock(NOW), []
    encoder = fit(made.card(BODY, expires="2026-11-25"), made.ALPHABET)
    with EncoderRun(encoder, BODY, clock=clock, on_trouble=told.append) as running:
        assert running.weigh(encoder.picture("pear")) is not None
        clock.advance(4 * 86_400.0)
        for _ in range(3):
            assert running.weigh(encoder.picture("pear")) is None
    assert told == [Trouble.EXPIRED]
