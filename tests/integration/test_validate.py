"""Known answers are right on this machine, and one that is wrong is told and ends with status 1."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
from typer.testing import CliRunner

import breakwater.app.validation as known
from breakwater import kernel
from breakwater.app.validation import Answers, Finding, Validation, media, proofs, timeline
from breakwater.app.validation.paper import ABOUT, report_of
from breakwater.cli import validate as command
from breakwater.media.sandbox import JailPool
from breakwater.model.clock import SystemClock
from breakwater.records import merkle
from breakwater.reporting.packages import verify


@pytest.fixture(scope="module")
def pool() -> Iterator[JailPool]:
    with JailPool(size=1) as jail:
        yield jail


@pytest.fixture(scope="module")
def made(pool: JailPool) -> Validation:
    return known.validate(pool, SystemClock())


@pytest.fixture
def answers() -> Answers:
    shipped = Answers.shipped()
    return Answers(copy.deepcopy(dict(shipped.said)), dict(shipped.files))


def wrong(findings: Iterator[Finding]) -> list[str]:
    return [one.name for one in findings if not one.right]


def flipped(text: str) -> str:
    """The same value with one bit changed."""
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


def plain(words: str) -> str:
    """Without spaces and hyphens: a reader's copy drops those at the ends of lines."""
    return "".join(letter for letter in words if letter.isalnum())


def test_every_answer_is_right_here(made: Validation) -> None:
    assert made.wrong == ()
    assert made.ok
    assert {one.part for one in made.findings} == set(ABOUT)
    names = [one.name for one in made.findings if one.part == "PDQ"]
    for way in ("decoded", "verify.py", *(f"kernel {one}" for one in kernel.variants())):
        assert sum(name.endswith(way) for name in names) == 6, way
    assert made.made_with["Machine"]["kernel variant"] == kernel.variant()


def test_one_wrong_bit_of_an_answer_is_told_by_its_name(pool: JailPool, answers: Answers) -> None:
    said: Any = answers.said
    said["pictures"][1]["pdq"] = flipped(said["pictures"][1]["pdq"])
    name = said["pictures"][1]["name"]
    found = wrong(media.pictures(pool, answers))
    assert len(found) == 2 + len(kernel.variants())
    assert all(one.startswith(f"{name}, ") for one in found)
    said["clip"]["sha256"] = flipped(said["clip"]["sha256"])
    assert wrong(media.exact(pool, answers)) == ["SHA256 of doorknob-hd-no-bar.mp4"]
    said["tree"]["roots"][2] = flipped(said["tree"]["roots"][2])
    assert wrong(proofs.tree(pool, answers)) == ["root over 3 entries"]
    said["signatures"][0]["key"] = said["signatures"][1]["key"]
    assert wrong(proofs.signatures(pool, answers)) == ["TEST 1, program", "TEST 1, verify.py"]
    said["digests"][1]["md5"] = flipped(said["digests"][1]["md5"])
    assert wrong(proofs.digests(pool, answers)) == ['MD5 of "abc"']


def test_a_clip_that_is_another_one_is_told(pool: JailPool, answers: Answers) -> None:
    files: Any = answers.files
    text = files["doorknob-hd-no-bar.vpdq.txt"].decode()
    best = max(text.splitlines(), key=lambda line: int(line.split(",")[1]))
    other = best.replace(best.split(",")[2], "f" * 64)
    files["doorknob-hd-no-bar.vpdq.txt"] = text.replace(best, other).encode()
    assert wrong(timeline.clip(pool, answers)) == ["hashes of frames and vPDQ's"]
    said: Any = answers.said
    said["stretches"][0]["begins_s"] = 2.0
    said["stretches"][1]["zone"] = "link"
    found = wrong(timeline.stretches(pool, answers))
    assert found == ["clip found in itself, from 0.0 s", "clip found in itself, from 1.4 s"]


def test_a_file_that_cannot_be_read_is_wrong_and_never_skipped(
    pool: JailPool, answers: Answers
) -> None:
    files: Any = answers.files
    files["square-128x128.jpg"] = b"no picture"
    found = [one for one in media.exact(pool, answers) if not one.right]
    assert [one.name for one in found] == [
        f"{kind} of square-128x128.jpg" for kind in ("MD5", "SHA1", "SHA256")
    ]
    assert all(one.found.startswith("not read") for one in found)
    assert wrong(media.pictures(pool, answers)) == ["square-128x128.jpg, decoded"]


@pytest.mark.parametrize(
    ("target", "name", "broken", "check"),
    [
        (verify, "signed_by", lambda *_: True, proofs.signatures),
        (verify, "apart", lambda *_: 0, media.distances),
        (verify, "quality_of", lambda _: 7, media.pictures),
        (verify, "root_of", lambda *_: "00", proofs.tree),
        (merkle, "node_hash", lambda left, _: left, proofs.tree),
        (kernel, "pdq_from_luma64", lambda _: (bytes(32), 100), media.pictures),
        (proofs, "_valid", lambda _: True, proofs.reports),
    ],
)
def test_a_part_that_computes_wrongly_is_told(
    pool: JailPool, answers: Answers, monkeypatch: pytest.MonkeyPatch,
    target: Any, name: str, broken: Callable[..., Any], check: known.Check,
) -> None:  # fmt: skip
    monkeypatch.setattr(target, name, broken)
    assert wrong(check(pool, answers))


def test_a_check_that_breaks_is_wrong_and_stops_no_other(
    pool: JailPool, answers: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: Any = answers.said
    del said["tree"]
    monkeypatch.setattr(known, "CHECKS", (proofs.tree, proofs.digests))
    out = known.validate(pool, SystemClock(), answers=answers)
    assert [(one.part, one.found) for one in out.wrong] == [("Tree", "KeyError")]
    assert len(out.findings) == 7
    assert not out.ok


def test_the_command_tells_it_and_its_status_does_too(
    made: Validation, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    bad = replace(made, findings=(replace(made.findings[0], found="[bold]x", right=False),))
    told = made
    monkeypatch.setattr(known, "validate", lambda *_a, **_k: told)
    runner = CliRunner()
    good = runner.invoke(command.app, ["--json", "--pdf", str(tmp_path / "known.pdf")])
    assert good.exit_code == 0
    said = json.loads(good.stdout)
    assert (said["ok"], said["wrong"], said["answers"]) == (True, 0, len(made.findings))
    assert said["made_with"]["Program"]["breakwater"]
    assert (tmp_path / "known.pdf").read_bytes() == report_of(made)
    told = bad
    out = runner.invoke(command.app, [])
    assert out.exit_code == 1
    assert "1 of 1 answers are wrong" in out.stdout
    assert "[bold]x" in out.stdout


def test_the_report_names_every_answer_and_what_is_wrong_first(made: Validation) -> None:
    with pypdfium2.PdfDocument(report_of(made)) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert f"All {len(made.findings)} answers are right." in text
    assert "WRONG" not in text
    told = plain(text)
    for one in made.findings:
        assert plain(one.name) in told
    spoilt = replace(made, findings=(*made.findings, Finding("Log", "x", "a", "b", right=False)))
    with pypdfium2.PdfDocument(report_of(spoilt)) as document:
        assert "WRONG: 1 of " in document[0].get_textpage().get_text_bounded()
