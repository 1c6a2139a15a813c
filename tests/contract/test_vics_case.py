"""A case as VICS is read back by our own reader, with nothing lost and nothing invented."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.builders_papers import NAMES, comparison, item, package

from breakwater.errors import BadInput
from breakwater.model.facts import Activity, AgeBand, ChildFacts, ItemFacts, Known, Maturity, Sex
from breakwater.model.package import ItemRole, PackageItem
from breakwater.model.scheme import Scheme
from breakwater.model.signal import MD5, SHA1
from breakwater.reporting.vics.case import (
    Context,
    VicsCase,
    contexts,
    facts_of,
    of_package,
    written,
)
from breakwater.review.grading.schemes import shipped
from breakwater.review.grading.sources import SourceRow
from breakwater.review.grading.vics import VicsReader

SCHEMES = {scheme.id: scheme for scheme in shipped()}
US, UK = Context.named("US"), Context.named("UK")
CHILD = ChildFacts(AgeBand.FROM_7, Sex.UNCLEAR, Maturity.PREPUBESCENT)
GRAVE = ItemFacts(
    Activity.NON_PENETRATIVE, (CHILD, CHILD), self_generated=True, victim=Known.YES, offenders=1
)
NONE = ItemFacts(Activity.NONE, (CHILD,))


def said(facts: ItemFacts) -> tuple[tuple[str, str], ...]:
    """As packages keep facts."""
    return tuple(
        (name, value if isinstance(value, str) else json.dumps(value))
        for name, value in facts.plain().items()
    )


def seen(number: int, facts: ItemFacts | None, name: str = "", **changed: Any) -> PackageItem:
    return item(number, name, facts=() if facts is None else said(facts), **changed)


def export(*items: PackageItem, context: Context = US) -> bytes:
    facts = package(items=items)
    return of_package(facts, context, SCHEMES[context.scheme])


def rows(raw: bytes) -> list[SourceRow]:
    found = list(VicsReader(io.BytesIO(raw)).rows())
    assert all(isinstance(row, SourceRow) for row in found)
    return found  # type: ignore[return-value] # just asserted


@pytest.mark.parametrize(("context", "category"), [("US", 1), ("UK", 2)])
def test_a_case_comes_back_with_hashes_paths_categories_and_facts(context, category) -> None:
    one = seen(3, GRAVE, "Фотография.jpg")
    raw = export(one, context=Context.named(context))
    reader = VicsReader(io.BytesIO(raw))
    (row,) = reader.rows()
    assert (reader.form, reader.context, reader.envelope.what) == ("vics 2.0", context, "cases")
    assert (row.claimed(MD5), row.claimed(SHA1)) == (one.md5, one.sha1)
    assert row.paths[0] == one.path
    assert "Фотография.jpg" in row.paths
    assert ItemFacts.read(row.claims["facts"]) == GRAVE == facts_of(one)
    assert row.claims["category"] == category
    assert (row.claims["victimidentified"], row.claims["selfgenerated"]) == (True, True)


def test_what_was_not_said_is_absent_and_never_false() -> None:
    (media,) = json.loads(export(seen(1, None)))["value"][0]["Media"]
    assert {"Category", "VictimIdentified", "SelfGenerated", "Series"} & set(media) == set()
    (row,) = rows(export(seen(1, None)))
    assert set(row.claims) == {"mediaid", "mimetype"}
    (media,) = json.loads(export(seen(1, NONE), context=UK))["value"][0]["Media"]
    assert "Category" not in media  # not indecent has no integer there
    bag = {one["PropertyName"]: one["PropertyValue"] for one in media["Exifs"]}
    assert bag["breakwater.code"] == "none"


def test_the_writer_keeps_to_what_other_readers_ask_for() -> None:
    raw = export(seen(1, GRAVE), seen(2, GRAVE))
    assert not raw.startswith(b"\xef\xbb\xbf")
    case = json.loads(raw)["value"][0]
    assert case["CaseID"].startswith("{")
    assert case["CaseID"].endswith("}")
    assert "odata.metadata" not in json.loads(raw)
    assert case["ContactOrganization"] == "Pictures Example Ltd"
    told = {one["PropertyName"]: one["PropertyValue"] for one in case["CaseMetadata"]}
    assert told["Exhibit"].startswith("package ")
    assert told["breakwater.scheme"] == "vics_us 2.0"
    for media in case["Media"]:
        assert media["MD5"] == media["MD5"].upper() == media["MediaFiles"][0]["MD5"]
        assert media["RelativeFilePath"].startswith("media\\")
        assert media["VictimIdentified"] == "true"
        assert {one["HashName"] for one in media["AlternativeHashes"]} >= {"SHA256"}
        assert media["MediaFiles"][0]["FilePath"]


def test_a_series_comes_from_what_counts_alone() -> None:
    counted = replace(comparison(1), labels=("series:Lake 7", "series:Lake 7", "lake"))
    harmless = replace(comparison(3), labels=("series:Other",), negative=True)
    (row,) = rows(export(seen(1, GRAVE, comparisons=(counted, harmless))))
    assert row.claims["series"] == "Lake 7"


def test_what_is_no_medium_or_has_no_md5_is_left_out_and_counted() -> None:
    raw = export(seen(1, GRAVE), seen(2, GRAVE, md5=""), seen(3, None, role=ItemRole.CONTEXT))
    assert [row.claims["mediaid"] for row in rows(raw)] == [1]
    assert json.loads(raw)["value"][0]["breakwater.LeftOut"] == 1


def test_names_in_any_script_and_hostile_ones_come_through() -> None:
    items = [seen(at, GRAVE, name) for at, name in enumerate((*NAMES, "\ud800"), start=1)]
    items.append(replace(seen(99, GRAVE), name=""))
    raw = export(*items)
    files = [one["MediaFiles"][0]["FileName"] for one in json.loads(raw)["value"][0]["Media"]]
    assert files[: len(NAMES)] == list(NAMES)
    assert files[-1] == "file 99"
    assert len(rows(raw)) == len(items)


def test_a_case_without_files_is_a_case() -> None:
    reader = VicsReader(io.BytesIO(export()))
    assert list(reader.rows()) == []
    assert reader.envelope.what == "cases"


def test_it_is_written_piece_by_piece() -> None:
    head = VicsCase(package(0).case, 814, "")
    pieces = list(written(head, (seen(n, GRAVE) for n in range(1, 501)), US, SCHEMES["vics_us"]))
    assert len(pieces) == 502
    assert max(len(piece) for piece in pieces) < 3_000
    assert len(rows(b"".join(pieces))) == 500


def test_categories_come_from_the_scheme_of_the_context_only() -> None:
    with pytest.raises(BadInput, match="uk_abc"):
        list(written(VicsCase(package(0).case, 1, ""), (), UK, SCHEMES["vics_us"]))
    with pytest.raises(BadInput, match="US"):
        Context.named("XX")
    for name in contexts():
        scheme: Scheme = SCHEMES[Context.named(name).scheme]
        assert set(Context.named(name).categories) <= set(scheme.codes)
