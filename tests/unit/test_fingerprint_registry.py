"""Plug-ins for signal kinds are taken only when they are complete and change nothing built in."""

from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from breakwater.errors import Unfit
from breakwater.fingerprint import registry
from breakwater.fingerprint.registry import Plugin, Registry
from breakwater.model.signal import DOMAIN, MD5, PDQ, PHOTODNA, SHA1, SHA256, URL, kind_named
from breakwater.testing import example_kind


def test_without_plug_ins_the_built_in_kinds_can_be_matched() -> None:
    assert set(Registry.of([]).kinds) == {PDQ, MD5, SHA1, SHA256, URL, DOMAIN}


def test_a_licensed_kind_becomes_matchable_by_its_plug_in() -> None:
    factory = example_kind.TileIndexFactory()
    found = Registry.of([Plugin(PHOTODNA, None, factory)])
    assert PHOTODNA in found.kinds
    assert found.index_factories == {"photodna": factory}
    assert found.hashers == {}


def test_a_new_kind_is_known_by_name_afterwards() -> None:
    found = Registry.of([example_kind.plugin()])
    assert kind_named("example_tiles") in found.kinds
    assert set(found.hashers) == {"example_tiles"}


def test_incomplete_or_contradicting_plug_ins_are_unfit() -> None:
    example = example_kind.plugin()
    for bad in (
        [example, example],
        [replace(example, index_factory=None)],
        [Plugin(replace(PDQ, limit=60))],
    ):
        with pytest.raises(Unfit):
            Registry.of(bad)


@pytest.mark.parametrize("target", ["breakwater.nosuch:x", "breakwater.errors:Unfit"])
def test_an_entry_point_that_does_not_load_is_named(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    point = EntryPoint("operators_kind", target, registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    with pytest.raises(Unfit, match="operators_kind"):
        Registry.installed()


def test_an_entry_point_may_be_a_plugin_or_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("example", "breakwater.testing.example_kind:plugin", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])
    assert set(Registry.installed().plugins) == {"example_tiles"}
