"""Series, links and media for `test_matrix_owners.py`: each maker answers a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from breakwater.model.exhibit import Exhibit, ExhibitState, SetKind
from breakwater.model.ids import new_id
from breakwater.model.link import Found, LinkKind, Origin
from breakwater.records import exhibits, link_children, link_edges, link_media, link_series
from tests.integration.matrix_world import Make, Somebody, World


def medium(world: World, _of: Somebody) -> str:
    """A medium that is in no series."""
    return str(_media(world, 1)[0])


def link(world: World, _of: Somebody) -> str:
    """A link of two media that are in a series by it."""
    return str(_link(world))


def series(world: World, _of: Somebody) -> str:
    """A series of two media."""
    number = _link(world)
    with world.app.db.read() as tx:
        found = link_series.of_medium(tx, link_edges.get(tx, number).edge.a)
    assert found is not None
    return str(found.number)


def _media(world: World, count: int) -> list[int]:
    with world.app.db.transaction() as tx:
        return [
            link_media.want(tx, Origin.EXHIBIT, new_id(), sha256=f"{world.next():064x}").number
            for _ in range(count)
        ]


def _link(world: World) -> int:
    a, b = _media(world, 2)
    with world.app.db.transaction() as tx:
        made = link_edges.add(tx, Found(a, b, LinkKind.PLACE, "test", "1", 0.9))
        world.app.linking.keeping.changed(tx, [made])
        return made.edge.number


def exhibit_set(world: World, _of: Somebody) -> str:
    """A set of exhibits."""
    return str(_exhibit(world).set_number)


def exhibit(world: World, _of: Somebody) -> str:
    """One file of a set."""
    return str(_exhibit(world).number)


def _exhibit(world: World) -> Exhibit:
    with world.app.db.transaction() as tx:
        one = exhibits.start(
            tx, reference=f"K {world.next()}", source="", kind=SetKind.FOLDER, by="test"
        )
        return exhibits.add(tx, one.number, [Exhibit("file 1", ExhibitState.BAD)])[0]


CONFIRM: Final = {"json": {"verdict": "confirm", "reason": "because"}}


def named(world: World, made: str) -> dict[str, Any]:
    """A form that names a series as it stands now."""
    with world.app.db.read() as tx:
        version = link_series.get(tx, int(made)).version
    return {"data": {"name": "Blue", "priority": "high", "version": str(version)}}


def ended(how: str) -> Callable[[World, str], dict[str, Any]]:
    """What became of a child of the series, as JSON or as a form."""

    def body(world: World, made: str) -> dict[str, Any]:
        with world.app.db.transaction() as tx:
            child = link_children.add(tx, int(made), f"Child {world.next()}", "test")
        return {how: {"child": str(child), "outcome": "identified"}}

    return body


SAID: Final = {"data": {"words": "Seen."}}
ROUTES: Final[list[tuple[Make, dict[str, Any], list[str]]]] = [
    (series, {}, ["GET /v1/links/series/{number}"]),
    (series, {"body": {"json": {"name": "Blue"}}}, ["PATCH /v1/links/series/{number}"]),
    (series, {"body": {"json": {"words": "Seen."}}}, ["POST /v1/links/series/{number}/notes"]),
    (series, {}, ["POST /v1/links/series/{number}/lead", "POST /links/{number}/lead"]),
    (series, {}, ["GET /v1/links/series/{number}/children"]),
    (series, {"body": {"json": {"label": "Child A"}}}, ["POST /v1/links/series/{number}/children"]),
    (series, {}, ["GET /v1/links/series/{number}/places"]),
    (
        series,
        {"body": {"json": {"words": "Seen.", "country": "NL"}}},
        ["POST /v1/links/series/{number}/places"],
    ),
    (series, {"body": ended("json")}, ["POST /v1/links/series/{number}/outcomes"]),
    (medium, {}, ["GET /v1/links/media/{number}", "POST /v1/links/media/{number}/retry"]),
    (link, {}, ["GET /v1/links/edges/{number}"]),
    (exhibit_set, {}, ["GET /v1/exhibits/{number}", "GET /v1/exhibits/{number}/files"]),
    (exhibit, {}, ["GET /v1/exhibit-files/{number}"]),
    (link, {"body": CONFIRM}, ["POST /v1/links/edges/{number}/verdicts"]),
    (series, {}, ["GET /links/{number}", "GET /links/{number}/graph", "GET /links/{number}/media"]),
    (series, {"body": named}, ["POST /links/{number}"]),
    (series, {"body": SAID}, ["POST /links/{number}/notes", "POST /links/{number}/tasks"]),
    (series, {"body": {"data": {"label": "Child A"}}}, ["POST /links/{number}/children"]),
    (
        series,
        {"body": {"data": {"words": "Seen.", "country": "NL"}}},
        ["POST /links/{number}/places"],
    ),
    (series, {"body": ended("data")}, ["POST /links/{number}/outcomes"]),
    (series, {"own": "not found", "another": "not found"}, ["POST /links/{number}/tasks/{task}"]),
    (link, {}, ["GET /links/edges/{number}"]),
    (link, {"own": "held", "another": "held"}, ["POST /links/edges/{number}/back"]),
    (link, {"body": {"data": {"verdict": "confirm"}}}, ["POST /links/edges/{number}"]),
    (exhibit_set, {}, ["GET /links/exhibits/{number}"]),
]
"""All for investigators: series are the installation's, not a person's."""
