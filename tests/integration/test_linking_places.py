"""Real pictures through the real jail: one room is one place, and what a platform lays over it is nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from numpy.typing import NDArray
from PIL import Image

from breakwater.cli import demo_rooms
from breakwater.linking.finding.masks import Masks
from breakwater.linking.finding.places import INDEX, PlaceFinder
from breakwater.linking.keeping import Keeping
from breakwater.linking.signals import StoredSignals
from breakwater.linking.taking import Parts, Taking
from breakwater.media.sandbox import JailPool
from breakwater.model.ids import new_id
from breakwater.model.link import LinkKind, Origin
from breakwater.model.media import MediaLimits
from breakwater.observe import Metrics
from breakwater.recognition.links import VERSION, LinkLooker
from breakwater.records import link_edges, link_media, link_series
from breakwater.scenes.vocabulary import Vocabulary
from tests.integration.installed import shared_jail

pytestmark = [
    pytest.mark.usefixtures("keyring"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
OVERLAY = 5


def picture(pixels: NDArray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def view(seed: int, camera: int = 0, *, overlay: bool = True) -> bytes:
    """A room as one of its cameras sees it, under the platform's logo and chat bar."""
    inside, cameras = demo_rooms.room(seed), demo_rooms.cameras(seed, 2, apart=6.0)
    seen = demo_rooms.seen(inside, cameras[camera], light=seed * 10 + camera)
    return picture(demo_rooms.laid_over(seen, OVERLAY) if overlay else seen)


@pytest.fixture(scope="module")
def jail() -> JailPool:
    return shared_jail()


@pytest.fixture(scope="module")
def words(jail: JailPool) -> Vocabulary:
    """Learnt on rooms that no test shows."""
    looker = LinkLooker(pool=jail, limits=MediaLimits(max_wall_s=60))
    seen = [looker.look(io.BytesIO(view(seed, overlay=False))) for seed in range(40, 44)]
    return Vocabulary.learn([frame for one in seen for frame in one.frames], words=128)


class Counted:
    """The real looker, and how often it was asked."""

    def __init__(self, jail: JailPool) -> None:
        self.inner, self.looks = LinkLooker(pool=jail, limits=MediaLimits(max_wall_s=60)), 0

    def look(self, source, media_type=""):
        self.looks += 1
        return self.inner.look(source, media_type)


class House:
    """Exhibits that are looked at and compared by their places."""

    def __init__(self, database, vault, jail, words, folder) -> None:
        self.db, self.vault, self.words, self.folder = database, vault, words, folder
        self.looker = Counted(jail)
        self.start()

    def start(self) -> None:
        """As a process that begins."""
        stored = StoredSignals(self.vault)
        self.places = PlaceFinder(
            db=self.db, stored=stored, masks=Masks(db=self.db, stored=stored),
            folder=self.folder, vocabulary=self.words,
        )  # fmt: skip
        self.taking = Taking(
            Parts(
                db=self.db, vault=self.vault, looker=self.looker, stored=stored,
                keeping=Keeping(db=self.db), finders=(self.places,), about=lambda *_: (),
                metrics=Metrics(), version=VERSION,
            )
        )  # fmt: skip

    def show(self, body: bytes, source: str = "clips") -> int:
        """Take in one picture, and look at it; answers its number."""
        blob = self.vault.put(io.BytesIO(body), purpose="evidence")
        with self.db.transaction() as tx:
            made = link_media.want(tx, Origin.EXHIBIT, new_id(), blob=blob, source=source)
        self.taking.run({"medium": made.number}, 1, lambda _share: None)
        return made.number

    def links(self, number: int):
        with self.db.read() as tx:
            return link_edges.of_medium(tx, number)

    def series(self) -> list[list[int]]:
        with self.db.read() as tx:
            return [link_series.members(tx, one.number) for one in link_series.page(tx)]


@pytest.fixture
def house(database, vault, jail, words, tmp_path) -> Iterator[House]:
    (tmp_path / "places").mkdir()
    return House(database, vault, jail, words, tmp_path / "places")


def test_two_views_of_a_room_are_one_series_and_the_overlay_alone_links_nothing(house) -> None:
    for seed in (12, 13, 14):
        house.show(view(seed))
    assert house.series() == [], "they share a logo and a chat bar"
    one, two = house.show(view(18)), house.show(view(18, 1))
    assert house.series() == [[one, two]]
    (link,) = house.links(one)
    assert link.edge.kind is LinkKind.PLACE
    pair = link.evidence["pairs"][0]
    assert pair["inliers"] >= 19
    assert all(0 <= value <= 1 for point in pair["points"] for value in point)


def test_the_first_of_a_source_are_not_linked_by_what_lies_over_them(house) -> None:
    for seed in (21, 22, 23):
        house.show(view(seed), "new")
    assert house.series() == []


def test_after_a_restart_nothing_is_decoded_again_and_the_room_is_found(house) -> None:
    one = house.show(view(11, overlay=False))
    house.show(view(12, overlay=False))
    house.taking.save()
    house.start()
    assert house.places.knows(one)
    assert len(house.places) == 2
    two = house.show(view(11, 1, overlay=False))
    assert house.series() == [[one, two]]
    assert house.looker.looks == 3


@pytest.mark.parametrize("damage", ["cut", "gone", "words"])
def test_an_index_that_cannot_be_used_is_made_anew_and_never_answers_nothing(
    house, damage, jail
) -> None:
    one = house.show(view(11, overlay=False))
    house.taking.save()
    files = sorted(path for path in (house.folder / INDEX).rglob("*") if path.is_file())
    assert files
    if damage == "words":
        house.words = Vocabulary(house.words.words[::-1].copy())
    for path in files:
        if damage == "gone":
            path.unlink()
        elif damage == "cut":
            path.write_bytes(path.read_bytes()[:-1])
    house.start()
    assert house.places.rebuilt
    two = house.show(view(11, 1, overlay=False))
    assert house.series() == [[one, two]]
    assert house.looker.looks == 2


def test_what_is_gone_is_found_by_nobody(house) -> None:
    one = house.show(view(11, overlay=False))
    with house.db.transaction() as tx:
        link_media.gone(tx, one)
    house.start()
    house.show(view(11, 1, overlay=False))
    assert house.series() == []
    assert not house.places.knows(one)
