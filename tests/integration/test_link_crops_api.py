"""Cut-outs and gates over HTTP: two people who are signed in, looks written down, pixels alone."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from breakwater.cli import demo_rooms
from breakwater.model.access import Role
from breakwater.model.ids import new_id
from breakwater.model.link import Origin
from breakwater.records import link_edges, link_media, link_persons, numbers
from breakwater.records.tables import core
from tests import builders_likeness as made
from tests.builders_links import medium
from tests.integration.served import Served, serving

PIXELS = made.drawing((64, 64, 1))
BOX = [0.5, 0.5, 0.25, 0.25]
LAW = "Data Act, section 35: identifying victims of crime"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    here = tmp_path_factory.mktemp("crops")
    models = made.folder(here / "models")
    with serving(here, likeness_dir=models) as running:
        yield running


@pytest.fixture(scope="module")
def number(served: Served) -> int:
    blob = served.app.vault.put(io.BytesIO(made.png(PIXELS)), purpose="evidence")
    with served.app.db.transaction() as tx:
        found = numbers.take(tx, "link_media")
        medium(tx, found, blob=blob, media_type="image/png")
    return found


@pytest.fixture(scope="module")
def first(served: Served) -> httpx.Client:
    return served.browser(Role.INVESTIGATOR)


@pytest.fixture(scope="module")
def second(served: Served) -> httpx.Client:
    return served.browser(Role.INVESTIGATOR)


def acts(served: Served, beginning: str) -> list[str]:
    with served.app.db.read() as tx:
        rows = tx.execute(sa.select(core.audit.c.action).order_by(core.audit.c.number)).scalars()
        return [one for one in rows if one.startswith(beginning)]


def proposed(who: httpx.Client, number: int, box: list[float] = BOX) -> httpx.Response:
    said = {"medium": number, "box": box, "purpose": "A poster beside a door"}
    return who.post("/v1/links/crops", json=said)


def test_a_cut_out_leaves_when_another_person_has_looked_at_it(
    served: Served, first: httpx.Client, second: httpx.Client, number: int
) -> None:
    answer = proposed(first, number)
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    here = f"/v1/links/crops/{answer.json()['id']}"
    assert first.post(f"{here}/confirm", json={"nobody": True}).status_code == 409
    assert second.post(f"{here}/confirm", json={"nobody": True}).status_code == 409
    assert first.post(f"{here}/export").status_code == 409
    seen = second.post(f"{here}/look", json={"reason": "To agree"})
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/webp")
    assert seen.headers["cache-control"] == "no-store"
    assert acts(served, "view.start")
    agreed = second.post(f"{here}/confirm", json={"nobody": True})
    assert (agreed.status_code, agreed.json()["state"]) == (200, "agreed")
    out = first.post(f"{here}/export")
    assert out.headers["x-sha256"] == hashlib.sha256(out.content).hexdigest()
    with Image.open(io.BytesIO(out.content)) as read:
        read.load()
        assert read.info == {}
        assert (np.asarray(read) == PIXELS[192:288, 320:480]).all()
    listed = first.get("/v1/links/crops", params={"medium": number}).json()["crops"]
    assert listed[0]["exported_at"] is not None
    assert acts(served, "links.crop") == [
        "links.crop_propose", "links.crop_agree", "links.crop_export",
    ]  # fmt: skip


def test_a_gate_takes_two_people_and_what_is_behind_it_is_for_its_role(
    served: Served, first: httpx.Client, second: httpx.Client, number: int
) -> None:
    leads = f"/v1/links/media/{number}/likenesses"
    assert first.get(leads).status_code == 403
    standing = first.get("/v1/likeness").json()
    assert [one["name"] for one in standing["models"]] == ["squares"]
    assert (standing["gates"], standing["vectors"]) == ([], 0)
    wish = {"model": "squares", "role": "investigator", "jurisdiction": "GB", "legal_basis": LAW}
    gate = first.post("/v1/likeness/gates", json=wish).json()
    here = f"/v1/likeness/gates/{gate['id']}"
    assert first.post(f"{here}/confirm").status_code == 409
    assert second.post(f"{here}/confirm").json()["state"] == "open"
    assert served.app.linking.likeness.turn() >= 0
    assert first.get(leads).json() == {"leads": []}
    assert first.get("/v1/likeness").json()["vectors"] == 1
    over = proposed(first, number, [0.05, 0.1, 0.3, 0.3])
    assert over.status_code == 409
    assert "face" in over.json()["detail"]
    assert first.delete(here).json()["state"] == "closed"
    assert first.get(leads).status_code == 403
    with served.app.db.read() as tx:
        assert link_persons.count(tx) == 0


@pytest.mark.parametrize(
    "body",
    [{}, {"box": [0, 0, 2, 1]}, {"box": [0, 0]}, {"medium": 0}, {"purpose": ""}, {"more": 1}],
)
def test_bad_wishes_are_told(first: httpx.Client, number: int, body: dict[str, object]) -> None:
    known = {"medium": number, "box": BOX, "purpose": "A poster"} if body else {}
    assert first.post("/v1/links/crops", json=known | body).status_code == 422


def test_a_search_is_answered_and_written_down(served: Served, first: httpx.Client) -> None:
    squares = np.random.default_rng(3).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    body = made.png(np.kron(squares, np.ones((20, 20, 1), np.uint8)))
    sent = {"reason": "Case file 12-3", "box": "0.25,0.25,0.5,0.5"}
    answer = first.post(
        "/v1/links/search", data=sent, files={"example": ("a.png", body, "image/png")}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["sha256"] == hashlib.sha256(body).hexdigest()
    assert first.get("/v1/links/searches").json()["searches"][0]["reason"] == "Case file 12-3"
    bad = first.post(
        "/v1/links/search", data=sent, files={"example": ("a.png", b"no", "image/png")}
    )
    assert bad.status_code in {400, 422}
    assert "cannot be read" in bad.json()["detail"]
    none = first.post("/v1/links/search", data=sent, files={"reason2": (None, "x")})
    assert none.status_code in {400, 422}
    assert acts(served, "links.search")


def test_what_is_kept_is_found_by_an_example_of_it(served: Served, first: httpx.Client) -> None:
    """Really read, really compared: found when it is coded anew, and nothing else is found."""
    one_side, elsewhere = (
        demo_rooms.seen(demo_rooms.room(seed), demo_rooms.cameras(seed, 2, apart=6.0)[0])
        for seed in (3, 60)
    )
    blob = served.app.vault.put(io.BytesIO(made.png(one_side)), purpose="evidence")
    with served.app.db.transaction() as tx:
        one = link_media.want(tx, Origin.EXHIBIT, new_id(), blob=blob, source="phone")
    served.app.linking.taking.run({"medium": one.number}, 1, lambda _: None)
    again = io.BytesIO()
    Image.fromarray(one_side).resize((512, 384)).save(again, "JPEG", quality=80)
    side = demo_rooms.seen(demo_rooms.room(3), demo_rooms.cameras(3, 2, apart=6.0)[1])
    asked: list[tuple[bytes, str, set[str]]] = [
        (again.getvalue(), "", {"copy"}), (made.png(side), "", {"place"}),
        (made.png(side), "0.2,0.2,0.6,0.6", {"place", "decor"}),
        (made.png(elsewhere), "", set()), (made.png(elsewhere), "0.2,0.2,0.6,0.6", set()),
    ]  # fmt: skip
    for body, box, wanted in asked:
        sent = {"reason": "Case file 12-3", "box": box}
        files = {"example": ("a", body, "application/octet-stream")}
        hits = first.post("/v1/links/search", data=sent, files=files).json()["hits"]
        kinds = {hit["kind"] for hit in hits if hit["medium"] == one.number}
        assert bool(kinds & wanted) == bool(wanted), (box, hits)
        assert wanted or not kinds
    with served.app.db.read() as tx:
        assert link_edges.of_medium(tx, one.number) == [], "an example leaves no edge"
