"""An encoder as a folder: what is refused, what is drawn, and that it only ever adds."""

import json

import numpy as np
import pytest
from tests import builders_encoder as made
from tests.builders_comments import package, rows

from breakwater.comments import encoder as encoders
from breakwater.comments.encoder import Counted, EncodedReader, Encoder, counted, fit, load, save
from breakwater.comments.model import sums
from breakwater.comments.reader import MessageReader
from breakwater.errors import BadInput, Conflict, NotFound
from breakwater.model.comment import Source

BODY = made.model()
HELD = [(row.text, row.label, row.lang) for row in rows(first=700, groups=80)]
WEIGHTS = np.array([0.0, *made.letters()])


def weigh(pixels) -> float | None:
    """As the model would, without a jail."""
    return float(1 / (1 + np.exp(-(pixels[:, :, 0] / 255).sum(axis=1) @ WEIGHTS)))


def ready() -> Encoder:
    return counted(fit(made.card(BODY), made.ALPHABET), HELD, package(), weigh, 0.1)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return ready()


def test_a_text_is_drawn_a_column_a_character(encoder: Encoder) -> None:
    drawn = encoder.picture("ab?" + "c" * 100)
    assert drawn.shape == (len(made.ALPHABET) + 1, made.WIDE, 3)
    assert (drawn.sum(axis=0) == 255).all()
    assert [int(drawn[:, at, 0].argmax()) for at in range(4)] == [1, 2, 0, 3]
    assert not encoder.picture("").any()


def test_only_what_stands_out_is_asked_about_and_it_only_adds(encoder: Encoder) -> None:
    plain = MessageReader(package())
    asked = EncodedReader(plain, encoder, weigh)
    texts = [text for text, label, _ in HELD if not label]
    for text in texts:
        before, after = plain.read(text, "en"), asked.read(text, "en")
        assert after.scored.nats >= before.scored.nats
    assert 0 < asked.asked <= 0.12 * len(texts)
    assert asked.missed == 0
    fruit = asked.read("a pear and a plum and a peach", "en")
    (share,) = [one for one in fruit.scored.by if one.source is Source.ENCODER]
    assert 0 < share.nats <= encoders.MOST
    assert share.ref == "letters-1"
    assert fruit.scored.nats == pytest.approx(sum(one.nats for one in fruit.scored.by))
    assert asked.read("a pear", "fr") == plain.read("a pear", "fr")


@pytest.mark.parametrize("value", [None, float("nan"), -0.1, 7.0])
def test_without_a_number_nothing_is_taken_away(encoder: Encoder, value: float | None) -> None:
    plain = MessageReader(package())
    broken = EncodedReader(plain, encoder, lambda _pixels: value)
    text = "a pear and a plum and a peach"
    assert broken.read(text, "en") == plain.read(text, "en")
    assert (broken.asked, broken.missed) == (1, 1)


def test_more_is_never_less() -> None:
    odd = Counted(0.0, (0.0,) * 3 + (9.0,) + (0.0,) * 15 + (30.0,), (10.0,) * 19 + (0.0,))
    nats = [odd.nats(n / 50) for n in range(51)]
    assert nats == sorted(nats)
    assert nats[0] == 0.0
    assert nats[-1] == encoders.MOST


def test_a_package_is_saved_and_read_again(tmp_path, encoder: Encoder) -> None:
    save(encoder, package(), BODY, tmp_path / "e")
    read = load(tmp_path / "e", package())
    assert read.languages == encoder.languages
    assert read.alphabet == encoder.alphabet
    assert read.folder == tmp_path / "e"
    with pytest.raises(Conflict):
        save(encoder, package(), BODY, tmp_path / "e")
    with pytest.raises(BadInput, match="another model"):
        load(tmp_path / "e", package(augment=True))
    with pytest.raises(NotFound):
        load(tmp_path / "none", package())
    (tmp_path / "e" / "more.bin").write_bytes(b"")
    with pytest.raises(BadInput, match="nothing else"):
        load(tmp_path / "e", package())


def spoil(name: str, facts: dict) -> None:
    english = facts["languages"]["en"]
    {
        "form": lambda: facts.update(form=2), "folding": lambda: facts.update(folding=1),
        "a key": lambda: facts.update(more=1), "alphabet": lambda: facts.update(alphabet="aab"),
        "no alphabet": lambda: facts.update(alphabet=5), "languages": lambda: facts.update(languages=[]),
        "counts": lambda: english.update(positives=[1.0]),
        "below zero": lambda: english["positives"].__setitem__(0, -1.0),
        "gate": lambda: english.update(gate="high"),
        "height": lambda: facts.update(alphabet=facts["alphabet"][:-1]),
    }[name]()  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["form", "folding", "a key", "alphabet", "no alphabet", "languages", "counts", "below zero", "gate", "height"],
)  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path, encoder: Encoder, name: str) -> None:
    folder = tmp_path / "e"
    save(encoder, package(), BODY, folder)
    facts = json.loads((folder / "encoder.json").read_text("utf-8"))
    spoil(name, facts)
    (folder / "encoder.json").write_text(json.dumps(facts), "utf-8")
    with pytest.raises(BadInput, match="does not fit the files"):
        load(folder, package())
    held = {one: (folder / one).read_bytes() for one in encoders.FILES}
    (folder / "SHA256SUMS").write_text(sums(held))
    with pytest.raises(BadInput) as caught:
        load(folder, package())
    assert "SHA256SUMS" not in caught.value.detail


def test_another_model_than_the_cards_is_refused(tmp_path, encoder: Encoder) -> None:
    save(encoder, package(), made.model(scale=1.0), tmp_path / "e")
    with pytest.raises(BadInput, match="card names"):
        load(tmp_path / "e", package())


def test_a_card_that_is_no_encoders_is_refused() -> None:
    for wrong in ({"input__colour": "rgb"}, {"input__height": 5}, {"input__layout": "nhwc"}):
        with pytest.raises(BadInput):
            fit(made.card(BODY, **wrong), made.ALPHABET)
    with pytest.raises(BadInput):
        fit(made.card(BODY), "")


def test_too_few_texts_or_no_number_is_no_encoder() -> None:
    bare = fit(made.card(BODY), made.ALPHABET)
    with pytest.raises(BadInput, match="30 texts"):
        counted(bare, HELD[:200], package(), weigh, 0.1)
    with pytest.raises(BadInput, match="no number"):
        counted(bare, HELD, package(), lambda _pixels: None, 0.1)
    with pytest.raises(BadInput, match="at most"):
        counted(bare, HELD, package(), weigh, 0.5)
