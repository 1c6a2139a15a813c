"""Likenesses of people, by an operator's own model behind a legal gate: leads for a person.

Off unless three things are there at once: a folder that the operator set, a card and files that are
whole, and an open gate for the seat of the service. Two people open a gate with its legal basis, one
closes it; with the last gate of a model its vectors and unjudged leads go. `turn` looks at what is
kept and new, a few media at a time; each look and each use asks the gate in the transaction that
writes it down. An edge of kind `person` never joins series (`LinkKind.joins`). Decision 0047.
Tests: `tests/contract/test_likeness.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from breakwater.errors import BadInput, Conflict, NotAllowed, NotFound, Unfit
from breakwater.linking.likeness_folder import Broken, Provider, providers
from breakwater.linking.likeness_seen import Crowd, leads_of, shots_of
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal, Role
from breakwater.model.approval import LAPSE
from breakwater.model.classifier import Picture
from breakwater.model.ids import Id, new_id
from breakwater.model.likeness import METHOD, PLACE, Box, Gate, GateState, ProviderCard, Track
from breakwater.model.link import Link, LinkKind, Medium
from breakwater.model.media import MediaLimits, Undecodable
from breakwater.observe import logger
from breakwater.recognition.likeness import LikenessRun
from breakwater.records import approvals, link_edges, link_media, link_persons, people
from breakwater.records.database import Database, Tx
from breakwater.records.vault import Vault
from breakwater.scenes.person import touches, tracks_of

OPEN: Final = "likeness.open"
"""Kind of the approval."""

SYSTEM: Final = "system"
AT_ONCE: Final = 20
"""Media of one turn."""
SIDE: Final = 480
MOST: Final = 16
NEAR_S: Final = 0.5
"""Each moment is looked at twice, so far apart: a face in both is one track."""

_log = logger("likeness")


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is, and what may be used.

    Attributes:
        models: whole ones.
        broken: those that are off, and why.
        gates: all of them, the newest first, with their states now.
        vectors: kept of all models.
    """

    models: tuple[Provider, ...]
    broken: tuple[Broken, ...]
    gates: tuple[tuple[Gate, GateState], ...]
    vectors: int


class Likenesses:
    """The one door to likeness models."""

    def __init__(
        self, *, db: Database, vault: Vault, pool: JailPool, limits: MediaLimits,
        folder: Path | None, seat: str,
        runs: Callable[[ProviderCard, bytes, bytes], LikenessRun] = LikenessRun,
    ) -> None:  # fmt: skip
        """Take what it stands on; nothing is read or started before a gate is open.

        Args:
            db: rows.
            vault: bytes.
            pool: where media are decoded.
            limits: of one medium.
            folder: of models; None: there are none.
            seat: country of the service; empty: no gate can be used.
            runs: starts a model.
        """
        self._db, self._vault, self._pool, self._limits = db, vault, pool, limits
        self._folder, self._seat, self._runs = folder, seat.strip().upper(), runs

    @property
    def seat(self) -> str:
        """Country of the service; empty: no gate can be used."""
        return self._seat

    def standing(self) -> Standing:
        """What there is, and what may be used."""
        good, bad = providers(self._folder)
        with self._db.read() as tx:
            gates = tuple((one, one.state(tx.now)) for one in link_persons.gates(tx))
            return Standing(good, bad, gates, link_persons.count(tx))

    def propose(
        self, by: Principal, *, model: str, role: Role, jurisdiction: str, basis: str
    ) -> Gate:
        """Propose that a role may use a model in a jurisdiction; another person opens it.

        Args:
            by: the first person.
            model: name on its card.
            role: who may use it; one that looks at links.
            jurisdiction: ISO 3166 code.
            basis: the law that allows it.

        Raises:
            NotAllowed: not by a person whose role opens gates.
            NotFound: no whole model of this name.
            BadInput: no place, no basis, or a role that sees no links.
            Conflict: it is open, or waits already.
        """
        person = _opener(by)
        place, words = jurisdiction.strip().upper(), basis.strip()
        if not PLACE.fullmatch(place) or not 10 <= len(words) <= 2000:
            raise BadInput("Name the jurisdiction (such as GB) and the law that allows it.")
        if Permission.LINK_READ not in role.permissions:
            raise BadInput("This role does not look at links.")
        card = self._named(model).card
        with self._db.transaction() as tx:
            tx.lock_changes()
            for one in link_persons.gates(tx):
                same = (one.sha256, one.role, one.jurisdiction) == (card.sha256, role, place)
                if same and one.state(tx.now) in {GateState.OPEN, GateState.WAITING}:
                    raise Conflict("This gate is open, or waits for a second person.")
            gate = new_id()
            facts = {"model": card.name, "version": card.version, "sha256": card.sha256,
                     "role": role.value, "jurisdiction": place}  # fmt: skip
            wish = approvals.propose(
                tx, kind=OPEN, subject=gate, by=person, reason=words, facts=facts
            )
            made = link_persons.propose(
                tx, card, role=role, jurisdiction=place, basis=words, by=person, gate=gate,
                approval=wish.id,
            )  # fmt: skip
            tx.audit(by.id, "likeness.propose", gate, **facts, basis=words[:200])
            return made

    def confirm(self, by: Principal, gate: Id) -> Gate:
        """Agree as second person: the gate is open.

        Raises:
            NotAllowed: not by a person whose role opens gates.
            NotFound: no such gate, nothing waits, or its model is not there any more.
            NeedsSecondPerson: the person who proposed it.
        """
        person = _opener(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = link_persons.get(tx, gate)
            agreed = approvals.confirm(tx, kind=OPEN, subject=gate, by=person)
            if self._named(found.name).card.sha256 != found.sha256:
                raise NotFound("The model was exchanged since: propose it anew.")
            made = link_persons.opened(tx, gate, person)
            tx.audit(by.id, "likeness.open", gate, first=agreed.by, model=found.name,
                     role=found.role.value, jurisdiction=found.jurisdiction)  # fmt: skip
            return made

    def close(self, by: Principal, gate: Id) -> Gate:
        """Close a gate at once, or refuse what waits; one person is enough.

        With the last open gate of a model its vectors and every lead nobody has judged go.

        Raises:
            NotAllowed: not by a person whose role opens gates.
            NotFound: no such gate.
            Conflict: it is closed.
        """
        person = _opener(by)
        with self._db.transaction() as tx:
            tx.lock_changes()
            found = link_persons.get(tx, gate)
            if found.ended_at is not None:
                raise Conflict("This gate is closed already.")
            if found.state(tx.now) is GateState.WAITING and tx.now < found.at + LAPSE:
                approvals.refuse(tx, kind=OPEN, subject=gate, by=person)
            made, gone = link_persons.ended(tx, gate), 0
            if not link_persons.standing(tx, found.sha256):
                gone = link_persons.forget(tx, found.sha256, _method(found.sha256))
            tx.audit(by.id, "likeness.close", gate, model=found.name, vectors=gone)
            return made

    def leads(self, by: Principal, medium: int) -> list[Link]:
        """Likenesses of one medium, for somebody whose role's gate is open; written down.

        Raises:
            NotAllowed: no gate is open for a role of this person here.
            NotFound: no such medium.
        """
        person = by.person
        if person is None or not by.may(Permission.LINK_READ):
            raise NotAllowed("Likenesses are for people who look at links; not for keys.")
        with self._db.transaction() as tx:
            link_media.get(tx, medium)
            methods = {_method(one.sha256): one for one in self._open(tx, person)}
            if not methods:
                raise NotAllowed("No gate is open for your role: likenesses stay closed.")
            found = [
                one for one in link_edges.of_medium(tx, medium)
                if one.edge.kind is LinkKind.PERSON and one.method in methods
            ]  # fmt: skip
            tx.audit(by.id, "likeness.see", str(medium), leads=len(found),
                     gates=sorted(one.id for one in methods.values()))  # fmt: skip
            return found

    def opened(self, by: Principal, number: int) -> None:
        """Somebody opens the evidence of a link: a model's lead asks their role's gate.

        What other methods found is nobody's likeness and asks nothing.

        Raises:
            NotAllowed: it is a model's lead, and no gate is open for a role of this person.
            NotFound: no such link.
        """
        with self._db.read() as tx:
            found = link_edges.get(tx, number)
        if found.edge.kind is not LinkKind.PERSON or not found.method.startswith(METHOD):
            return
        with self._db.transaction() as tx:
            mine = [] if by.person is None else self._open(tx, by.person)
            gates = sorted(one.id for one in mine if _method(one.sha256) == found.method)
            if not gates:
                raise NotAllowed("No gate is open for your role: likenesses stay closed.")
            tx.audit(by.id, "likeness.see", str(found.edge.a), edge=number, gates=gates)

    def seen(self, tx: Tx, by: Principal) -> frozenset[str]:
        """Methods whose leads this reader may see listed: those of gates open for their roles."""
        if by.person is None:
            return frozenset()
        return frozenset(_method(one.sha256) for one in self._open(tx, by.person))

    def listed(self, by: Principal, edges: Sequence[int]) -> None:
        """Write down which of these links are leads of a model, now that somebody saw them listed."""
        if not edges:
            return
        with self._db.transaction() as tx:
            seen = self.seen(tx, by)
            leads = [one for one in edges if link_edges.get(tx, one).method in seen]
            if leads:
                tx.audit(by.id, "likeness.see", "links", edges=leads)

    def turn(self) -> int:
        """Look at media that an open model has not seen; a regular turn. Answers how many."""
        if self._folder is None or not self._seat:
            return 0
        with self._db.read() as tx:
            usable = {one.sha256 for one in self._open(tx, None)}
        if not usable:
            return 0
        done = 0
        for one in providers(self._folder)[0]:
            if one.card.sha256 not in usable:
                continue
            with self._db.read() as tx:
                waiting = link_persons.unseen(tx, one.card.sha256, AT_ONCE)
            done += self._look(one, waiting) if waiting else 0
        return done

    def people_in(self, picture: Picture, box: Box) -> bool | None:
        """Whether a face touches a box of a picture; None: no model may be asked here.

        Boxes alone are made, no vector: it keeps people out of what leaves.

        Raises:
            Unfit: a model may be asked and gives no answer.
        """
        with self._db.read() as tx:
            usable = {one.sha256 for one in self._open(tx, None)}
        for one in providers(self._folder)[0] if usable else ():
            if one.card.sha256 in usable:
                finder, model = one.read()
                with self._runs(one.card, finder, model) as run:
                    return any(touches(face.box, box) for face in run.faces(picture, vectors=False))
        return None

    def _look(self, one: Provider, waiting: Sequence[int]) -> int:
        """Have a model look at some media; one that cannot run is told, and nothing is guessed."""
        done = 0
        try:
            finder, model = one.read()
            with self._runs(one.card, finder, model) as run:
                known = self._known(one.card)
                for number in waiting:
                    done += self._one(run, number, known)
        except (Unfit, BadInput, OSError) as error:
            _log.error("likeness_model_failed", model=one.card.name, why=type(error).__name__)
        return done

    def _known(self, card: ProviderCard) -> Crowd:
        """What the model saw before this turn, in memory while it lasts."""
        with self._db.read() as tx:
            return Crowd(tx.now, dict(link_persons.tracks(tx, card)), card)

    def _one(self, run: LikenessRun, number: int, known: Crowd) -> int:
        with self._db.read() as tx:
            medium = link_media.get(tx, number)
        fault, pictures = self._pictures(medium)
        try:
            frames = [run.faces(picture) for picture in pictures]
        except Unfit:  # it ran before, so it is this medium: the next turn begins behind it
            self._keep(run.card, number, (), "model_failed", known)
            raise
        found = tracks_of(frames, shots_of(pictures), run.card)
        return self._keep(run.card, number, found, fault, known)

    def _keep(
        self, card: ProviderCard, number: int, found: Sequence[Track], fault: str, known: Crowd
    ) -> int:
        """Vectors, leads and the audit row, where the gate is open still; how many are new."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            mine = [one for one in self._open(tx, None) if one.sha256 == card.sha256]
            if not mine or link_media.get(tx, number).gone_at is not None:
                return 0
            if not link_persons.put(tx, number, card, found, fault):
                return 0
            meanwhile = dict(link_persons.tracks(tx, card, since=known.since))
            there = known.like(found) | meanwhile
            leads = leads_of(tx, card, number, found, there)
            tx.audit(SYSTEM, "likeness.look", str(number), model=card.name,
                     gates=[one.id for one in mine], tracks=len(found), leads=leads)  # fmt: skip
        return 1

    def _pictures(self, medium: Medium) -> tuple[str, Sequence[Picture]]:
        """Frames of a medium; a fault where it cannot be read."""
        if medium.blob is None:
            return "gone", ()
        try:
            with self._vault.open(medium.blob) as kept, tempfile.TemporaryFile() as file:
                while part := kept.read(1 << 20):
                    file.write(part)
                file.seek(0)
                found = self._pool.pixels(
                    file, declared=medium.media_type, limits=self._limits, side=SIDE, most=MOST,
                    lane="likeness", near_s=NEAR_S,
                )  # fmt: skip
        except NotFound:
            return "gone", ()
        return (found.reason.value, ()) if isinstance(found, Undecodable) else ("", found)

    def _open(self, tx: Tx, person: Id | None) -> list[Gate]:
        """Gates that are open at the seat of the service, for anybody or for one person's roles."""
        if not self._seat:
            return []
        roles = None if person is None else people.get(tx, person).roles
        return [
            one
            for one in link_persons.gates(tx)
            if one.state(tx.now) is GateState.OPEN
            and (one.jurisdiction == self._seat or one.jurisdiction.startswith(f"{self._seat}-"))
            and (roles is None or one.role in roles)
        ]

    def _named(self, model: str) -> Provider:
        for one in providers(self._folder)[0]:
            if one.card.name == model:
                return one
        raise NotFound("There is no whole model of this name; `breakwater doctor` says why.")


def _method(sha256: str) -> str:
    return f"{METHOD}{sha256[:16]}"


def _opener(by: Principal) -> Id:
    if by.person is None or not by.may(Permission.LIKENESS_OPEN):
        raise NotAllowed("Two people open a gate; a key or a command cannot.")
    return by.person
