"""Papers say what the record says, all of it and nothing else, in bytes that anybody can repeat."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from functools import cache

import pypdfium2
import pytest
from tests.builders_papers import NAMES, comparison, digest, item, package, person, stretched

from breakwater.model.package import PackageFacts, Rejection
from breakwater.reporting import papers
from breakwater.reporting.papers import sheet as paper
from breakwater.reporting.papers import telling
from breakwater.reporting.papers.certificate import _ELEMENTS
from breakwater.reporting.papers.letters import shown, width
from breakwater.reporting.papers.sheet import BODY, FOOT, SIDE, Column, Sheet, Words, wrapped

DRAFTS = [*(f"draft-fre-902-{rule}.pdf" for rule in papers.Rule), "draft-uk-s9-statement.pdf"]


@cache
def full() -> dict[str, bytes]:
    """The papers of the whole package."""
    return papers.every(package())


def pages(pdf: bytes) -> list[str]:
    """The text of each page as a reader copies it, lines joined."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "") for page in document]


def text(pdf: bytes) -> str:
    return "".join(pages(pdf))


def squeezed(words: str) -> str:
    """Without spaces: a reader's copy has other ones where lines end."""
    return "".join(words.split())


def rows(facts: PackageFacts) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(papers.schedule_csv(facts).decode("utf-8-sig"))))


def bare() -> PackageFacts:
    """A case without creator, media, people's words, reports or recipients."""
    return package(
        0, decisions=(), reports=(), recipients=(), gaps=(), tools=(), account="", organisation="",
        reference="", reason="", service="",
    )  # fmt: skip


def test_the_same_record_gives_the_same_bytes_in_any_order() -> None:
    other = papers.every(package(2))
    assert papers.every(package()) == full()
    assert all(other[name] != full()[name] for name in full())


def test_the_cover_says_what_who_when_and_how_to_verify() -> None:
    facts = package(2)
    told = squeezed(text(papers.cover(facts)))
    for words in (
        str(facts.case), str(facts.package), "Ada Olsen", "Мария Соколова", "K-2026-0815 / Юг",
        "Police of Lund, forensic desk (SE)", "4 March 2026, 08:06:07 UTC", facts.audit.root,
        "python3 -I -S verify.py", "--with-pdqhash", facts.items[0].sha256, "4564654",
        "The broadcast's sound was not kept.", facts.audit.key, "王小明",
    ):  # fmt: skip
        assert squeezed(words) in told, words


def test_hostile_names_are_told_by_their_code_points() -> None:
    told = squeezed(text(papers.cover(package())))
    assert "lake‹U+202E›gpj.exe" in told
    assert "line‹U+000A›break‹U+0009›tab.jpg" in told
    for name in NAMES[:2] + NAMES[4:8]:
        assert squeezed(name) in told, name


@pytest.mark.parametrize("name", DRAFTS)
def test_a_draft_says_so_on_every_page_and_leaves_room_to_sign(name: str) -> None:
    for page in pages(full()[name]):
        assert page.count("DRAFT. Not a ") == 1
    whole = text(full()[name])
    assert "Signature" in whole
    assert "no legal advice" in whole


@pytest.mark.parametrize(("rule", "elements"), list(_ELEMENTS.items()))
def test_a_certificate_has_each_element_of_its_rule_to_initial(rule, elements) -> None:
    whole = text(papers.fre902(package(), rule))
    assert whole.count("initials") == len(elements)
    for words in (
        *elements, "I declare under penalty of perjury that the foregoing is true and correct.",
        "under penalty of perjury under the laws of the United States of America that the",
        "reasonable written notice", f"902({rule})",
    ):  # fmt: skip
        assert squeezed(words) in squeezed(whole), words


def test_another_paragraph_of_the_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="12"):
        papers.fre902(package(1), "12")


def test_what_was_converted_is_not_certified_as_a_copy() -> None:
    facts = package(items=(item(1), item(2, transcoded=True, transcoding="H.264 to AV1")))
    told = squeezed(text(papers.fre902(facts, "14")))
    assert facts.items[0].sha256 in told
    assert facts.items[1].sha256 not in told
    assert squeezed("the bytes of these files were converted: No. 2.") in told
    assert facts.items[1].sha256 in squeezed(text(papers.fre902(facts, "11")))
    assert squeezed("Not the bytes that were sent: H.264 to AV1.") in squeezed(text(papers.cover(facts)))  # fmt: skip


def test_a_statement_has_what_section_9_asks_for() -> None:
    told = squeezed(text(papers.s9(package())))
    for words in (
        ("true to the best of my knowledge and belief and I make it knowing that, if it is tendered "
        "in evidence, I shall be liable to prosecution if I have wilfully stated in it anything "
        "which I know to be false, or do not believe to be true"),
        "Age if under 18", "Criminal Procedure Rules, r 16.2", "Signature witnessed by",
        "read this statement to the witness before it was signed",
    ):  # fmt: skip
        assert squeezed(words) in told, words


def test_rejected_comparisons_are_disclosed_with_the_reason() -> None:
    reasons = [one for one in Rejection if one]
    found = tuple(comparison(at, one) for at, one in enumerate(reasons, start=1))
    facts = package(items=(stretched(item(1, comparisons=(comparison(31), *found))),))
    assert set(telling.WHY_NOT) == set(Rejection)
    lines = rows(facts)
    assert [one["part"] for one in lines if one["own"]] == ["comparison"] + ["rejected"] * len(reasons)  # fmt: skip
    told = squeezed(text(papers.schedule_pdf(facts)))
    for one, line in zip(found, [row for row in lines if row["part"] == "rejected"], strict=True):
        assert line["why_not"] == telling.WHY_NOT[one.rejected]
        assert (line["own"], line["known"], line["counts"]) == (one.own, one.known, "no")
        assert one.own in told
        assert squeezed(line["why_not"]) in told
    assert [row["words"] for row in lines if row["part"] == "stretch"] == ["score 6.25 over 17 frames"]  # fmt: skip
    taken = [row for row in lines if row["part"] == "decision" and row["counts"] == "no"]
    assert [row["why_not"] for row in taken] == ["taken back"]


def test_a_spreadsheet_computes_nothing_and_loses_nothing() -> None:
    names = ("=1+1", "+1", "-1", "@x", "\tx", 'a,"b"\r\nc', "\x00", "\ud800", "озеро")
    facts = package(items=tuple(item(at, name) for at, name in enumerate(names, start=1)))
    found = [row["name"] for row in rows(facts) if row["part"] == "file"]
    assert found == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", 'a,"b"␍␊c', "␀", "\\ud800", "озеро"]
    codes = [row["name_codes"] for row in rows(facts) if row["part"] == "file"]
    assert codes[0] == ""
    assert codes[-1] == "U+043E U+0437 U+0435 U+0440 U+043E"


def test_five_hundred_files_are_all_there_on_pages_with_heads() -> None:
    facts = package(500)
    for pdf in (papers.cover(facts), papers.s9(facts)):
        found = pages(pdf)
        told = squeezed("".join(found))
        assert all(one.sha256 in told for one in facts.items)
        assert sum("Name at the service" in page for page in found) > 15
        assert f"Page {len(found)} of {len(found)}" in found[-1]
    assert sum(row["part"] == "rejected" for row in rows(facts)) == 500


def test_nothing_leaves_the_page_and_nothing_is_cut() -> None:
    long = "".join(f"{at:05d} " for at in range(4_000))
    solid = "x" * 5_000 + "end"
    page = Sheet(title="t", subject="s", author="a")
    page.name(solid)
    page.tell(solid[:300], long)
    page.table([Column("A", 1), Column("B", 3)], [(solid, long), ("1", "2"), ((long, "z"), "")])
    page.box("words " * 40)
    marks = [mark for one in page.pages for mark in one.marks if isinstance(mark, Words)]
    for mark in marks:
        assert (
            mark.x + width(mark.text, mark.style.font, mark.style.size) <= page.size[0] - SIDE + 0.5
        )
        assert mark.y <= page.size[1] - FOOT + 2
    told = squeezed("".join(mark.text for mark in marks))
    assert told.count("x") == 2 * 5_000 + 300
    assert told.count("03999") == 3
    assert len(page.pages) < 60


def test_wrapped_lines_join_to_what_was_said() -> None:
    said = "one two-three four/five 湖畔的照片 " + "y" * 200
    lines = wrapped(said, BODY, 100)
    assert squeezed("".join(lines)) == squeezed(shown(said))
    assert all(width(line, BODY.font, BODY.size) <= 100 for line in lines)
    half = wrapped(digest("x"), paper.CELL_HASH, 130)
    assert [len(line) for line in half] == [32, 32]


def test_a_case_without_anything_has_all_its_papers() -> None:
    for name, paper_ in papers.every(bare()).items():
        if name.endswith(".pdf"):
            assert "Page 1 of" in text(paper_), name
    told = text(papers.cover(bare()))
    assert "The case has no files." in told
    assert "No report was filed" in told


def test_names_of_people_are_values_and_never_markup() -> None:
    facts = replace(package(1), agreed=person("<b>Bo & Co</b> {x} %s"))
    assert squeezed("<b>Bo & Co</b> {x} %s") in squeezed(text(papers.cover(facts)))
