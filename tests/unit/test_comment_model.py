"""A model package is read only as it was made; nothing in it is run; unknown languages abstain."""

import io
import json
import math
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from breakwater import kernel
from breakwater.comments.calibrate import LOW, STEP
from breakwater.comments.model import FILES, SHIPPED, SUMS, USE, Package, load, sums
from breakwater.comments.normalise import normalise
from breakwater.errors import BadInput, NotFound
from breakwater.model.comment import Source


@pytest.fixture(scope="module")
def shipped() -> Package:
    return load(SHIPPED)


@pytest.fixture
def copy(tmp_path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "package"))


def signed(folder: Path) -> Path:
    held = {name: (folder / name).read_bytes() for name in FILES}
    (folder / SUMS).write_text(sums(held), "ascii")
    return folder


def changed(folder: Path, name: str, change) -> Path:
    held = json.loads((folder / name).read_text("utf-8"))
    change(held)
    (folder / name).write_text(json.dumps(held), "utf-8")
    return signed(folder)


def test_the_shipped_model_says_what_it_is(shipped: Package) -> None:
    assert shipped.card["surrogate"] is True
    assert shipped.card["use"] == USE
    assert "polite" in shipped.id
    assert "no figure here is a claim" in shipped.card["about"]
    assert shipped.languages == ("en",)
    assert shipped.card["failures"]


def test_the_shorter_a_text_the_less_its_score_says(shipped: Package) -> None:
    def shown(text: str) -> float:
        skeleton = normalise(text).skeleton
        raw = shipped.raw(skeleton)
        assert raw is not None
        total, count = kernel.text_weigh(skeleton.text, shipped.weights, shipped.bits)
        whole = abs(shipped.scale * total / math.sqrt(count))  # had it no need to be long
        return abs(raw - shipped.bias) / whole

    shares = [shown(text) for text in ("hi", "followers", "order followers today at our shop")]
    assert shares == sorted(shares)
    assert shares[0] < 0.4
    assert shares[-1] > 0.8


@pytest.mark.parametrize(
    "text",
    ["Buy cheap followers at our shop today!", "BUY CHEAP FOLLOWERS AT OUR SHOP TODAY",
     "b\u200buy che\u0430p follow\u0435rs at our sh0p today", "ｂｕｙ ｃｈｅａｐ ｆｏｌｌｏｗｅｒｓ ａｔ ｏｕｒ ｓｈｏｐ"],
)  # fmt: skip
def test_generated_advertising_weighs_and_chatter_does_not(shipped: Package, text: str) -> None:
    assert shipped.score(text, "en").nats > 3.0
    for ordinary in ("what song is this", "hello there", "how do I mount a disk?"):
        assert shipped.score(ordinary, "en").nats < -2.0


def test_a_score_names_the_model(shipped: Package) -> None:
    scored = shipped.score("visit our shop", "en")
    (share,) = scored.by
    assert (share.source, share.ref, share.nats) == (Source.MODEL, shipped.id, scored.nats)
    assert (scored.lang, scored.abstained) == ("en", False)


@pytest.mark.parametrize("lang", ["de", "xx", None, ""])
def test_an_uncalibrated_language_abstains_and_says_so(shipped: Package, lang) -> None:
    scored = shipped.score("buy cheap followers", lang)
    assert (scored.nats, scored.by, scored.abstained) == (0.0, (), True)
    assert scored.lang == (lang or "und")


def test_nothing_to_weigh_is_no_evidence_and_no_abstention(shipped: Package) -> None:
    assert shipped.raw(normalise("...").skeleton) is None
    scored = shipped.score("", "en")
    assert (scored.nats, scored.abstained) == (0.0, False)


def test_a_higher_score_is_never_less_evidence(shipped: Package) -> None:
    raws = np.arange(LOW - 1, -LOW + 1, STEP / 2)
    nats = [shipped.ratio("en", float(raw)) for raw in raws]
    assert nats == sorted(nats)
    most = np.log1p(shipped.negatives["en"].sum())
    assert max(nats) <= most  # no surer than as many texts as were counted can make one


def test_a_packages_repr_is_short_and_its_weights_cannot_be_changed(shipped: Package) -> None:
    assert len(repr(shipped)) < 200
    with pytest.raises(ValueError, match="read-only"):
        shipped.weights[0] = 1


def test_a_copy_is_the_same(shipped: Package, copy: Path) -> None:
    text = "order our mugs today"
    assert load(copy).score(text, "en") == shipped.score(text, "en")
    assert load(signed(copy)).score(text, "en") == shipped.score(text, "en")


@pytest.mark.parametrize("name", [*FILES, SUMS])
def test_a_changed_missing_or_empty_file_is_refused(copy: Path, name: str) -> None:
    data = (copy / name).read_bytes()
    for other in (data[:-1], data + b" ", b"", bytes([data[0] ^ 1]) + data[1:]):
        (copy / name).write_bytes(other)
        with pytest.raises(BadInput):
            load(copy)
    (copy / name).unlink()
    with pytest.raises(BadInput, match="nothing else"):
        load(copy)


def test_a_file_more_and_a_link_are_refused(copy: Path) -> None:
    (copy / "run.py").write_text("", "utf-8")
    with pytest.raises(BadInput, match="nothing else"):
        load(copy)
    (copy / "run.py").unlink()
    (copy / "card.yaml").rename(copy.parent / "card.yaml")
    (copy / "card.yaml").symlink_to(copy.parent / "card.yaml")
    with pytest.raises(BadInput, match="regular"):
        load(copy)
    with pytest.raises(NotFound):
        load(copy / "nothing")


class Trap:
    sprung = False

    def __reduce__(self):
        return (setattr, (Trap, "sprung", True))


def archive(**arrays: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as held:
        for name, data in arrays.items():
            held.writestr(f"{name}.npy", data)
    return out.getvalue()


def npy(array) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


INDEX, WEIGHT = np.array([1, 2], np.uint32), np.array([3, 4], np.int16)
WEIGHTS = {
    "objects": archive(index=npy(np.array([Trap()], object)), weight=npy(WEIGHT)),
    "a bare pickle": pickle.dumps(Trap()),
    "pickles inside": archive(index=pickle.dumps(Trap()), weight=pickle.dumps(Trap())),
    "one array": archive(index=npy(INDEX)),
    "an array more": archive(index=npy(INDEX), weight=npy(WEIGHT), more=npy(WEIGHT)),
    "another kind": archive(index=npy(INDEX.astype(np.int64)), weight=npy(WEIGHT)),
    "floats": archive(index=npy(INDEX), weight=npy(WEIGHT.astype(np.float32))),
    "lengths": archive(index=npy(INDEX), weight=npy(WEIGHT[:1])),
    "shape": archive(index=npy(INDEX[None]), weight=npy(WEIGHT[None])),
    "descending": archive(index=npy(INDEX[::-1].copy()), weight=npy(WEIGHT)),
    "twice": archive(index=npy(INDEX * 0), weight=npy(WEIGHT)),
    "outside": archive(index=npy(np.array([1, 1 << 18], np.uint32)), weight=npy(WEIGHT)),
    "no archive": b"PK\x03\x04 nothing",
    "cut": archive(index=npy(INDEX), weight=npy(WEIGHT))[:-30],
}


@pytest.mark.parametrize("data", WEIGHTS.values(), ids=WEIGHTS)
def test_weights_that_are_not_two_plain_arrays_are_refused_and_never_run(copy, data) -> None:
    (copy / "weights.npz").write_bytes(data)
    with pytest.raises(BadInput, match=r"weights\.npz"):
        load(signed(copy))
    assert not Trap.sprung


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("features.json", lambda held: held.update(more=1)),
        ("features.json", lambda held: held.pop("scale")),
        ("features.json", lambda held: held.update(folding=1)),
        ("features.json", lambda held: held.update(bits=19)),
        ("features.json", lambda held: held.update(bits=True)),
        ("features.json", lambda held: held.update(grams=[1, 9])),
        ("features.json", lambda held: held.update(scale="1")),
        ("features.json", lambda held: held.update(bias=float("nan"))),
        ("calibration.json", lambda held: held.update(more=1)),
        ("calibration.json", lambda held: held.update(form=1)),
        ("calibration.json", lambda held: held["languages"]["en"].update(more=[])),
        ("calibration.json", lambda held: held["languages"]["en"]["positives"].append(1)),
        ("calibration.json", lambda held: held["languages"]["en"].update(negatives=[-1] * 128)),
        ("calibration.json", lambda held: held["languages"].update(de=[])),
        ("calibration.json", lambda held: held.update(languages=[])),
    ],
)
def test_unknown_keys_and_wrong_values_are_refused(copy: Path, name: str, change) -> None:
    with pytest.raises(BadInput):
        load(changed(copy, name, change))


@pytest.mark.parametrize(
    "change",
    [("use: triage for human review only", "use: automatic removal"), ("surrogate:", "surogate:"),
     ("id: surr", "id: !!python/name:os.system surr"), ("languages:", "languages: &x\nmore: *x\nold:")],
)  # fmt: skip
def test_a_card_that_says_something_else_is_refused(copy: Path, change) -> None:
    text = (copy / "card.yaml").read_text("utf-8")
    assert change[0] in text
    (copy / "card.yaml").write_text(text.replace(*change), "utf-8")
    with pytest.raises(BadInput):
        load(signed(copy))


def test_a_key_twice_in_json_is_refused(copy: Path) -> None:
    text = (copy / "features.json").read_text("utf-8")
    (copy / "features.json").write_text(text.replace("{", '{"bias": 1,', 1), "utf-8")
    with pytest.raises(BadInput, match="twice"):
        load(signed(copy))
