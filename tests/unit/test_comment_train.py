"""Training splits by group, refuses figures that measure memory, and makes the same bytes twice."""

import csv
import filecmp
import json
import runpy
import traceback
from pathlib import Path

import numpy as np
import pytest

from breakwater.comments import learn
from breakwater.comments.model import SHIPPED, load
from breakwater.comments.rows import Row, read_rows
from breakwater.comments.train import About, refuse_overlap, split, train
from breakwater.errors import BadInput, Conflict, NotFound

ROOT = Path(__file__).resolve().parents[2]
ABOUT = About("test-model-1", "A test", "Tells fruit from furniture.", "Apache-2.0", surrogate=True)
FRUIT, WOOD = (
    ("apple", "pear", "plum", "cherry", "grape"),
    ("table", "chair", "shelf", "desk", "bed"),
)


def rows(groups: int = 60, each: int = 24) -> list[Row]:
    draw = np.random.default_rng(7)
    made = []
    for group in range(groups):
        for number in range(each):
            label = bool(number % 2)
            words = draw.choice(FRUIT if label else WOOD, 3)
            text = f"{' '.join(words)} number {draw.integers(1000)}"
            made.append(
                Row(text, label, f"g{group}", "en" if group % 2 else "de", f"s{group}", "a")
            )
    return made


def test_a_package_is_learned_saved_and_read_again(tmp_path) -> None:
    trained = train(split(rows()), ABOUT, sources={"rows": "00"}, bits=14)
    trained.save(tmp_path / "one")
    package = load(tmp_path / "one")
    assert package.languages == ("de", "en")
    for text, sign in (("a pear and a plum", 1), ("the chair by the desk", -1)):
        scored = package.score(text, "en")
        assert scored.nats * sign > 1.0
        assert scored == trained.package.score(text, "en")
    metrics = package.card["metrics"]
    assert metrics["average_precision"]["value"] > 0.95
    low, high = metrics["average_precision"]["interval_95"]
    assert low <= metrics["average_precision"]["value"] <= high
    splits = package.card["splits"]
    assert splits["train"]["rows"] + splits["calibrate"]["rows"] + splits["test"]["rows"] == 1440
    assert splits["shared"] == {"authors": 1, "streams": 0}
    again = train(split(rows()), ABOUT, sources={"rows": "00"}, bits=14)
    assert again.files == trained.files
    with pytest.raises(Conflict):
        trained.save(tmp_path / "one")


def test_a_group_is_never_cut_and_every_row_is_in_one_part() -> None:
    parts = split(rows())
    refuse_overlap(parts)
    assert sum(map(len, parts.values())) == 1440
    assert all(len(part) > 40 for part in parts.values())


def test_nothing_is_reported_when_a_group_stands_in_two_parts() -> None:
    parts = split(rows())
    parts["test"].append(parts["train"][0])
    with pytest.raises(BadInput, match="train and test share 1 of"):
        train(parts, ABOUT, sources={})


def test_too_few_texts_of_a_label_are_refused() -> None:
    with pytest.raises(BadInput, match="30 are needed"):
        train(split(rows(groups=8, each=12)), ABOUT, sources={})


def test_texts_that_train_holds_do_not_count_in_the_test() -> None:
    parts = split(rows())
    copied = [Row(one.text.upper(), one.label, "copies", "en") for one in parts["train"]]
    apart = train(parts, ABOUT, sources={}, bits=14).package.card["metrics"]
    parts["test"] += copied
    assert (
        train(parts, ABOUT, sources={}, bits=14).package.card["metrics"]["texts"] == apart["texts"]
    )


def test_a_language_with_few_texts_is_not_calibrated() -> None:
    parts = split(rows())
    parts["calibrate"] = [
        one for one in parts["calibrate"] if one.lang == "en" or not one.label
    ] + [Row(f"plum {n}", True, "more", "fr") for n in range(40)]
    package = train(parts, ABOUT, sources={}, bits=14).package
    assert "fr" not in package.languages
    assert package.score("plum", "fr").abstained


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_both_forms_are_read(tmp_path, form: str) -> None:
    wanted = [
        {"text": 'a, "b"\nc', "label": "1", "group": "x", "lang": "en", "stream": "s", "author": "u", "ts": "5"},
        {"text": "ü😀", "label": "0", "group": "y", "lang": "", "stream": "", "author": "", "ts": ""},
    ]  # fmt: skip
    path = tmp_path / f"rows.{form}"
    if form == "csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(wanted[0]))
            writer.writeheader()
            writer.writerows(wanted)
    else:
        path.write_text(
            "\n".join(json.dumps({**one, "label": int(one["label"])}) for one in wanted), "utf-8"
        )
    assert read_rows(path) == [
        Row('a, "b"\nc', True, "x", "en", "s", "u", 5.0),
        Row("ü😀", False, "y"),
    ]
    assert "a, " not in repr(read_rows(path))


BROKEN = {
    "label.csv": "text,label,group\nmarmalade,2,g\n",
    "group.csv": "text,label,group\nmarmalade,1,\n",
    "column.csv": "text,label,group,colour\nmarmalade,1,g,red\n",
    "missing.csv": "text,label\nmarmalade,1\n",
    "longer.csv": "text,label,group\nmarmalade,1,g,more\n",
    "shorter.csv": "text,label,group\nmarmalade,1\n",
    "quote.csv": 'text,label,group\n"marmalade"x,1,g\n',
    "object.jsonl": '["marmalade"]\n',
    "cut.jsonl": '{"text": "marmalade", "label"',
    "list.jsonl": '{"text": "marmalade", "label": [1], "group": "g"}',
    "number.jsonl": '{"text": 17, "label": 1, "group": "g"}',
    "null.jsonl": '{"text": "marmalade", "label": null, "group": "g"}',
    "deep.jsonl": "[" * 100_000,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_row_that_is_none_is_refused_by_number_and_never_quoted(tmp_path, name: str) -> None:
    (tmp_path / name).write_text(BROKEN[name], "utf-8")
    with pytest.raises(BadInput) as caught:
        read_rows(tmp_path / name)
    assert "1" in caught.value.detail or "2" in caught.value.detail
    assert "marmalade" not in "".join(traceback.format_exception(caught.value))


def test_files_that_cannot_be_read_are_refused(tmp_path) -> None:
    (tmp_path / "x.csv").write_bytes(b"text,label,group\n\xff\xfe,1,g\n")
    with pytest.raises(BadInput, match="UTF-8"):
        read_rows(tmp_path / "x.csv")
    with pytest.raises(NotFound):
        read_rows(tmp_path / "y.csv")


def test_the_minimum_of_a_known_bowl_is_found() -> None:
    curve = np.array([1.0, 10.0, 1000.0])
    goal = np.array([3.0, -2.0, 0.5])

    def bowl(at):
        return float((curve * (at - goal) ** 2).sum()), 2 * curve * (at - goal)

    np.testing.assert_allclose(learn.minimise(bowl, np.zeros(3)), goal, atol=1e-2)


def test_measures_of_known_rankings() -> None:
    scores, labels = np.array([4.0, 3.0, 2.0, 1.0]), np.array([True, False, True, False])
    assert learn.average_precision(scores, labels) == pytest.approx((1 + 2 / 3) / 2)
    assert learn.average_precision(np.zeros(4), labels) == pytest.approx((1 / 3 + 2 / 4) / 2)
    many = np.arange(200.0)
    assert learn.recall_at(many, many >= 100) == 1.0
    assert learn.recall_at(-many, many >= 100) == 0.0


def test_an_interval_is_wide_when_few_groups_hold_a_label() -> None:
    scores, labels = np.arange(40.0), np.arange(40) % 2 == 1
    few, many = [f"{n // 10}" for n in range(40)], [f"{n // 4}" for n in range(40)]
    assert learn.interval(learn.average_precision, scores, labels, few) == (0.0, 1.0)
    low, high = learn.interval(learn.average_precision, scores, labels, many)
    assert 0.0 < low < high < 1.0


def test_groups_of_both_labels_are_in_every_part() -> None:
    held = [Row("a", at % 6 == 0, f"g{at}") for at in range(60)]
    for part in split(held).values():
        assert len({row.group for row in part if row.label}) >= 2


def test_the_shipped_surrogate_is_what_its_script_makes(tmp_path) -> None:
    script = runpy.run_path(str(ROOT / "tools/make_surrogate.py"))
    script["main"](tmp_path / "made")
    names = sorted(one.name for one in SHIPPED.iterdir())
    for name in ("card.yaml", "features.json", "calibration.json", "weights.npz"):
        assert name in names
    # Sums of floats may differ in the last bit between processors: what is learned may not.
    made, shipped = load(tmp_path / "made"), load(SHIPPED)
    if filecmp.cmp(tmp_path / "made/weights.npz", SHIPPED / "weights.npz", shallow=False):
        assert (tmp_path / "made/SHA256SUMS").read_text() == (SHIPPED / "SHA256SUMS").read_text()
    assert made.card["data"] == shipped.card["data"]
    assert made.card["splits"] == shipped.card["splits"]
    for text in ("buy cheap followers at our shop", "what song is this", "my mugs are here"):
        assert made.score(text, "en").nats == pytest.approx(shipped.score(text, "en").nats, abs=0.6)
