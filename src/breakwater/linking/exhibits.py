"""Exhibits: what an investigator brought, taken in once; only what nobody has judged is shown.

In: a VICS file with the folder of its media, or a folder. Each file is summed while it is read.
What acts in a list (exactly, or near in the jail), or was judged here before, is known: it is counted
and shown to nobody again. The rest goes into the vault, into one case for a person, and among what
links are sought for; of a set that stays where it is, only hashes are kept. An import that was cut
short goes on after its last window. Every file becomes a row, also a bad one. Source: reference
classification, decision 0044. Tests: `tests/contract/test_exhibits.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final, Self

from breakwater.errors import BadInput, LeaseLost, NotAllowed
from breakwater.linking.exhibit_files import Folder, Offered, vics_rows
from breakwater.linking.exhibit_reading import Read, Reader, sums
from breakwater.model.access import Permission, Principal
from breakwater.model.case import Case, CaseKind, CaseState, Priority
from breakwater.model.exhibit import Exhibit, ExhibitSet, ExhibitState, SetKind, SetState
from breakwater.model.ids import Id, new_id
from breakwater.model.link import Origin
from breakwater.records import cases, exhibits, jobs, link_media, link_series
from breakwater.records.database import Database, Tx
from breakwater.records.jobs import Job
from breakwater.records.vault import Vault
from breakwater.vics import moment

WINDOW: Final = 64
"""Files of one transaction: what a kill costs."""
PURPOSE: Final = "evidence"
JOB: Final = "exhibits.take"
LEASE_S: Final = 900.0
LONGEST: Final = 200
Progress = Callable[[ExhibitSet], None]


@dataclass(frozen=True, slots=True)
class NewExhibits:
    """A set that is to be taken in.

    Attributes:
        reference: the examiner's own; the same one again goes on.
        folder: where its media lie.
        vics: the VICS file that lists them; None: every file of the folder.
        source: who gave it, and from what.
        keep: whether bytes go into the vault; else hashes alone.
    """

    reference: str
    folder: Path
    vics: Path | None = None
    source: str = ""
    keep: bool = True

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self) | {"folder": str(self.folder), "vics": str(self.vics or "")}

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote."""
        vics = Path(said["vics"]) if said["vics"] else None
        return cls(**{**said, "folder": Path(said["folder"]), "vics": vics})


class Exhibits:
    """Takes in what was seized."""

    def __init__(
        self, *, db: Database, vault: Vault, reader: Reader, threads: int,
        register: Callable[[Tx, ExhibitSet, Iterable[str]], None] | None = None,
    ) -> None:  # fmt: skip
        """Take what it needs.

        Args:
            db: the records.
            vault: for what is kept.
            reader: sums and judges one file.
            threads: files read at once.
            register: told the SHA-256 of what nobody has judged, for de-confliction.
        """
        self._db = db
        self._vault = vault
        self._reader = reader
        self._threads = threads
        self._register = register
        self._owner = new_id()

    def load(
        self, who: Principal, wanted: NewExhibits, *, progress: Progress | None = None
    ) -> ExhibitSet:
        """Take a set in, or go on where an earlier run of the same reference stopped.

        Raises:
            NotAllowed: not by this role.
            BadInput: no such folder, or its VICS file is cut short; what came before is kept.
            Conflict: the reference is another kind's.
        """
        begun = self._begin(who, wanted)
        if begun.state is SetState.TAKING:
            return self._fill(
                begun, wanted, str(who.person or who.id), progress or (lambda _: None)
            )
        return begun

    def begin(self, who: Principal, wanted: NewExhibits) -> ExhibitSet:
        """Begin, and leave the rest to the worker: the same, in the background."""
        begun = self._begin(who, wanted)
        if begun.state is SetState.TAKING:
            with self._db.transaction() as tx:
                payload = {"set": begun.number, "by": str(who.person or who.id)}
                jobs.enqueue(
                    tx, JOB, payload | {"wanted": wanted.plain()}, dedup_key=f"{JOB}:{begun.number}"
                )  # fmt: skip
        return begun

    def turn(self) -> None:
        """Take in what `begin` left; a thread of its own, because it may take hours."""
        for job in jobs.claim(self._db, [JOB], owner=self._owner, lease_s=LEASE_S):
            with self._db.read() as tx:
                begun = exhibits.get(tx, job.payload["set"])
            with suppress(LeaseLost):  # another process reads it now
                with suppress(BadInput):  # said by the set; the file would be the same again
                    self._go_on(job, begun)
                with self._db.transaction() as tx:
                    jobs.finish(tx, job)

    def every(self, who: Principal, *, before: int | None = None) -> list[ExhibitSet]:
        """Sets, the newest first."""
        must_read(who)
        with self._db.read() as tx:
            return exhibits.every(tx, before=before)

    def get(self, who: Principal, number: int) -> ExhibitSet:
        """One set; raises `NotFound`."""
        must_read(who)
        with self._db.read() as tx:
            return exhibits.get(tx, number)

    def files(
        self, who: Principal, number: int, *, state: ExhibitState | None = None, after: int = 0,
        limit: int = 100,
    ) -> list[Exhibit]:  # fmt: skip
        """Files of a set with what became of them; what is sealed stays so."""
        must_read(who)
        with self._db.read() as tx:
            exhibits.get(tx, number)
            return exhibits.page(tx, number, state=state, after=after, limit=limit)

    def named(
        self, who: Principal, number: int, *, state: ExhibitState | None = None, after: int = 0,
        limit: int = 100,
    ) -> list[Exhibit]:  # fmt: skip
        """Files of a set with their paths; that they were read is written down once.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such set.
        """
        must_take(who)
        with self._db.transaction() as tx:
            of = exhibits.get(tx, number)
            found = exhibits.page(tx, number, state=state, after=after, limit=limit, told=True)
            if found:
                first, last = found[0].number, found[-1].number
                by = str(who.person or who.id)
                tx.audit(by, "exhibits.read", of.id, number=number, first=first, last=last)
            return found

    def case_of(self, who: Principal, number: int) -> Case | None:
        """The case in which what nobody knew of a set waits, or waited last."""
        must_read(who)
        with self._db.read() as tx:
            found = cases.by_subject(tx, exhibits.get(tx, number).id)
        waiting = [one for one in found if one.state is not CaseState.CLOSED]
        return next(iter(waiting or found), None)

    def series_of(self, who: Principal, media: Iterable[int]) -> dict[int, int]:
        """The series of each of these media that is in one."""
        must_read(who)
        with self._db.read() as tx:
            return link_series.of_media(tx, media)

    def told(self, who: Principal, number: int) -> Exhibit:
        """One file with its path, source and times; that it was read is written down.

        Raises:
            NotAllowed: not by this role.
            NotFound: no such exhibit.
        """
        must_take(who)
        with self._db.transaction() as tx:
            found = exhibits.one(tx, number)
            tx.audit(str(who.person or who.id), "exhibit.read", str(found.id), number=number)
            return found

    def _begin(self, who: Principal, wanted: NewExhibits) -> ExhibitSet:
        must_take(who)
        reference = " ".join(wanted.reference.split())
        if not reference or len(reference) > LONGEST or len(wanted.source) > LONGEST:
            raise BadInput(f"Give a reference, and a source, of {LONGEST} characters at most.")
        Folder(wanted.folder)
        if wanted.vics is not None and not wanted.vics.is_file():
            raise BadInput("The VICS file is not there.")
        with self._db.transaction() as tx:
            kind = SetKind.FOLDER if wanted.vics is None else SetKind.VICS
            by = str(who.person or who.id)
            begun = exhibits.start(tx, reference=reference, source=wanted.source, kind=kind, by=by)
            if not begun.offered:
                tx.audit(by, "exhibits.begin", begun.id, number=begun.number, kind=kind.value)
            return begun

    def _go_on(self, job: Job, begun: ExhibitSet) -> None:
        if begun.state is SetState.TAKING:
            wanted, by = NewExhibits.read(job.payload["wanted"]), str(job.payload["by"])
            self._fill(begun, wanted, by, lambda _: jobs.extend(self._db, job, lease_s=LEASE_S))

    def _fill(self, begun: ExhibitSet, wanted: NewExhibits, by: str, tell: Progress) -> ExhibitSet:
        """Read from where the set stands to its end."""
        folder, state = Folder(wanted.folder), begun
        after = str(begun.checkpoint.get("after", ""))
        try:
            with _rows(wanted, folder, after) as rows, ThreadPoolExecutor(self._threads) as threads:
                while window := list(islice(rows, WINDOW)):
                    read = list(threads.map(lambda one: self._reader.read(one, folder), window))
                    state = self._take(begun, wanted, read, folder, by)
                    tell(state)
        except BadInput as fault:
            with self._db.transaction() as tx:
                exhibits.finish(tx, begun.number, fault=fault.detail or fault.title())
            raise
        with self._db.transaction() as tx:
            done = exhibits.finish(tx, begun.number)
            tx.audit(
                by, "exhibits.taken", begun.id, number=begun.number, offered=done.offered,
                taken=done.taken, known=done.known, bad=done.bad,
            )  # fmt: skip
        return done

    def _take(
        self, begun: ExhibitSet, wanted: NewExhibits, read: Sequence[Read], folder: Folder, by: str
    ) -> ExhibitSet:
        """Write one window: bytes into the vault first, then rows and progress together."""
        known = [one.exhibit.sha256 for one in read if one.exhibit.sha256]
        with self._db.read() as tx:
            first, judged = exhibits.same_file(tx, known), exhibits.judged(tx, known)
        drafts: list[Exhibit] = []
        here: set[str] = set()
        for one in read:
            made = _placed(one.exhibit, first, judged, again=one.exhibit.sha256 in here)
            fresh = made.state is ExhibitState.UNKNOWN and made.same_as is None
            if fresh and made.sha256 not in here:
                made = self._keep(made, one, folder, keep=wanted.keep)
                here.add(made.sha256)
            drafts.append(made)
        with self._db.transaction() as tx:
            tx.lock_changes()
            before = exhibits.get(tx, begun.number)
            drafts = [
                replace(made, reference=made.reference or f"file {before.offered + at}")
                for at, made in enumerate(drafts, start=1)
            ]
            return self._write(tx, before, drafts, read[-1].offered.mark, by)

    def _keep(self, made: Exhibit, one: Read, folder: Folder, *, keep: bool) -> Exhibit:
        """Put a file into the vault, exactly as it was judged."""
        if not keep:
            return replace(made, state=ExhibitState.NO_BYTES, fault="It stays where it is.")
        file = folder.open(one.offered.places)
        if file is None:
            return replace(made, state=ExhibitState.BAD, fault="It went away while it was read.")
        with file:
            blob = self._vault.put(file, purpose=PURPOSE)
        with self._vault.open(blob) as kept:
            same = sums(kept)["sha256"] == made.sha256
        if not same:  # nothing names the blob: the sweeper removes it
            return replace(made, state=ExhibitState.BAD, fault="It changed while it was read.")
        return replace(made, blob=blob)

    def _write(
        self, tx: Tx, before: ExhibitSet, drafts: Sequence[Exhibit], mark: str, by: str
    ) -> ExhibitSet:
        kept = exhibits.add(tx, before.number, drafts)
        to_judge = [one for one in kept if _to_judge(one)]
        case = self._case(tx, before, by) if to_judge else None
        for one in to_judge:
            medium = link_media.want(
                tx, Origin.EXHIBIT, Id(str(one.id)), case=case, blob=one.blob,
                source=f"exhibits {before.number}", media_type=_type(one, drafts),
                sha256=one.sha256, made_at=moment(_written(one.told)),
            )  # fmt: skip
            exhibits.linked(tx, one.number, medium.number)
        if to_judge and self._register is not None:
            self._register(tx, before, [one.sha256 for one in to_judge])
        return exhibits.progress(
            tx, before.number, {**before.checkpoint, "after": mark}, offered=len(kept),
            taken=len(to_judge), known=sum(one.state is ExhibitState.KNOWN for one in kept),
            bad=sum(one.state is ExhibitState.BAD for one in kept),
        )  # fmt: skip

    @staticmethod
    def _case(tx: Tx, one: ExhibitSet, by: str) -> Id:
        """The one case of a set, in which a person judges what nobody knows."""
        for found in cases.by_subject(tx, one.id):
            if found.state is not CaseState.CLOSED:
                return found.id
        why = f"Exhibits {one.reference}: files that nobody here has judged."
        made = cases.open(
            tx, kind=CaseKind.LEAD, subject=one.id, why=why, priority=Priority.MEDIUM, by=by
        )
        return made.id


def must_read(who: Principal) -> None:
    """Whoever may see links may see which sets there are.

    Raises:
        NotAllowed: not by this role.
    """
    if not (who.may(Permission.LINK_READ) or who.may(Permission.DESK_SIGN) or _operator(who)):
        raise NotAllowed("Investigators see exhibits.")


def must_take(who: Principal) -> None:
    """Whoever takes in what was seized.

    Raises:
        NotAllowed: not by this role.
    """
    if not (who.may(Permission.EXHIBIT_WRITE) or _operator(who)):
        raise NotAllowed("Investigators take exhibits in.")


def _operator(who: Principal) -> bool:
    """Whoever runs commands on this host: in a person's name alone."""
    return who.person is not None and who.may(Permission.DESK_SIGN)


@contextmanager
def _rows(wanted: NewExhibits, folder: Folder, after: str) -> Iterator[Iterator[Offered]]:
    if wanted.vics is None:
        yield folder.walk(after)
        return
    with wanted.vics.open("rb") as file:
        yield vics_rows(file, after)


def _placed(
    made: Exhibit, first: Mapping[str, int], judged: set[str], *, again: bool
) -> Exhibit:  # fmt: skip
    """What earlier work says of it: judged, or standing in a case already."""
    if made.state is not ExhibitState.UNKNOWN:
        return made
    if made.sha256 in judged:
        return replace(made, state=ExhibitState.KNOWN, fault="")
    return replace(made, same_as=0 if again else first.get(made.sha256))


def _to_judge(one: Exhibit) -> bool:
    """Whether links are sought for it: new here, by its bytes or by their hash alone."""
    if one.state is ExhibitState.NO_BYTES:
        return bool(one.sha256) and one.same_as is None
    return one.state is ExhibitState.UNKNOWN and one.same_as is None


def _type(one: Exhibit, drafts: Sequence[Exhibit]) -> str:
    return next((made.media_type for made in drafts if made.reference == one.reference), "")


def _written(told: Mapping[str, Any]) -> str:
    times = told.get("times")
    return str(times.get("created") or times.get("written") or "") if times else ""
