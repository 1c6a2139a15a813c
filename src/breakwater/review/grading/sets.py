"""Sets: from a file and a folder of media to items that wait for graders, each looked at once.

In comes a VICS or CSV file (streamed) and the folder its media lie in. Each file is hashed and
decoded in the jail; what a bank knows is taken out before anyone views it, an exact copy takes
the facts of its first, a near copy waits in the stack of its leader, the rest waits for graders.
A window of rows is one transaction with its place in the file, so that an import that was cut
short goes on there and adds nothing twice. Reference: classification, "how the IWF taskforce
works". Fed by `cli.grade` and `web.api.grading`. Tests: `tests/integration/test_gradeset.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from breakwater.errors import BadInput, Conflict, LeaseLost, NotAllowed
from breakwater.model.access import Permission, Principal
from breakwater.model.clock import Clock
from breakwater.model.grading import (
    MOST_GRADERS,
    GradeItem,
    GradeSet,
    ItemState,
    SetState,
    item_id,
)
from breakwater.model.ids import Id, new_id
from breakwater.model.media import MediaLimits, Reason, Undecodable
from breakwater.model.signal import SHA256, Fingerprint
from breakwater.recognition.screen import Screener
from breakwater.records import gradesets, jobs
from breakwater.records.database import Database
from breakwater.records.jobs import Job
from breakwater.records.vault import Vault
from breakwater.review.grading.looks import Looks, every_look
from breakwater.review.grading.placing import (
    Outcome,
    Prepared,
    digest,
    draft,
    exact,
    moving,
    placed,
    reader,
    windows,
)
from breakwater.review.grading.sources import BadRow, MediaFolder, Source, SourceRow

BAD_ROWS_SHOWN: Final = 1_000
PURPOSE: Final = "evidence"
LANE: Final = "grading"
JOB: Final = "grading.import"
LEASE_S: Final = 900.0
"""Seconds until another process takes over a silent import: longer than any one window."""

EVERY_S: Final = 1.0

Progress = Callable[["Loaded"], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on one decode, by family."""

    image: MediaLimits = field(default_factory=MediaLimits)
    video: MediaLimits = field(default_factory=lambda: MediaLimits(max_wall_s=600.0))


@dataclass(frozen=True, slots=True)
class NewSet:
    """A file that is to be graded.

    Attributes:
        file: VICS or CSV.
        media: the folder in which its paths begin.
        name: of the set; the file's when empty.
        source: who gave it; never shown to graders.
        graders: independent people for each item, 1 to 3.
        context: whose categories the file uses, where it does not say.
    """

    file: Path
    media: Path
    name: str = ""
    source: str = ""
    graders: int = 1
    context: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return asdict(self) | {"file": str(self.file), "media": str(self.media)}

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Self:
        """Read what `plain` wrote."""
        return cls(**{**said, "file": Path(said["file"]), "media": Path(said["media"])})


@dataclass(frozen=True, slots=True)
class Loaded:
    """How an import went, so far or at its end.

    Attributes:
        rows: rows of the file behind us.
        share: of the file's bytes that were read, 0 to 1.
        bad: rows that could not be read, with the first reasons below.
        resumed_at: the row this run began after; 0 for a new import.
        by_state: items of the set by what became of them.
    """

    set_number: int
    rows: int = 0
    share: float = 0.0
    bad: int = 0
    resumed_at: int = 0
    by_state: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[tuple[int, str], ...] = ()


class GradeSets:
    """Fills, opens and closes sets."""

    def __init__(
        self, *, db: Database, vault: Vault, screener: Screener, clock: Clock, threads: int,
        limits: Limits | None = None,
    ) -> None:  # fmt: skip
        self._db = db
        self._vault = vault
        self._screener = screener
        self._clock = clock
        self._threads = threads
        self._owner = new_id()
        self._limits = limits or Limits()

    def load(
        self, who: Principal, wanted: NewSet, *, progress: Progress | None = None
    ) -> Loaded:  # fmt: skip
        """Import a file, or go on where an earlier run of the same file stopped.

        A file that was imported to its end is answered as it stands, and adds nothing twice.

        Args:
            who: a quality lead, or whoever runs commands on this host.
            wanted: which file, and what is said about it.
            progress: called after every window.

        Raises:
            NotAllowed: not by this role.
            BadInput: no VICS and no CSV, or cut short; what came before its fault is kept.
        """
        begun = self._begin(who, wanted)
        if begun.state is SetState.IMPORTING:
            return self._fill(who.id, begun, wanted, progress or (lambda _: None))
        return Loaded(
            begun.number, begun.rows_read, 1.0, begun.rows_bad, begun.rows_read,
            {state.value: count for state, count in begun.counts.items()},
            tuple(self.bad_rows(begun.number)[:20]),
        )  # fmt: skip

    def begin(self, who: Principal, wanted: NewSet) -> GradeSet:
        """Begin an import and leave the rest to the worker: the same, in the background."""
        begun = self._begin(who, wanted)
        if begun.state is not SetState.IMPORTING:
            return begun
        with self._db.transaction() as tx:
            jobs.enqueue(
                tx, JOB, {"set": begun.number, "by": who.id, "wanted": wanted.plain()},
                dedup_key=f"{JOB}:{begun.number}",
            )  # fmt: skip
        return begun

    def _begin(self, who: Principal, wanted: NewSet) -> GradeSet:
        _allowed(who)
        if not 1 <= wanted.graders <= MOST_GRADERS:
            raise BadInput(f"An item has 1 to {MOST_GRADERS} independent graders.")
        try:
            MediaFolder(wanted.media)
            with wanted.file.open("rb") as file:
                rows = reader(file)
        except OSError as error:
            raise BadInput(f"The file cannot be read: {error.strerror}.") from None
        with self._db.transaction() as tx:
            return gradesets.start(
                tx, name=wanted.name or wanted.file.stem, by=who.id, form=rows.form,
                source=wanted.source or wanted.file.name, context=wanted.context,
                digest=digest(wanted.file), graders=wanted.graders,
            )  # fmt: skip

    def _fill(self, by: str, begun: GradeSet, wanted: NewSet, tell: Progress) -> Loaded:
        """Read the file from where the set stands to its end, and open the set."""
        folder, looks = MediaFolder(wanted.media), every_look(self._db)
        state = Loaded(
            begun.number, begun.rows_read, bad=begun.rows_bad, resumed_at=begun.rows_read
        )
        size = wanted.file.stat().st_size or 1
        try:
            with (
                wanted.file.open("rb") as file,
                ThreadPoolExecutor(self._threads, thread_name_prefix="grade") as threads,
            ):
                rows = reader(file)
                for window in windows(rows.rows(), after=begun.rows_read):
                    read = list(threads.map(lambda row: self._prepare(row, folder), window))
                    state = replace(state, share=min(1.0, file.tell() / size))
                    state = self._take(begun, read, state, looks)
                    tell(state)
        except BadInput as fault:
            with self._db.transaction() as tx:
                words = fault.detail or fault.title()
                gradesets.set_state(tx, begun.number, SetState.FAILED, fault=words)
            raise
        return self._finish(by, begun, rows, state, wanted.context)

    def turn(self) -> None:
        """Import what `begin` left; a thread of its own, because it may take hours.

        Taken up by another process it goes on at the last window.
        """
        for job in jobs.claim(self._db, [JOB], owner=self._owner, lease_s=LEASE_S):
            with self._db.read() as tx:
                begun = gradesets.get(tx, job.payload["set"])
            with suppress(LeaseLost):  # another process reads it now
                # A fault of the file is said by the set; trying again would find the same file.
                with suppress(BadInput):
                    self._go_on(job, begun)
                with self._db.transaction() as tx:
                    jobs.finish(tx, job)

    def _go_on(self, job: Job, begun: GradeSet) -> None:
        if begun.state is SetState.IMPORTING:
            wanted, by = NewSet.read(job.payload["wanted"]), str(job.payload["by"])
            self._fill(by, begun, wanted, lambda _: jobs.extend(self._db, job, lease_s=LEASE_S))

    def open(self, who: Principal, number: int) -> GradeSet:
        """Open a set for graders; an import opens its own at its end.

        Raises:
            NotAllowed: not by this role.
            Conflict: its import has not ended.
        """
        return self._move(who, number, SetState.OPEN)

    def close(self, who: Principal, number: int) -> GradeSet:
        """Give out no more items of a set; what was answered stays."""
        return self._move(who, number, SetState.CLOSED)

    def every(self) -> list[GradeSet]:
        """Sets, the newest first."""
        with self._db.read() as tx:
            return gradesets.every(tx)

    def get(self, number: int) -> GradeSet:
        """One set.

        Raises:
            NotFound: no such set.
        """
        with self._db.read() as tx:
            return gradesets.get(tx, number)

    def bad_rows(self, number: int) -> list[tuple[int, str]]:
        """Rows of a set's file that could not be read: (place, reason); raises `NotFound`."""
        with self._db.read() as tx:
            gradesets.get(tx, number)
            return gradesets.bad_rows(tx, number)

    def _move(self, who: Principal, number: int, state: SetState) -> GradeSet:
        _allowed(who)
        with self._db.transaction() as tx:
            tx.lock_changes()
            before = gradesets.get(tx, number)
            if before.state is SetState.IMPORTING:
                raise Conflict(f"The import of set {number} has not ended; run it again.")
            after = gradesets.set_state(tx, number, state)
            tx.audit(who.id, f"grade_set.{state.value}", after.id, number=number)
            return after

    def _prepare(self, row: SourceRow | BadRow, folder: MediaFolder) -> Prepared | BadRow:
        """Find, decode and match one file; runs in a thread, touches nothing that is shared."""
        if isinstance(row, BadRow):
            return row
        path = folder.find(row)
        if path is None:
            items = [Fingerprint(signal) for signal in row.hashes]
            unit = str(row.hashes[0]) if row.hashes else ""
            found = self._screener.match(items, unit=unit, now=self._clock.now())
            return Prepared(row, matches=found)
        outcome = self._decode(path)
        if isinstance(outcome, Undecodable):
            return Prepared(row, path, outcome)
        unit = exact(outcome, SHA256)
        found = self._screener.match(outcome.items, unit=unit, now=self._clock.now())
        return Prepared(row, path, outcome, found)

    def _decode(self, path: Path) -> Outcome:
        try:
            with path.open("rb") as source:
                limits = self._limits.video if moving(source.read(4096)) else self._limits.image
                source.seek(0)
                return self._screener.fingerprint(source, declared="", limits=limits, lane=LANE)
        except OSError as error:
            return Undecodable(Reason.MALFORMED, detail=error.strerror or "cannot be opened")

    def _take(
        self, begun: GradeSet, read: Sequence[Prepared | BadRow], state: Loaded, looks: Looks
    ) -> Loaded:
        """Write one window: bytes into the vault first, then rows and progress together."""
        good = [one for one in read if isinstance(one, Prepared)]
        faults = [one for one in read if isinstance(one, BadRow)]
        drafts = [draft(one, begun) for one in good]
        with self._db.read() as tx:
            first_of = gradesets.same_file(tx, [d.sha256 for d in drafts if d.sha256])
        kept = self._keep(good, drafts, first_of)
        last = read[-1].row if isinstance(read[-1], BadRow) else read[-1].source.row
        with self._db.transaction() as tx:
            tx.lock_changes()
            number = gradesets.take_numbers(tx, len(drafts)) if drafts else 0
            items = []
            for at, made in enumerate(drafts):
                item = replace(made, number=number + at, id=item_id(number + at), blob=kept.get(at))
                items.append(placed(item, first_of, looks))
            gradesets.add(tx, items)
            bad = state.bad
            for fault in faults:
                if bad < BAD_ROWS_SHOWN:
                    gradesets.bad_row(tx, begun.number, fault.row, fault.reason)
                bad += 1
            gradesets.progress(tx, begun.number, rows_read=last, rows_bad=bad, share=state.share)
        so_far = Counter(state.by_state) + Counter(item.state.value for item in items)
        return replace(state, rows=last, bad=bad, by_state=dict(so_far))

    def _keep(
        self, good: Sequence[Prepared], drafts: Sequence[GradeItem], first_of: Mapping[str, int]
    ) -> dict[int, Id]:
        """Preserve what somebody will look at; of copies and known files nothing is kept."""
        kept: dict[int, Id] = {}
        seen = set(first_of)
        for at, (one, made) in enumerate(zip(good, drafts, strict=True)):
            shown = made.state is ItemState.OPEN and made.sha256 not in seen
            seen.add(made.sha256)
            if one.path is not None and (shown or self._worth_keeping(one.path, made)):
                with one.path.open("rb") as source:
                    kept[at] = self._vault.put(source, purpose=PURPOSE)
        return kept

    def _worth_keeping(self, path: Path, made: GradeItem) -> bool:
        """What cannot be decoded is kept for a later decoder, unless it is beyond all limits."""
        unreadable = made.state is ItemState.UNREADABLE
        return unreadable and path.stat().st_size <= self._limits.video.max_bytes

    def _finish(
        self, by: str, begun: GradeSet, rows: Source, state: Loaded, context: str
    ) -> Loaded:
        with self._db.transaction() as tx:
            gradesets.describe(
                tx, begun.number, form=rows.form, context=context or rows.context
            )  # fmt: skip
            after = gradesets.set_state(tx, begun.number, SetState.OPEN)
            counts = {state.value: count for state, count in after.counts.items()}
            tx.audit(
                by, "grade_set.import", begun.id, number=begun.number, rows=state.rows,
                bad=state.bad, **counts,
            )  # fmt: skip
            reasons = tuple(gradesets.bad_rows(tx, begun.number, limit=20))
        return replace(state, share=1.0, by_state=counts, reasons=reasons)


def _allowed(who: Principal) -> None:
    """Sets are made by those who answer for quality, or by whoever runs this host."""
    if not any(
        map(who.may, (Permission.GRADE_IMPORT, Permission.SYSTEM_WRITE, Permission.DESK_SIGN))
    ):
        raise NotAllowed("Sets are made by those who answer for quality.")
