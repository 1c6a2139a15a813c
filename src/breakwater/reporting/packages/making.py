"""Makes a package two people agreed to: gathers, reads, proves, prints, seals.

In: the id of a package that is being made. Out: the same package, sealed in the vault with its
digests in the audit log, or failed with a code and made again when somebody asks. That it is
made stands in the log before the first byte is read, and the entry goes along with its proof.
Run as a job; tests: `tests/integration/test_packages.py`.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Final, Protocol

from breakwater import __version__
from breakwater.errors import BreakwaterError, Unavailable
from breakwater.model.ids import Id
from breakwater.model.media import MediaLimits
from breakwater.model.package import (
    Package,
    PackageAudit,
    PackageFacts,
    PackageKey,
    PackageState,
)
from breakwater.model.ports import Blob
from breakwater.model.sending import Sendings
from breakwater.observe import logger
from breakwater.records import approvals, audit, audit_extract, checkpoints, packages
from breakwater.records.audit import Checkpointer
from breakwater.records.checkpoints import Checkpoint
from breakwater.records.database import Database
from breakwater.records.keys import Keyring
from breakwater.reporting.packages import gather, notes
from breakwater.reporting.packages.contents import Contents, Signed, Whole
from breakwater.reporting.packages.gather import Gathered
from breakwater.reporting.packages.reading import Lumas64, Reading, Shelved
from breakwater.reporting.packages.seal import Sealed, seal

BY: Final = "reporting"
TRIES: Final = 3
MOODS: Final = frozenset({"ready", "threads", "warm"})
"""What a jail says of itself that is no version of anything."""
READ_SHARE: Final = 0.5
Papers = Callable[[PackageFacts], Mapping[str, bytes]]

_log = logger("packages")


class Jail(Lumas64, Protocol):
    """What decodes frames, and says in which versions."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """Versions of the decoders."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What making needs.

    Attributes:
        organisation: who holds the records, as the papers name them.
        papers: makes the papers by name.
    """

    db: Database
    vault: Blob
    keys: Keyring
    checkpointer: Checkpointer
    jail: Jail
    image: MediaLimits
    video: MediaLimits
    sendings: Sendings
    papers: Papers
    organisation: str = ""


class Maker:
    """Makes packages."""

    def __init__(self, desk: Desk) -> None:
        """Take what it needs."""
        self._on = desk

    def run(self, package: Id, attempt: int, beat: Callable[[float], None]) -> None:
        """Make one as a job: what cannot be made is failed and says why.

        Raises:
            Unavailable: something is away for a while; the job is tried again.
        """
        try:
            self.make(package, beat)
        except BreakwaterError as error:
            _log.warning("package_not_made", package=package, code=error.code)
            if isinstance(error, Unavailable) and attempt < TRIES:
                raise
            with self._on.db.transaction() as tx:
                packages.failed(tx, package, error.code)
                tx.audit(BY, "package.fail", package, fault=error.code)
        except Exception as error:  # whatever failed, the page says so; the worker sees it too
            with self._on.db.transaction() as tx:
                packages.failed(tx, package, type(error).__name__)
                tx.audit(BY, "package.fail", package, fault=type(error).__name__)
            raise

    def make(self, package: Id, beat: Callable[[float], None]) -> Package:
        """Make one; one that is sealed already is answered as it stands.

        Raises:
            SendingRefused: something of it may not go to one of its recipients any more.
        """
        on = self._on
        with on.db.read() as tx:
            wanted = packages.get(tx, package)
            if wanted.state is PackageState.SEALED:
                return wanted
            agreed = approvals.get(tx, wanted.approval)
            keys = [packages.key_of(tx, one) for one in wanted.keys]
            found = gather.gather(tx, wanted)
        media = bool(agreed.facts.get("media", True))
        classes = allowed_classes(found.classes, media=media)
        bases = bases_of(on.sendings, wanted, keys, classes)
        reading = Reading(vault=on.vault, pool=on.jail, image=on.image, video=on.video, media=media)
        items = list(reading.read(found.sources, lambda share: beat(share * READ_SHARE)))
        point = on.checkpointer.write()
        facts, signed = self._facts(wanted, found, items, point, keys, bases)
        whole = Whole(facts, wanted.number, items, found.papers, signed, on.papers(facts))
        contents = Contents(on.vault, self._sign)
        made = seal(
            on.vault, [one.key for one in keys],
            lambda sink: contents.write(
                whole, sink, lambda share: beat(READ_SHARE + share * READ_SHARE)
            ),
        )  # fmt: skip
        return self._keep(wanted, made, contents.root, facts)

    def _keep(self, package: Package, made: Sealed, root: str, facts: PackageFacts) -> Package:
        missing = len(facts.gaps) + sum(bool(one.gap) for one in facts.items)
        with self._on.db.transaction() as tx:
            tx.lock_changes()
            if packages.get(tx, package.id).state is PackageState.SEALED:
                return packages.get(tx, package.id)
            kept = packages.sealed(
                tx, package.id, blob=made.blob, size=made.size, sha256=made.sha256, root=root
            )
            tx.audit(
                BY, "package.seal", package.id, case=package.case, sha256=made.sha256,
                size=made.size, root=root, items=len(facts.items), missing=missing,
            )  # fmt: skip
            return kept

    def _facts(  # noqa: PLR0917 - everything that is known by then
        self, package: Package, found: Gathered, items: Iterable[Shelved], point: Checkpoint,
        keys: list[PackageKey], bases: tuple[tuple[str, str, str], ...],
    ) -> tuple[PackageFacts, Signed]:  # fmt: skip
        on, case = self._on, found.case
        origin = checkpoints.origin_of(on.keys)
        lines = [notes.vkey(origin, key) for key in on.keys.public_keys]
        with on.db.read() as tx:
            entries = audit_extract.extract(tx, found.subjects, point.size)
            agreed = approvals.get(tx, package.approval)
            made = audit.page(tx, action="package.make", subject=package.id, limit=1)
            people = (
                gather.person(tx, agreed.by, agreed.proposed_at),
                gather.person(tx, agreed.decided_by or agreed.by, agreed.decided_at or tx.now),
            )
        facts = PackageFacts(
            package=package.id, case=case.id, case_number=case.number, case_kind=case.kind.value,
            case_why=case.why, case_opened_at=case.opened_at, service=case.service,
            account=case.account, organisation=on.organisation, reference=package.reference,
            reason=package.reason, made_at=package.made_at, proposed=people[0], agreed=people[1],
            items=tuple(one.item for one in items), decisions=found.decisions,
            reports=found.reports,
            audit=PackageAudit(
                size=point.size, root=point.root.hex(), numbers=tuple(e.number for e in entries),
                origin=point.origin, key=lines[-1], signed_at=point.at, exported=made[0].number,
            ),
            tools=self._tools(), occasion=package.occasion, recipients=tuple(keys), bases=bases,
            gaps=found.gaps,
        )  # fmt: skip
        text = checkpoints.signed(point, on.keys)
        return facts, Signed("".join(f"{one}\n" for one in lines), text, entries)

    def _tools(self) -> tuple[tuple[str, str], ...]:
        """Name and version of everything that computed something, ours first."""
        named = {
            "breakwater": __version__, "python": platform.python_version(),
            "pyrage": metadata.version("pyrage"), "cryptography": metadata.version("cryptography"),
        }  # fmt: skip
        jail = {
            str(name): str(value)
            for name, value in self._on.jail.facts.items()
            if value and name not in MOODS
        }
        return tuple((named | jail).items())

    def _sign(self, text: str) -> str:
        keys = self._on.keys
        origin = checkpoints.origin_of(keys)
        return notes.signed(text, name=origin, public=keys.public_key, sign=keys.sign)


def allowed_classes(classes: Iterable[Any], *, media: bool) -> frozenset[Any]:
    """What leaves, with media or without."""
    return frozenset(one for one in classes if media or one.value != "media")


def bases_of(
    sendings: Sendings, package: Package, keys: Iterable[PackageKey], classes: frozenset[Any]
) -> tuple[tuple[str, str, str], ...]:
    """On what it rests that each recipient gets each class of data.

    Raises:
        SendingRefused: on nothing.
    """
    return tuple(
        (key.name, data.value, basis)
        for key in keys
        for data, basis in sendings.must(
            key.country, key.kind, classes, when=package.occasion, name=key.name
        ).items()
    )
