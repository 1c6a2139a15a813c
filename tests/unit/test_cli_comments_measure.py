"""`breakwater comments calibrate | evaluate | replay | compare` as people type them."""

import json
from pathlib import Path

import pytest
from tests import builders_encoder
from tests.builders_comments import chats, episode, episodes_file, package, rows, streams_file
from typer.testing import CliRunner

from breakwater.cli.comments import app
from breakwater.comments.train import About, split, train
from breakwater.errors import BadInput, BreakwaterError, Conflict, NotFound


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, BreakwaterError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A folder with a model, a challenger, traffic, labelled rows, streams and episodes."""
    place = tmp_path_factory.mktemp("house")
    for name, augment in (("fruit", False), ("fruit2", True)):
        about = About(name, name, "a test", "ours", surrogate=name == "fruit")
        train(split(rows()), about, sources={}, bits=14, augment=augment).save(place / name)
    held = chats(6, minutes=20.5, per_minute=18.0)
    streams_file(place / "s.jsonl", held)
    episodes_file(place / "e.jsonl", {"one": episode(), "two": episode(3)})
    with (place / "traffic.jsonl").open("w", encoding="utf-8") as file:
        for number, chat in enumerate(held):
            for told in chat.told:
                row = {
                    "text": told.text,
                    "ts": 1e9 + 90 * number + told.at,
                    "stream": chat.id,
                    "author": told.author,
                }
                file.write(json.dumps(row) + "\n")
    with (place / "rows.jsonl").open("w", encoding="utf-8") as file:
        for row in rows(first=900):
            held_row = {"text": row.text, "label": int(row.label), "group": row.group, "lang": "en"}
            file.write(json.dumps(held_row) + "\n")
    return place


def test_traffic_without_labels_gives_a_calibration_and_a_forecast(house: Path, tmp_path) -> None:
    asked = ("calibrate", house / "traffic.jsonl", "--package", house / "fruit", "--lang", "en",
             "--service", "shop", "--people", "4", "--streams", "10")  # fmt: skip
    said = run(*asked, "--out", tmp_path / "c")
    assert "shop, en, 10-100 a minute, stream" in said
    assert "where 24 can be answered" in said
    assert "A surrogate" in said
    value = json.loads(run(*asked, "--out", tmp_path / "d", "--json"))
    assert value["rates"]["asked"]["per_stream_hour"] == pytest.approx(2.4)
    assert set(value["rates"]) == {"asked", "0.05", "0.02", "0.01", "0.002"}
    for name in ("calibration.json", "rates.json", "SHA256SUMS"):
        assert (tmp_path / "c" / name).read_bytes() == (tmp_path / "d" / name).read_bytes()
        assert "table" not in (tmp_path / "c" / name).read_text()
    with pytest.raises(Conflict):
        run(*asked, "--out", tmp_path / "c")
    replayed = run("replay", house / "s.jsonl", "--package", house / "fruit", "--calibration",
                   tmp_path / "c", "--json", tmp_path / "r.json")  # fmt: skip
    assert "6 streams" in replayed
    result = json.loads((tmp_path / "r.json").read_text())
    assert result["thresholds_from"] == "a calibration"
    assert result["cases"][0]["streams"] == 6
    with pytest.raises(BadInput, match="made with fruit"):
        run(
            "replay",
            house / "s.jsonl",
            "--package",
            house / "fruit2",
            "--calibration",
            tmp_path / "c",
        )


def test_a_model_is_evaluated_and_reported_and_never_on_what_it_learned(
    house: Path, tmp_path
) -> None:
    page = tmp_path / "report.html"
    said = run("evaluate", house / "rows.jsonl", "--package", house / "fruit", "--html", page)
    assert "none of which it learned from" in said
    assert "of kinds it never saw" in said
    assert "A surrogate" in said
    text = page.read_text("utf-8")
    assert "light-dark(" in text
    assert "<script" not in text
    asked = (
        "evaluate",
        house / "rows.jsonl",
        "--package",
        house / "fruit2",
        "--no-disguises",
        "--json",
    )
    value = json.loads(run(*asked))
    assert value["disguises"] is None
    assert value["surrogate"] is False
    assert value["total"]["average_precision"]["value"] > 0.9
    with pytest.raises(BadInput, match="learned from 24 of these 24"):
        run(
            "evaluate",
            house / "rows.jsonl",
            "--package",
            house / "fruit",
            "--learned",
            house / "rows.jsonl",
        )
    learned = tmp_path / "learned.jsonl"
    with learned.open("w", encoding="utf-8") as file:
        for row in rows():
            file.write(
                json.dumps({"text": row.text, "label": int(row.label), "group": row.group}) + "\n"
            )
    with pytest.raises(BadInput, match="figures would measure memory"):
        run("evaluate", learned, "--package", house / "fruit")


def test_a_replay_gives_the_same_bytes_and_only_numbers(house: Path, tmp_path) -> None:
    for name in ("a.json", "b.json"):
        said = run("replay", house / "s.jsonl", "--episodes", house / "e.jsonl", "--package",
                   house / "fruit", "--trials", "2", "--json", tmp_path / name)  # fmt: skip
    assert "6 streams, 2,214 messages" in said
    assert "of 4 episodes" in said or "of 3 episodes" in said
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    text = (tmp_path / "a.json").read_text()
    for word in ("table", "pear", '"s0"', "e0", '"one"'):
        assert word not in text


def test_a_challenger_is_compared_on_the_same_replay_with_reasons(house: Path, tmp_path) -> None:
    asked = ("compare", house / "fruit", house / "fruit2", "--replay", house / "s.jsonl",
             "--episodes", house / "e.jsonl", "--trials", "2")  # fmt: skip
    said = run(*asked, code=BadInput.exit_code)
    assert "fruit stays; fruit2 is not promoted" in said
    assert "at least 20 are needed" in said
    rule = tmp_path / "rule.toml"
    rule.write_text(
        "form = 1\ntarget = 0.5\nleast_hours = 0.5\nleast_trials = 1\nless_found = 1.0\nmore_alarms = 9.0\n"
    )
    value = json.loads(run(*asked, "--rule", rule, "--json"))
    assert value["promoted"] is True
    assert [one["package"] for one in value["replays"]] == ["fruit", "fruit2"]
    assert value["replays"][0]["cases"][0]["target_per_stream_hour"] == 0.5
    with pytest.raises(NotFound):
        run(*asked, "--rule", tmp_path / "none.toml")


def test_the_shipped_surrogate_is_measured_where_no_package_is_named(house: Path) -> None:
    said = run("replay", house / "s.jsonl")
    assert "A surrogate" in said
    assert package().id not in said


def test_an_encoder_is_packed_and_runs_in_a_replay(house: Path, tmp_path) -> None:
    body = builders_encoder.model()
    raw, packed = tmp_path / "raw", tmp_path / "letters"
    raw.mkdir()
    (raw / "model.onnx").write_bytes(body)
    (raw / "card.toml").write_text(builders_encoder.card(body, jurisdictions=["DE"]), "utf-8")
    asked = ("encoder", house / "rows.jsonl", "--model", raw, "--package", house / "fruit")
    with pytest.raises(BadInput, match="30 texts"):
        run(*asked, "--out", packed, "--share", "0.01")
    assert not packed.exists()
    said = run(*asked, "--out", packed, "--share", "0.1")
    assert "letters-1, counted for en" in said
    plain = ("replay", house / "s.jsonl", "--package", house / "fruit", "--json")
    run(*plain, tmp_path / "without.json")
    run(*plain, tmp_path / "with.json", "--encoder", packed)
    without, with_ = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("without", "with")
    )
    assert without["inputs"] == with_["inputs"]
    with pytest.raises(BadInput, match="another model"):
        run("replay", house / "s.jsonl", "--package", house / "fruit2", "--encoder", packed)
