"""Has feeds pulled: a job for each that is due, on threads of its own, page by page.

A page is one transaction, and the next is asked for when it is taken: nothing is ever ahead, so a
peer that sends a million rows in a second fills no memory. The job's lease fences: who lost it
takes no page more. A peer that is down is asked again after a growing wait, or as it says; one
that goes in circles, or whose answers cannot be used, is named in the feed's health and asked at
its next turn. Joined by `app`; tests: `tests/contract/test_exchange_health.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from breakwater.errors import BreakwaterError, LeaseLost, NotFound, PeerFault, Unavailable
from breakwater.exchange.peers import Peers
from breakwater.exchange.taking import Taken, Taking
from breakwater.exchange.telling import Telling
from breakwater.model.exchange import Feed, Gone, Offered, Page, Pull
from breakwater.model.ids import Id
from breakwater.observe import logger
from breakwater.records import banks, exchange_feeds, exchange_items, jobs
from breakwater.records.carrying import Carrying
from breakwater.records.database import Database
from breakwater.records.jobs import Job

PULL_JOB: Final = "exchange.pull"
TELL_JOB: Final = "exchange.tell"
RELEASE_JOB: Final = "exchange.release"
KINDS: Final = (PULL_JOB, TELL_JOB, RELEASE_JOB)
AT_ONCE: Final = 2
LEASE_S: Final = 30.0
"""A dead process holds up its feeds for so long."""
MOST_PAGES: Final = 20_000
"""Pages of one pull; what is left is taken by the next, so that no peer keeps a thread for ever."""
CATCH_UP_EVERY: Final = 20
"""Pages after which the index is told, beside what the worker does by itself."""
CATCH_UP_ROWS: Final = 300_000
"""Entries in columns after which it is told: so many become a segment of their own."""
MOST_WAIT: Final = timedelta(hours=1)
LOSS: Final = 0.5
"""A whole list that lacks more of what it had is not believed (a file cut short)."""
LOSS_FROM: Final = 20
"""Signals from which that rule holds."""
SWEEP: Final = 1_000

_log = logger("exchange")


class Running:
    """Claims and pulls."""

    def __init__(
        self,
        *,
        db: Database,
        peers: Peers,
        taking: Taking,
        telling: Telling,
        caught_up: Callable[[], object],
    ) -> None:
        """Take what it needs.

        Args:
            db: the database.
            peers: makes clients.
            taking: takes pages.
            telling: sends feedback and counts.
            caught_up: brings the index in step with the entries.
        """
        self._db = db
        self._peers = peers
        self._taking = taking
        self._telling = telling
        self._caught_up = caught_up
        self._carrying = Carrying(
            db=db, name="exchange", kinds=KINDS, do=self.do, wait_after=wait_after,
            at_once=AT_ONCE, lease_s=LEASE_S,
        )  # fmt: skip

    def turn(self) -> None:
        """Start what is due, if there is room; sleeps until there is, a second at most."""
        self._carrying.turn()

    def close(self) -> None:
        """Begin nothing more and let what runs end; what is left goes on after the next start."""
        self._carrying.close()

    def plan(self) -> None:
        """Ask for a job for each feed whose time has come."""
        with self._db.read() as tx:
            due = exchange_feeds.due(tx)
        for feed in due:
            with self._db.transaction() as tx:
                jobs.enqueue(tx, PULL_JOB, {"feed": feed.id}, dedup_key=f"exchange:{feed.id}")

    def run_due(self) -> None:
        """Do all that is due here and now, and come back: for a command that serves nobody."""
        self.plan()
        while due := self._carrying.claim():
            self.do(due[0])

    def do(self, job: Job) -> None:
        """Do one job and settle it."""
        try:
            with self._db.read() as tx:
                feed = exchange_feeds.by_id(tx, Id(job.payload["feed"]))
                gone = exchange_feeds.is_removed(tx, feed.id)
        except NotFound:
            self._finish(job)
            return
        if job.kind == RELEASE_JOB:
            self._release(feed, job)
        elif gone:
            self._finish(job)
        elif job.kind == TELL_JOB:
            self._telling.tell(feed)
            self._finish(job)
        else:
            self._pull(feed, job)

    def _pull(self, feed: Feed, job: Job) -> None:
        """Pull until there is nothing more; what went wrong is in the feed's health."""
        with self._db.transaction() as tx:
            jobs.report(tx, job, {"began": tx.now.isoformat()})
            pull = exchange_feeds.begin(tx, feed)
            state = exchange_feeds.state(tx, feed)
        try:
            more = self._pages(feed, job, pull, state.checkpoint)
        except LeaseLost:
            raise
        except Unavailable as error:
            self._again(feed, job, error)
        except BreakwaterError as error:
            self._give_up(feed, job, pull, error)
        else:
            self._done(feed, job, pull, more=more)
        finally:
            self._caught_up()

    def _pages(self, feed: Feed, job: Job, pull: Pull, checkpoint: str) -> bool:
        """Take page after page; answers whether there is more than one pull takes."""
        pages = self._peers.client(feed).pull(checkpoint)
        whole, rows = False, 0
        for count, page in enumerate(watched(pages, checkpoint), start=1):
            done = self._take(feed, job, pull, page)
            whole = page.whole
            rows += sum(len(many.remote) for many in page.many)
            if done.gone or rows >= CATCH_UP_ROWS or count % CATCH_UP_EVERY == 0:
                self._caught_up()
                rows = 0
            if count >= MOST_PAGES or self._paused(feed):
                return not self._paused(feed)
        if whole:
            self._sweep(feed, job)
        return False

    def _take(self, feed: Feed, job: Job, pull: Pull, page: Page) -> Taken:
        with self._db.transaction() as tx:
            tx.lock_changes()
            jobs.report(tx, job, {"pull": pull.id})
            return self._taking.page(tx, feed, pull, page)

    def _paused(self, feed: Feed) -> bool:
        with self._db.read() as tx:
            found = exchange_feeds.by_id(tx, feed.id)
            return not found.enabled

    def _done(self, feed: Feed, job: Job, pull: Pull, *, more: bool) -> None:
        """The pull came to its end."""
        wait = timedelta(seconds=0 if more else feed.every_s)
        with self._db.transaction() as tx:
            tx.lock_changes()
            self._taking.finish(tx, feed, pull)
            exchange_feeds.set_state(
                tx, feed, pulled_at=tx.now, due_at=tx.now + wait,
                errors=0, fault="",
            )  # fmt: skip
            if feed.feedback or feed.counts:
                jobs.enqueue(tx, TELL_JOB, {"feed": feed.id}, dedup_key=f"exchange.tell:{feed.id}")
            jobs.finish(tx, job)

    def _sweep(self, feed: Feed, job: Job) -> None:
        """What a whole list has no more is let go of.

        Raises:
            PeerFault: it lacks more than half of what it had: it is not believed.
        """
        with self._db.read() as tx:
            turn = exchange_feeds.turn(tx, feed)
            lost, every = exchange_items.share_unseen(tx, feed.number, turn)
        if every >= LOSS_FROM and lost > every * LOSS:
            raise PeerFault(
                f"The list lacks {lost:,} of {every:,} signals it had: nothing was withdrawn. "
                "If that is right, remove the feed with its entries and add it again."
            )
        while True:
            with self._db.transaction() as tx:
                tx.lock_changes()
                jobs.report(tx, job, {"sweep": turn})
                remote = exchange_items.unseen(tx, feed.number, turn, limit=SWEEP)
                known = exchange_items.of_remote(tx, feed.number, remote)
                ends = exchange_items.unseen_of(tx, feed.number, known, turn)
                bank = banks.get(tx, feed.bank)
                gone = self._taking.let_go(tx, feed, bank, ends)
                pull = exchange_feeds.state(tx, feed).pull
                if pull is not None:
                    exchange_feeds.gone(tx, feed, pull, gone)
            if not remote:
                return
            self._caught_up()

    def _again(self, feed: Feed, job: Job, error: Unavailable) -> None:
        """The peer is away: it is asked again, when it says or after a growing wait."""
        said = error.facts.get("retry_after")
        with self._db.transaction() as tx:
            errors = exchange_feeds.state(tx, feed).errors + 1
            wait = timedelta(seconds=float(said)) if said else wait_after(errors)
            exchange_feeds.set_state(tx, feed, errors=errors, fault=_words(error))
            jobs.fail(tx, job, fault=error.code, retry_at=tx.now + wait)
        _log.warning("feed_waits", feed=feed.name, errors=errors, code=error.code)

    def _give_up(self, feed: Feed, job: Job, pull: Pull, error: BreakwaterError) -> None:
        """This pull ends here; the next turn asks again from the same checkpoint."""
        with self._db.transaction() as tx:
            tx.lock_changes()
            self._taking.finish(tx, feed, pull)
            exchange_feeds.end(tx, feed, pull.id, fault=_words(error))
            errors = exchange_feeds.state(tx, feed).errors + 1
            wait = max(timedelta(seconds=feed.every_s), wait_after(errors))
            exchange_feeds.set_state(
                tx, feed, errors=errors, fault=_words(error), due_at=tx.now + wait
            )
            jobs.finish(tx, job)
        _log.warning("feed_failed", feed=feed.name, errors=errors, code=error.code)

    def _release(self, feed: Feed, job: Job) -> None:
        """Let go of all that a removed feed gave, some at a time."""
        after = str(job.progress.get("after", ""))
        while True:
            with self._db.transaction() as tx:
                tx.lock_changes()
                remote = exchange_items.some(tx, feed.number, after=after, limit=SWEEP)
                known = exchange_items.of_remote(tx, feed.number, remote)
                ends = [(name, one.number) for name, some in known.items() for one in some]
                self._taking.let_go(tx, feed, banks.get(tx, feed.bank), ends)
                if not remote:
                    jobs.finish(tx, job)
                    break
                after = remote[-1]
                jobs.report(tx, job, {"after": after})
            self._caught_up()
        self._caught_up()

    def _finish(self, job: Job) -> None:
        with self._db.transaction() as tx:
            jobs.finish(tx, job)


def watched(pages: Iterator[Page], checkpoint: str) -> Iterator[Page]:
    """The same pages, until they go round.

    Raises:
        PeerFault: a page came again, or the checkpoint goes back to an earlier one.
    """
    seen: set[bytes] = set()
    points = {checkpoint}
    last = checkpoint
    for page in pages:
        mark = _mark(page)
        if (page.items or page.many) and mark in seen:
            raise PeerFault("The same page came twice in one pull: its pages go in a circle.")
        seen.add(mark)
        if page.checkpoint != last and page.checkpoint in points:
            raise PeerFault("Its pages lead back to where the pull was before.")
        points.add(page.checkpoint)
        last = page.checkpoint
        yield page


def _mark(page: Page) -> bytes:
    """What tells a page from others: where it leads, and what it holds."""
    digest = hashlib.blake2b(page.checkpoint.encode("utf-8", "replace"), digest_size=16)
    for item in page.items:
        name = item.remote_id if isinstance(item, (Offered, Gone)) else item.place
        digest.update(b"\0" + name.encode("utf-8", "replace"))
    for many in page.many:
        digest.update("\0".join(["", *many.remote]).encode("utf-8", "replace"))
    return digest.digest()


def wait_after(errors: int) -> timedelta:
    """How long after try 1, 2, ... that failed: 5, 10, 20 … seconds, an hour at most."""
    return min(timedelta(seconds=5 * 2 ** min(errors - 1, 12)), MOST_WAIT)


def _words(error: BreakwaterError) -> str:
    return exchange_feeds.clean(error.detail or error.title())
