"""Opens the desk at which a command's work is done: the owner's when there is one, else our own.

In: settings. Out: a `desk.Desk` until the block ends. Used by `bank`, `lookup` and `scan`, which
load this when they run: it brings the whole installation with it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from breakwater import app as parts
from breakwater.app import App
from breakwater.classifiers.folder import ModelFile
from breakwater.cli import owner
from breakwater.cli.checking import checked
from breakwater.cli.court import HereCourt
from breakwater.cli.desk import OPERATOR, Desk, ListFile, Progress, Row, Share
from breakwater.cli.exhibit_desk import HereExhibits
from breakwater.cli.feeds import HereFeeds
from breakwater.cli.hub_files import HereHubFiles
from breakwater.cli.hubs import HereHub
from breakwater.cli.linked import HereLinks
from breakwater.cli.remote import OwnerDesk
from breakwater.cli.serve import prepare
from breakwater.cli.terminal import Terminal
from breakwater.cli.writing import written
from breakwater.errors import BadInput, DatabaseInUse, Unavailable
from breakwater.media.sandbox import JailPool
from breakwater.model.access import Permission, Principal
from breakwater.model.hold import HoldState
from breakwater.model.ids import Id
from breakwater.model.match import Verdict
from breakwater.model.media import Undecodable
from breakwater.model.signal import Fingerprints, Signal
from breakwater.model.transparency import Period
from breakwater.reporting.packages.making import TRIES
from breakwater.reporting.vics.exports import VicsWish
from breakwater.review.grading.sets import NewSet
from breakwater.web.api import (
    classifiers,
    packages,
    privacy,
    servers,
    transparency,
    vics,
    viewers,
)
from breakwater.web.api import duty as wire
from breakwater.web.api import holds as held
from breakwater.web.api import streams as broadcasts
from breakwater.web.api.grade_sets import GradeImportOut, GradeSetOut
from breakwater.web.api.requests import BankIn
from breakwater.web.api.shapes import BankOut, EntryOut, match_json

if TYPE_CHECKING:
    from breakwater.settings import Settings

PAGE: Final = 1000
STARTING_S: Final = 15.0
"""How long a command waits for an owner that holds the database and has not announced itself."""


@contextmanager
def at(settings: Settings, terminal: Terminal, pool: JailPool | None = None) -> Iterator[Desk]:
    """Open the desk: the owner's when there is one, else our own.

    Args:
        settings: of the installation.
        terminal: told of keys when this is the installation's first start.
        pool: the jail of a command that decodes; it is proven first. Others need none.
    """
    until = time.monotonic() + STARTING_S
    while True:
        found = owner.find(settings.owner_token)
        if found is not None:
            with OwnerDesk(found) as desk:
                yield desk
            return
        try:
            running = _opened(settings, terminal, pool)
            break
        except DatabaseInUse:
            # An owner that is still starting announces itself in a moment.
            if time.monotonic() > until:
                raise
            time.sleep(0.25)
    try:
        yield HereDesk(running)
    finally:
        running.close()


def _opened(settings: Settings, terminal: Terminal, pool: JailPool | None) -> App:
    prepare(settings, terminal)
    return parts.build(settings, pool=pool or NoJail(), decode=pool is not None)


def _form(known: type[StrEnum], fields: Row) -> str:
    """How something is printed, as the API would take it."""
    try:
        return known(fields["form"]).value
    except ValueError:
        raise BadInput(f"It is printed as {' or '.join(known)}.") from None


def _bytes(made: str | bytes) -> bytes:
    return made.encode() if isinstance(made, str) else made


class NoJail(JailPool):
    """The jail of commands that decode nothing: no process is started, and none is missed."""

    def __init__(self) -> None:
        self.size = 0

    def __getattr__(self, name: str) -> Any:
        raise Unavailable(f"This command decodes nothing, and asked for {name}.")

    def close(self) -> None:
        """Nothing was opened."""


class HereDesk(HereCourt, HereFeeds, HereHub, HereHubFiles, HereLinks, HereExhibits):
    """Does the work in this process, which owns the installation meanwhile."""

    def __init__(self, app: App) -> None:
        self._app = app

    def banks(self) -> list[Row]:
        """All banks with their matchable shares."""
        return [
            BankOut.of(bank, self._app.banks.shares(bank.name)).model_dump(mode="json")
            for bank in self._app.banks.every()
        ]

    def create_bank(self, fields: Row) -> Row:
        """Make a bank."""
        bank = self._app.banks.create(BankIn(**fields).new(), OPERATOR)
        return BankOut.of(bank).model_dump(mode="json")

    def import_list(self, name: str, file: ListFile, progress: Progress) -> Row:
        """Import a list with the bulk loader."""
        loaded = self._app.loader.load(
            name, file.path, self._who(file.signed_by), kind=file.kind, labels=file.labels,
            source=file.source, named=file.path.name, permitted_use=file.permitted_use, signed=bool(file.signed_by),
            progress=lambda state: progress(state.rows),
        )  # fmt: skip
        return asdict(loaded)

    def _who(self, signer: str) -> Principal:
        """The operator, with the person behind them when one signs."""
        if not signer:
            return OPERATOR
        return self._app.access.people.on_behalf(OPERATOR, signer, Permission.BANK_WRITE)

    def import_set(self, wanted: NewSet, progress: Share) -> Row:
        """Import a set for graders, in this process."""
        sets = self._app.review.grade_sets
        done = sets.load(OPERATOR, wanted, progress=lambda state: progress(state.share))
        found = sets.get(done.set_number), sets.bad_rows(done.set_number)
        return GradeImportOut.of_import(*found).model_dump(mode="json")

    def grade_sets(self) -> list[Row]:
        """All sets for graders, the newest first."""
        found = self._app.review.grade_sets.every()
        return [GradeSetOut.of(one).model_dump(mode="json") for one in found]

    def entries(self, name: str) -> Iterator[Row]:
        """Every entry of a bank, by number."""
        after = 0
        while page := self._app.banks.page(name, after=after, limit=PAGE):
            yield from (EntryOut.of(entry).model_dump(mode="json") for entry in page)
            after = page[-1].number

    def lookup(self, signals: Sequence[Signal], banks: Sequence[str]) -> list[list[Row]]:
        """The matches of each signal."""
        found: list[list[Row]] = []
        for start in range(0, len(signals), PAGE):
            part = self._app.lookups.lookup(signals[start : start + PAGE], chosen=banks)
            found += [[match_json(match) for match in matches] for matches in part]
        return found

    def judge(self, outcome: Fingerprints | Undecodable, unit: str) -> Verdict:
        """What the verdict on a file would be; nothing is kept."""
        return self._app.recorder.judge(outcome, unit=unit)

    def login_link(self, name: str) -> str:
        """Make a one-time login link for somebody; answers its path."""
        return f"/login/{self._app.access.people.link_for(name, OPERATOR)}"

    def duty(self) -> Row:
        """Who is on call, the rota, and calls that wait."""
        return wire.standing(self._app).model_dump(mode="json")

    def plan_shifts(self, shifts: Sequence[Row]) -> list[Row]:
        """Put shifts on the rota: all of them, or none."""
        body = wire.ShiftsIn(shifts=[wire.ShiftIn(**shift) for shift in shifts])
        made = wire.plan(body, self._app, OPERATOR)
        return [shift.model_dump(mode="json") for shift in made.shifts]

    def test_page(self, person: str) -> Row:
        """Send somebody a test page, and the pager service at once: no worker runs here."""
        call = wire.test(wire.TestIn(person=person), self._app, OPERATOR)
        if self._app.review.on_call.pager is not None:
            self._app.review.on_call.pager.deliver_due()
        return call.model_dump(mode="json")

    def media_servers(self) -> list[Row]:
        """All media servers."""
        return [one.model_dump(mode="json") for one in servers.every(self._app).servers]

    def add_media_server(self, fields: Row) -> Row:
        """Enter a media server; answers what is shared with it."""
        body = checked(servers.ServerIn, fields)
        return servers.add(body, self._app, OPERATOR).model_dump(mode="json")

    def check_media_server(self, name: str) -> Row:
        """Whether its broadcasts can be frozen and cut."""
        return servers.check(name, self._app).model_dump(mode="json")

    def media_server_recipe(self, name: str, wanted: Row) -> Row:
        """Its configuration files, with what is shared with it."""
        body = checked(servers.RecipeIn, wanted)
        return servers.recipe(name, body, self._app, OPERATOR).model_dump(mode="json")

    def remove_media_server(self, name: str) -> Row:
        """Forget it."""
        return servers.remove(name, self._app, OPERATOR).model_dump(mode="json")

    def classifiers(self) -> Row:
        """All classifiers, and whether they are on at all."""
        return classifiers.every(self._app).model_dump(mode="json")

    def add_classifier(self, card: str, model: Path) -> Row:
        """Try a model and keep it."""
        made = self._app.scoring.classifiers.add(card, ModelFile(model), OPERATOR)
        return classifiers.ClassifierOut.of(made).model_dump(mode="json")

    def check_classifier(self, name: str) -> Row:
        """Whether it can be used."""
        found = self._app.scoring.classifiers.check(name)
        return classifiers.TriedOut.of(*found).model_dump(mode="json")

    def change_classifier(self, name: str, what: str) -> Row:
        """Do `on`, `off` or `remove`."""
        act = {"on": classifiers.on, "off": classifiers.off, "remove": classifiers.remove}[what]
        return act(name, self._app, OPERATOR).model_dump(mode="json")

    def watchers(self) -> Row:
        """None: nothing is served here, so nothing is watched."""
        return {"watchers": [], "unplaced": 0}

    def streams(self, *, ended: bool = False, before: str = "") -> list[Row]:
        """Broadcasts that run, or also those that ended, the newest first."""
        older = Id(before) if before else None
        found = self._app.live.streams.every(
            OPERATOR, running=not ended, before=older, limit=broadcasts.MOST
        )
        return [broadcasts.StreamOut.of(one).model_dump(mode="json") for one in found]

    def order_stream(self, stream: str, fields: Row) -> Row:
        """Stop a broadcast, or let it go, from this process: no worker runs here."""
        body = checked(broadcasts.OrderIn, fields)
        made = self._app.enforcement.wishes.want(
            OPERATOR, Id(stream), body.to, reason=body.reason, broadcaster=body.broadcaster,
            publisher=body.whom(),
        )  # fmt: skip
        with suppress(Unavailable):  # its state says so
            self._app.enforcement.orders.obey(made.id)
        return broadcasts.one(stream, self._app, OPERATOR).model_dump(mode="json")

    def begin_viewers(self, fields: Row) -> Row:
        """Begin an access log, or go on with it."""
        body = checked(viewers.ImportIn, fields)
        return viewers.begin(body, self._app, OPERATOR).model_dump(mode="json")

    def take_viewers(self, log: str, fields: Row) -> Row:
        """Keep the sessions of a piece of an access log."""
        body = checked(viewers.StretchIn, fields)
        return viewers.take(log, body, self._app, OPERATOR).model_dump(mode="json")

    def holds(self, fields: Row) -> Row:
        """Holds, what comes due first."""
        state = HoldState(fields["state"])
        found = self._app.preserving.holding.listed(state=state, soon=bool(fields["soon"]))
        return held.HoldsOut.of(found).model_dump(mode="json")

    def privacy(self, what: str, fields: Row, signer: str) -> Row:
        """Give out or erase what is kept of a person."""
        asked = checked(privacy.WANTED[what], fields)
        by = self._app.access.people.on_behalf(OPERATOR, signer, asked.NEEDED)
        return asked.done(self._app, by).model_dump(mode="json")

    def change_hold(self, what: str, of: str, fields: Row, signer: str) -> Row:
        """Extend, end or order one."""
        app, by = self._app, held.for_person(self._app, OPERATOR, signer)
        if what == "order":
            made = held.order(of, checked(held.HoldOrderIn, fields), app, by)
        elif what == "extend":
            made = held.extend(of, checked(held.HoldExtendIn, fields), app, by)
        else:
            made = held.end(of, checked(held.HoldReasonIn, fields), app, by)
        return made.model_dump(mode="json")

    def viewer_imports(self) -> list[Row]:
        """Access logs that were read, the newest first."""
        return [one.model_dump(mode="json") for one in viewers.imports(self._app, OPERATOR).imports]

    def transparency(self, fields: Row) -> bytes:
        """The report of a period."""
        form = _form(transparency.ReportForm, fields)
        period = Period.parse(fields["from"], fields["to"])
        report = transparency.taken(self._app, OPERATOR, period, form)
        return _bytes(transparency.printed(report, form))

    def compliance(self, code: str, fields: Row) -> bytes:
        """Measures of a regulator's code."""
        form = _form(transparency.PaperForm, fields)
        return _bytes(transparency.proven(self._app.transparency.measures.report(code), form))

    def package_keys(self, signer: str) -> list[Row]:
        """Recipients' keys, withdrawn ones too."""
        found = self._app.packages.desk.keys(self._exporter(signer))
        return [packages.PackageKeyOut.of(one).model_dump(mode="json") for one in found]

    def packages(self, case: str, signer: str) -> Row:
        """Packages of a case by number or id, the newest first, and the one that waits."""
        by = self._exporter(signer)
        return packages.of_case(case, self._app, by).model_dump(mode="json")

    def propose_package(self, case: str, fields: Row, signer: str) -> Row:
        """Propose a package."""
        by, body = self._exporter(signer), checked(packages.PackageWishIn, fields)
        return packages.propose(case, body, self._app, by).model_dump(mode="json")

    def make_package(self, package: str, signer: str) -> Row:
        """Make it in this process: no worker runs here."""
        by = self._exporter(signer)
        found = packages.one(package, self._app, by)
        if found.state == "making":
            self._app.packages.maker.run(Id(package), TRIES, lambda _: None)
        return packages.one(package, self._app, by).model_dump(mode="json")

    def take_package(self, package: str, signer: str, to: Path) -> Row:
        """Write the sealed file."""
        _, source = self._app.packages.desk.take(self._exporter(signer), Id(package))
        with source:
            return written(iter(lambda: source.read(1 << 20), b""), to)

    def record_receipt(self, text: str, signer: str) -> Row:
        """Keep a receiving officer's signed receipt."""
        body = checked(packages.ReceiptIn, {"receipt": text})
        return packages.record(body, self._app, self._exporter(signer)).model_dump(mode="json")

    def take_vics(self, case: str, fields: Row, signer: str, to: Path) -> Row:
        """Write a case as VICS."""
        by = vics.for_person(self._app, OPERATOR, signer)
        found = packages.case_id(self._app, case)
        return written(self._app.packages.vics.take(by, found, VicsWish(**fields)), to)

    def propose_vics(self, case: str, fields: Row, signer: str) -> Row:
        """Ask for a second investigator."""
        by, body = vics.for_person(self._app, OPERATOR, signer), checked(vics.VicsWishIn, fields)
        return vics.propose(case, body, self._app, by).model_dump(mode="json")

    def _exporter(self, name: str) -> Principal:
        return packages.for_person(self._app, OPERATOR, name)
