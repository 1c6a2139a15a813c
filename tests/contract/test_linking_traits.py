"""What names one device or account joins while few share it; a model, a program, an address never do."""

from __future__ import annotations

import io

import pytest

from breakwater.linking.finding import traits as finding
from breakwater.linking.finding.traits import TraitFinder
from breakwater.model.ids import new_id
from breakwater.model.link import LinkKind, Origin, Trait, TraitKind
from breakwater.model.link_signals import LinkSignals
from breakwater.records import link_media, link_traits
from breakwater.records.link_edges import SURE

pytestmark = pytest.mark.usefixtures("keyring")
K = TraitKind


class Shelf:
    """Media with traits, and the finder."""

    def __init__(self, db, vault) -> None:
        self.db, self.vault = db, vault
        self.finder = TraitFinder(db=db)

    def keep(self, *traits: tuple[TraitKind, str]):
        blob = self.vault.put(io.BytesIO(b"ordinary"), purpose="evidence")
        with self.db.transaction() as tx:
            medium = link_media.want(tx, Origin.EXHIBIT, new_id(), blob=blob, source="clips")
            link_traits.put(tx, medium, [Trait(kind, value) for kind, value in traits])
        return medium

    def find(self, medium) -> dict:
        found = self.finder.find(medium, LinkSignals())
        return {(next(iter({one.a, one.b} - {medium.number})), one.kind): one for one in found}


@pytest.fixture
def shelf(database, vault):
    return Shelf(database, vault)


@pytest.mark.parametrize("kind", [K.CAMERA, K.DEVICE, K.STREAM_KEY, K.PAYMENT, K.ACCOUNT])
def test_what_names_one_joins_two_media(shelf, kind) -> None:
    one, _other = shelf.keep((kind, "heron 77")), shelf.keep((kind, "heron 78"))
    newest = shelf.keep((kind, "heron 77"))
    assert {at for at, _ in shelf.find(newest)} == {one.number}
    (found,) = shelf.find(newest).values()
    assert found.kind is (
        LinkKind.ACCOUNT if kind in {K.PAYMENT, K.ACCOUNT, K.STREAM_KEY} else LinkKind.DEVICE
    )
    assert found.score >= SURE
    assert found.evidence["trait"] == {"kind": kind.value, "shared_by": 2}
    assert "heron" not in str(found.evidence), "of a trait only its kind is told"


@pytest.mark.parametrize(
    "kind", [K.CAMERA_MODEL, K.SOFTWARE, K.ENCODER, K.TABLES, K.GOP, K.CONTAINER]
)
def test_two_telephones_of_one_model_and_files_of_one_program_are_not_linked(shelf, kind) -> None:
    shelf.keep((kind, "heron h 1"))
    assert shelf.find(shelf.keep((kind, "heron h 1"))) == {}


def test_a_collectors_account_is_a_lead(shelf) -> None:
    for _ in range(finding.JOINING[K.ACCOUNT]):
        newest = shelf.keep((K.ACCOUNT, "photos acct-1"))
    assert all(one.score >= SURE for one in shelf.find(newest).values())
    newest = shelf.keep((K.ACCOUNT, "photos acct-1"))
    found = shelf.find(newest)
    assert len(found) == finding.JOINING[K.ACCOUNT]
    assert all(one.score == finding.LEAD for one in found.values())


def test_a_device_that_several_accounts_used_is_a_schools(shelf) -> None:
    for number in range(finding.FEW - 1):
        newest = shelf.keep((K.DEVICE, "d-1"), (K.ACCOUNT, f"photos acct-{number}"))
        assert all(one.score >= SURE for one in shelf.find(newest).values())
    newest = shelf.keep((K.DEVICE, "d-1"), (K.ACCOUNT, "photos acct-99"))
    assert all(one.score < SURE for one in shelf.find(newest).values())


def test_what_a_crowd_shares_is_no_lead(shelf) -> None:
    for _ in range(finding.CROWD):
        shelf.keep((K.ADDRESS, "192.0.2.7 2026-05"))
    assert shelf.find(shelf.keep((K.ADDRESS, "192.0.2.7 2026-05"))) == {}


def test_an_address_is_a_lead_and_no_more(shelf) -> None:
    shelf.keep((K.ADDRESS, "192.0.2.7 2026-05"))
    (found,) = shelf.find(shelf.keep((K.ADDRESS, "192.0.2.7 2026-05"))).values()
    assert found.kind is LinkKind.ACCOUNT
    assert found.score < SURE


def test_media_that_the_same_few_watched_are_a_lead(shelf) -> None:
    few = [(K.WATCHED_BY, f"v{number}") for number in range(5)]
    shelf.keep(*few)
    shelf.keep(*few[:2])
    (found,) = shelf.find(shelf.keep(*few)).values()
    assert found.evidence["trait"] == {"kind": "watched_by", "shared_by": 5}
    assert found.score < SURE
    for _ in range(finding.FAITHFUL):
        shelf.keep(*few)
    assert shelf.find(shelf.keep(*few)) == {}, "who watch everything say nothing"


def test_two_rare_traits_of_files_are_a_lead_and_those_of_one_program_are_one(
    shelf, monkeypatch
) -> None:
    monkeypatch.setattr(finding, "ENOUGH", 12)
    for number in range(12):
        shelf.keep((K.TABLES, f"t{number}"), (K.SOFTWARE, f"s{number}"),
                   (K.ENCODER, f"e{number}"), (K.GOP, f"g{number}"))  # fmt: skip
    one = shelf.keep((K.TABLES, "x"), (K.SOFTWARE, "x"))
    (found,) = shelf.find(shelf.keep((K.TABLES, "x"), (K.SOFTWARE, "x"))).values()
    assert found.score < SURE
    assert {found.a, found.b} > {one.number}
    assert shelf.find(shelf.keep((K.TABLES, "x"), (K.SOFTWARE, "y"))) == {}, "one is not two"
    shelf.keep((K.ENCODER, "y"), (K.GOP, "y"))
    assert shelf.find(shelf.keep((K.ENCODER, "y"), (K.GOP, "y"))) == {}, (
        "both follow from one program"
    )
    for _ in range(finding.RARE):
        shelf.keep((K.TABLES, "z"), (K.SOFTWARE, "z"))
    assert shelf.find(shelf.keep((K.TABLES, "z"), (K.SOFTWARE, "z"))) == {}, "no longer rare"


def test_one_pair_has_one_edge_of_a_kind_with_all_that_speaks_for_it(shelf) -> None:
    both = ((K.CAMERA, "heron 77"), (K.DEVICE, "d-1"), (K.ACCOUNT, "photos acct-1"))
    one = shelf.keep(*both)
    found = shelf.find(shelf.keep(*both))
    assert set(found) == {(one.number, LinkKind.DEVICE), (one.number, LinkKind.ACCOUNT)}
    device = found[one.number, LinkKind.DEVICE]
    assert [each["kind"] for each in device.evidence["traits"]] == ["camera", "device"]
    with shelf.db.transaction() as tx:
        link_media.gone(tx, one.number)
    assert shelf.find(shelf.keep((K.CAMERA, "heron 77"))).keys() == {
        (one.number + 1, LinkKind.DEVICE)
    }
