"""Kept pictures and clips, looked at in the real jail and compared by their places."""

from __future__ import annotations

import io

from numpy.typing import NDArray
from PIL import Image

from breakwater.cli import demo_rooms
from breakwater.linking.finding.masks import Masks
from breakwater.linking.finding.places import PlaceFinder
from breakwater.linking.keeping import Keeping
from breakwater.linking.signals import StoredSignals
from breakwater.linking.taking import Parts, Taking
from breakwater.media.sandbox import JailPool
from breakwater.model.ids import new_id
from breakwater.model.link import Medium, Origin
from breakwater.model.media import MediaLimits
from breakwater.observe import Metrics
from breakwater.recognition.features import Features
from breakwater.recognition.links import LinkLooker
from breakwater.records import jobs, link_edges, link_media, link_series
from breakwater.scenes.vocabulary import Vocabulary

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


def learnt(jail: JailPool) -> Vocabulary:
    """Learnt on rooms that no test shows."""
    looker = LinkLooker(pool=jail, limits=MediaLimits(max_wall_s=60))
    seen = [looker.look(io.BytesIO(view(seed, overlay=False))) for seed in range(40, 44)]
    return Vocabulary.learn([frame for one in seen for frame in one.frames], words=128)


class Counted:
    """The real looker, and how often it was asked."""

    def __init__(self, jail: JailPool, features: Features | None = None) -> None:
        limits = MediaLimits(max_wall_s=60)
        self.inner, self.looks = LinkLooker(pool=jail, limits=limits, features=features), 0

    def look(self, source, media_type=""):
        self.looks += 1
        return self.inner.look(source, media_type)


class House:
    """Exhibits that are looked at and compared by their places."""

    def __init__(self, database, vault, jail, words, folder) -> None:
        self.db, self.vault, self.words, self.folder = database, vault, words, folder
        self.jail = jail
        self.start()

    def start(self, features: Features | None = None) -> None:
        """As a process that begins, with the operator's model of local features or without."""
        before = self.looker.looks if hasattr(self, "looker") else 0
        self.looker = Counted(self.jail, features)
        self.looker.looks = before
        stored = StoredSignals(self.vault)
        self.places = PlaceFinder(
            db=self.db, stored=stored, masks=Masks(db=self.db, stored=stored),
            folder=self.folder, vocabulary=self.words,
        )  # fmt: skip
        self.taking = Taking(
            Parts(
                db=self.db, vault=self.vault, looker=self.looker, stored=stored,
                keeping=Keeping(db=self.db), finders=(self.places,), about=lambda *_: (),
                metrics=Metrics(), version=self.looker.inner.version,
            )
        )  # fmt: skip

    def show(self, body: bytes, source: str = "clips") -> int:
        """Take in one picture, and look at it; answers its number."""
        blob = self.vault.put(io.BytesIO(body), purpose="evidence")
        with self.db.transaction() as tx:
            made = link_media.want(tx, Origin.EXHIBIT, new_id(), blob=blob, source=source)
        self.taking.run({"medium": made.number}, 1, lambda _share: None)
        return made.number

    def work(self) -> int:
        """Every look that waits, as a worker does it."""
        claimed = jobs.claim(self.db, [link_media.LOOK_JOB], owner="w", lease_s=60, limit=50)
        for one in claimed:
            self.taking.run(one.payload, one.attempts, lambda _share: None)
            with self.db.transaction() as tx:
                jobs.finish(tx, one)
        return len(claimed)

    def links(self, number: int):
        with self.db.read() as tx:
            return link_edges.of_medium(tx, number)

    def series(self) -> list[list[int]]:
        with self.db.read() as tx:
            return [link_series.members(tx, one.number) for one in link_series.page(tx)]

    def medium(self, number: int) -> Medium:
        with self.db.read() as tx:
            return link_media.get(tx, number)
