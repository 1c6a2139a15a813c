"""Spot checks at work: a round every ten minutes, a strip of each draw, the purge.

In: every broadcast that runs, and what watchers take of those that were drawn. Out: strips in the
vault under a key of their own, rows that stay, and within 72 hours nothing that leads back to a
broadcast: keys are destroyed first, then it is shown that nothing opens, then the rows go. A
broadcast that a service calls private is never drawn, and its strip goes at once. Tests:
`tests/integration/test_spots.py`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from breakwater.errors import NotFound
from breakwater.live.spots import rules as spot_rules
from breakwater.live.spots.drawing import draw
from breakwater.live.spots.rules import EVERY_S, PUBLIC, SLOT, STILLS, SpotRules, begins, slot_of
from breakwater.live.watching.strips import Strips, Taking
from breakwater.model.clock import Clock
from breakwater.model.event import Event
from breakwater.model.ids import Id
from breakwater.model.spot import Round, Strip, StripState
from breakwater.model.stream import Stream, StreamState
from breakwater.observe import Metrics, logger
from breakwater.records import decisions, spot_figures, spots, streams
from breakwater.records.database import Database, Tx
from breakwater.records.keys import Keyring
from breakwater.records.vault import Vault

PURPOSE: Final = "spots"
"""The key that wraps those of strips, and from which moments and seeds of rounds are made."""

GIVE_UP: Final = timedelta(minutes=5)
"""A drawn broadcast that gave no strip until then is missed; its moment is over."""

EVERY_TURN_S: Final = 1.0
EVERY_PURGE_S: Final = 60.0

_log = logger("spots")


class SpotChecks:
    """Draws, takes and purges."""

    def __init__(
        self, *, db: Database, keys: Keyring, vault: Vault, strips: Strips, metrics: Metrics,
        rules: SpotRules, clock: Clock,
    ) -> None:  # fmt: skip
        """Take what it stands on.

        Args:
            db: where rounds and strips are kept.
            keys: make moments and seeds that nobody outside can foresee.
            vault: keeps stills, each under a key of its own.
            strips: of the broadcasts that are watched by this process.
            metrics: what was drawn, looked at, purged.
            rules: how it is drawn here.
            clock: by which rounds and purges are due.
        """
        self._db, self._keys, self._vault = db, keys, vault
        self._strips, self._metrics = strips, metrics
        self.rules, self._clock = rules, clock
        self._done = -1

    def turn(self) -> None:
        """Keep strips that came, draw when it is time, and ask for what was drawn."""
        for taking in self._strips.over():
            if taking.whole:
                self._keep(taking)
        if self.rules.on:
            self._draw()
        self._ask()

    def purge(self) -> int:
        """Destroy what is over, and what is private by now; answers how many strips went."""
        with self._db.read() as tx:
            gone = {(one.draw, one.part): one for one in spots.due(tx, self._clock.now())}
            gone |= {(one.draw, one.part): one for one in spots.withdrawn(tx, PUBLIC)}
        went = sum(self._destroy(one) for one in gone.values())
        with self._db.read() as tx:
            now = spot_figures.figures(tx)
        self._metrics.spot_overdue.set(now.overdue)
        self._metrics.spot_waiting.set(now.waiting)
        return went

    def on_decided(self, event: Event) -> None:
        """A case was decided, or a decision taken back: what a draw found follows. Idempotent."""
        with self._db.transaction() as tx:
            said = decisions.standing(tx, event.subject)
            spots.found(tx, event.subject, said.kind.value if said else "")

    def _draw(self) -> None:
        """One round in each slot, at its moment; whichever process comes first draws it."""
        now = self._clock.now()
        slot = slot_of(now)
        wanted = spot_rules.wanted(self.rules.per_hour, slot)
        if slot == self._done or now < begins(slot) + self._moment(slot):
            return
        if wanted:
            with self._db.transaction() as tx:
                tx.lock_changes()
                if not spots.drawn(tx, slot):
                    self._round(tx, slot, wanted)
        self._done = slot

    def _round(self, tx: Tx, slot: int, wanted: int) -> None:
        running = spots.running(tx)
        out = [self.rules.left_out(one) for one in running]
        frame = [one.candidate for one, why in zip(running, out, strict=True) if not why]
        seed = self._keys.mac(PURPOSE, b"round %d" % slot)
        drawn = draw(self.rules, frame, wanted, seed)
        left_out = {why: out.count(why) for why in sorted(set(out)) if why}
        made = Round(
            slot, spots.design(tx, self.rules.plain), seed.hex(), tx.now, wanted, drawn.strata,
            left_out,
        )  # fmt: skip
        draws = spots.add_round(tx, made, drawn.picked, kept=self.rules.kept)
        tx.audit(
            "live", "spot.draw", f"round {slot}", design=made.design, frame=len(frame),
            drawn=len(draws), left_out=sum(left_out.values()),
        )  # fmt: skip
        self._metrics.spot_draws.inc(len(draws))

    def _moment(self, slot: int) -> timedelta:
        """Where in its ten minutes a round falls: nobody outside can foresee it."""
        said = self._keys.mac(PURPOSE, b"moment %d" % slot)
        return SLOT * (int.from_bytes(said[:4], "big") / (1 << 32))

    def _ask(self) -> None:
        """Ask for strips that nobody has taken, and give up those that never will be."""
        with self._db.read() as tx:
            found = [(one, streams.find(tx, one.stream)) for one in spots.wanted(tx)]
            now = tx.now
        for strip, stream in found:
            why = self._never(strip, stream)
            if not why and self._strips.ask(
                strip.stream, f"{strip.draw}/{strip.part}", stills=STILLS, every_s=EVERY_S
            ):
                continue
            if why or now - strip.asked_at > GIVE_UP:
                self._miss(strip, why or "it could not be fetched")

    def _never(self, strip: Strip, stream: Stream | None) -> str:
        """Why there will be no strip; empty while there may be one."""
        if stream is None or stream.state is StreamState.ENDED:
            return "it ended"
        if stream.surface not in PUBLIC:
            return "it is private"
        if not self.rules.allows(stream.jurisdiction):
            return "it is not of a jurisdiction that is named"
        return "it was stopped" if stream.stopped and strip.part == 1 else ""

    def _miss(self, strip: Strip, why: str) -> None:
        with self._db.transaction() as tx:
            if spots.strip(tx, strip.draw, strip.part).state is not StripState.WANTED:
                return
            spots.miss(tx, strip, why)
            if strip.part > 1:
                spots.reopen(tx, strip.draw, strip.part - 1)
        self._metrics.spot_strips.labels("missed").inc()

    def _keep(self, taking: Taking) -> None:
        """Seal a strip, and let it wait for somebody; one that nobody wants any more goes."""
        draw, _, part = taking.name.partition("/")
        blobs = [self._vault.put(io.BytesIO(one), purpose=PURPOSE) for one in taking.stills]
        with self._db.transaction() as tx:
            wanted = self._wants(tx, Id(draw), int(part))
            if wanted is not None:
                spots.take(tx, wanted, blobs)
        if wanted is None:
            self._shred(blobs)
            return
        self._metrics.spot_strips.labels("taken").inc()

    def _wants(self, tx: Tx, draw: Id, part: int) -> Strip | None:
        try:
            strip = spots.strip(tx, draw, part)
        except NotFound:
            return None
        public = streams.get(tx, strip.stream).surface in PUBLIC
        return strip if public and strip.state is StripState.WANTED else None

    def _destroy(self, strip: Strip) -> bool:
        """Keys first, then proof, then the rows; what still opens stays overdue, and is an alarm."""
        self._shred(strip.stills)
        if any(map(self._opens, strip.stills)):
            self._metrics.alarms.labels("spot_purge").inc()
            _log.error("spot_not_purged", draw=strip.draw, part=strip.part)
            return False
        with self._db.transaction() as tx:
            spots.forget(tx, strip)
            tx.audit("live", "spot.purge", strip.draw, part=strip.part, stills=len(strip.stills))
        self._db.checkpoint()
        self._metrics.spot_purges.inc()
        return True

    def _shred(self, blobs: Sequence[Id]) -> None:
        for blob in blobs:
            self._vault.shred(blob)

    def _opens(self, blob: Id) -> bool:
        """Whether anything of a still is left: its file, or a key that would open a copy of it."""
        try:
            self._vault.open(blob).close()
        except NotFound:
            return self._vault.path(blob).exists()
        return True
