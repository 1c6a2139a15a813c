"""A hub of 3.5 M entries: import, first full pull, the NCMEC dialect, empty windows, 200 followers.

A real `breakwater serve` with its own SQLite file; members' requests come from this process over
real HTTP. The first pull is a member's whole way: manifest, files, SHA-256, signature, then an index
of all values with list status and permitted use beside each. Beside it stands a member's own
installation that pulls the list by its exchange into a bank. The raw puller asks the NCMEC dialect
page by page and counts elements; the widely used client pulls the same beside it.
"""

import base64
import io
import json
import os
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
from threatexchange.exchanges.clients.ncmec.hash_api import NCMECEnvironment, NCMECHashAPI

from benchmarks.harness import Result, Row, Target, quick
from benchmarks.http import command, listed, pss, serving
from breakwater.app import App, build
from breakwater.exchange.manage import NewFeed
from breakwater.fingerprint.registry import Registry
from breakwater.matching.index import Index
from breakwater.model import segment_file
from breakwater.model.access import Permission, Principal
from breakwater.model.exchange import Credentials
from breakwater.model.hub import Effect, MemberKind, ReleaseRule
from breakwater.model.ids import Id, new_id
from breakwater.model.signal import Signal
from breakwater.records import banks, entries, hub_given, hub_lists, hub_members, hub_rules
from breakwater.settings import load

ENTRIES = 40_000 if quick() else 3_500_000
PAGES = 30 if quick() else 200
FOLLOWERS = 200
NOTES = (
    "Members and hub share the machine.",
    "200 followers ask for changes at once, each with a connection of its own, ten times.",
)


def run() -> Result:
    """Measure everything in one go."""
    rows: list[Row] = []
    targets: list[Target] = []
    with tempfile.TemporaryDirectory(prefix="breakwater-bench-") as name:
        place = Path(name)
        os.environ |= {
            "BREAKWATER_DATA_DIR": str(place / "data"),
            "BREAKWATER_ROOT_KEY_FILE": str(place / "root.key"),
            "BREAKWATER_AUDIT_DIR": str(place / "checkpoints"),
            "BREAKWATER_FLOOD_ENTRIES_PER_HOUR": "1000000000",
            "TZ": "UTC",
        }
        time.tzset()
        command("bank", "create", "SHARED")
        token = filled(place, rows, targets)
        with serving() as (where, _, (pid, _)):
            url = f"http://{where[0]}:{where[1]}"
            built = first_pull(url, token, rows, targets)
            engine(url, token, place, rows, built)
            dialect(url, token, rows, targets)
            empty(url, token, rows, targets)
            many(url, token, rows)
            memory = pss(pid) / 1e6
        rows.append(
            Row(f"hub of {ENTRIES:,}", "breakwater", "PSS of the process tree", memory, "MB")
        )
        targets.append(Target.at_most("memory of the hub, MB", memory, 1000))
    return Result("hub", tuple(rows), tuple(targets), NOTES)


def filled(place: Path, rows: list[Row], targets: list[Target]) -> str:
    """A list that a member gave, and the key of another that pulls."""
    app = build(load(), decode=False)
    try:
        operator = Principal(new_id(), "bench", frozenset(Permission), person=new_id())
        giver, puller = prepared(app)
        file = listed(place / "list.csv", ENTRIES, seed=1)
        taker = app.hub.contribute.for_file(
            operator, "SHARED", member=giver, category="A1", signed=True
        )
        started = time.perf_counter()
        done = app.loader.load("SHARED", file, operator, signed=True, taker=taker)
        took = time.perf_counter() - started
        assert done.kept == ENTRIES, done
        rows.append(Row(f"import of {ENTRIES:,}", "breakwater", "wall", took, "s"))
        targets.append(Target.at_most("import, s", took, 90))
        file.unlink()
        published(app, done.import_number)
        key, token = app.access.keys.create(
            operator, name="puller", service="", scopes=["hub:pull"]
        )
        with app.db.transaction() as tx:
            hub_members.give_key(tx, Id(puller), key.id)
        return str(token)
    finally:
        app.close()


def prepared(app: App) -> tuple[str, str]:
    """Members, list and rule: the giver's name and the puller's id."""
    with app.db.transaction() as tx:
        hub_lists.share(tx, banks.get(tx, "SHARED"))
        giver = hub_members.create(tx, name="Giver", kind=MemberKind.HOTLINE, trusted=True)
        puller = hub_members.create(tx, name="Puller", kind=MemberKind.SERVICE)
        hub_rules.add(tx, ReleaseRule(new_id(), Effect.ALLOW, recipient_kind=MemberKind.SERVICE))
    return giver.name, puller.id


def published(app: App, number: int) -> None:
    """Whatever waited for two people goes out."""
    while True:
        with app.db.transaction() as tx:
            if not hub_given.publish(tx, number, by="bench", second=new_id(), held=True):
                return


def got(url: str, token: str) -> bytes:
    """One request with a connection of its own, as the widely used client makes them."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        body: bytes = answer.read()
        return body


def first_pull(url: str, token: str, rows: list[Row], targets: list[Target]) -> float:
    """From nothing until every value matches with its status and permitted use.

    Answers the seconds in which the hub built its files: whoever comes later finds them.
    """
    started = time.perf_counter()
    key = base64.b64decode(json.loads(got(f"{url}/v1/hub/key", token))["keys"][0])
    said = json.loads(got(f"{url}/v1/hub/segments", token))
    manifest = segment_file.verified(
        said["manifest"].encode(), base64.b64decode(said["signature"]), key
    )
    listed_at = time.perf_counter()
    numbers, values, uses = [], [], []
    for one in manifest.files:
        data = got(f"{url}/v1/hub/segments/{one.name}", token)
        segment_file.same(io.BytesIO(data), one)
        segment = segment_file.read(data)
        for part in segment.sections:
            numbers.append(part.numbers)
            values.append(part.values)
            words = np.array([terms.permitted_use for terms in segment.terms])
            uses.append(words[part.terms])
    use = np.concatenate(uses)
    asked = values[0][:1000].copy()
    with tempfile.TemporaryDirectory(prefix="breakwater-bench-") as name:
        registry = Registry.installed()
        index = Index.open(Path(name), kinds=registry.kinds, factories=registry.index_factories)
        index.load("pdq", np.concatenate(values), np.concatenate(numbers), manifest.through)
        hits = index.search("pdq", asked, 0)
        took = time.perf_counter() - started
        assert len({int(row) for row in hits.query}) == len(asked)
        index.close()
    assert len(use) == ENTRIES
    assert set(use) == {"detection"}
    case = f"first full pull of {ENTRIES:,}"
    rows.append(Row(case, "breakwater", "built and signed", listed_at - started, "s"))
    rows.append(Row(case, "breakwater", "until all match with their terms", took, "s"))
    targets.append(Target.at_most("first full pull, s", took, 60))
    return listed_at - started


def engine(url: str, token: str, place: Path, rows: list[Row], built: float) -> None:
    """The same by a member's own installation: a feed into a bank, page by page, with its index."""
    key = json.loads(got(f"{url}/v1/hub/key", token))["keys"][0]
    hub = {name: os.environ[name] for name in ("BREAKWATER_DATA_DIR", "BREAKWATER_AUDIT_DIR")}
    os.environ |= {
        "BREAKWATER_DATA_DIR": str(place / "member"),
        "BREAKWATER_AUDIT_DIR": str(place / "member checkpoints"),
        "BREAKWATER_EXCHANGE_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
    command("bank", "create", "TAKEN")
    app = build(load(), decode=False)
    try:
        someone = Principal(new_id(), "bench", frozenset(Permission), person=new_id())
        started = time.perf_counter()
        feed = NewFeed(
            "hub", "breakwater", "TAKEN", url, {"key": key}, Credentials(token=token), vouch=True
        )
        app.exchange.feeds.add(feed, someone)
        app.exchange.running.run_due()
        with app.db.read() as tx:
            some = entries.page(tx, banks.get(tx, "TAKEN"), limit=500)
        asked = [Signal(one.kind, one.value) for one in some]
        found = app.lookups.lookup(asked)
        took = time.perf_counter() - started
        shown = app.exchange.feeds.get("hub")
        assert shown.signals == ENTRIES, shown
        assert all(any(one.permitted_use == "detection" for one in row) for row in found)
    finally:
        app.close()
        os.environ |= hub
    case = f"first full pull of {ENTRIES:,}"
    rows.append(Row(case, "a member's exchange", "until all match, files built", took, "s"))
    rows.append(Row(case, "a member's exchange", "with building", took + built, "s"))


def dialect(url: str, token: str, rows: list[Row], targets: list[Target]) -> None:
    """The NCMEC dialect: a raw puller, and the real client beside it."""
    now = int(time.time())
    path = f"/v2/entries?from=1970-01-01T00:00:00Z&to={spelled(now)}"
    count, started = 0, time.perf_counter()
    for _ in range(PAGES):
        page = got(f"{url}/hub/SHARED{path}", token)
        count += page.count(b"<image>")
        if b"<next>" not in page:
            break
        path = page.split(b"<next>")[1].split(b"</next>")[0].decode().replace("&amp;", "&")
    rate = count / (time.perf_counter() - started)
    case = f"NCMEC dialect over {ENTRIES:,}"
    rows.append(Row(case, "raw puller", "entries", rate, "/s"))
    targets.append(Target.at_least("NCMEC entries/s, raw puller", rate, 10_000))
    api = NCMECHashAPI("bench", token, _at(f"{url}/hub/SHARED"))
    theirs, started = 0, time.perf_counter()
    for at, answer in enumerate(
        api.get_entries_iter(start_timestamp=0, end_timestamp=now), start=1
    ):
        theirs += len(answer.updates)
        if at >= PAGES // 4:
            break
    rows.append(
        Row(case, "threatexchange", "entries", theirs / (time.perf_counter() - started), "/s")
    )


def _at(base: str) -> NCMECEnvironment:
    """One of the client's environments, at an address that it does not know."""
    return cast("NCMECEnvironment", SimpleNamespace(value=base))


def empty(url: str, token: str, rows: list[Row], targets: list[Target]) -> None:
    """Windows in which nothing changed."""
    now = int(time.time())
    taken = []
    for at in range(200):
        window = f"from={spelled(now - 10**8 + at)}&to={spelled(now - 10**8 + at + 1)}"
        started = time.perf_counter()
        page = got(f"{url}/hub/SHARED/v2/entries?{window}", token)
        taken.append((time.perf_counter() - started) * 1000)
        assert b"<image>" not in page
    p50, p99 = np.percentile(taken, [50, 99])
    rows.append(Row("an empty window", "breakwater", "p50", p50, "ms"))
    rows.append(Row("an empty window", "breakwater", "p99", p99, "ms"))
    targets.append(Target.at_most("an empty window, p50 ms", p50, 5))


def many(url: str, token: str, rows: list[Row]) -> None:
    """200 followers that ask for changes at once."""
    newest = json.loads(got(f"{url}/v1/hub/changes?limit=1", token))["newest"]
    taken: list[float] = []
    failed: list[str] = []
    together = threading.Barrier(FOLLOWERS)

    def follow() -> None:
        together.wait()
        for _ in range(10):
            started = time.perf_counter()
            try:
                got(f"{url}/v1/hub/changes?after={max(0, newest - 100)}", token)
            except OSError as error:
                failed.append(str(error))
            taken.append((time.perf_counter() - started) * 1000)

    threads = [threading.Thread(target=follow) for _ in range(FOLLOWERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    case = f"{FOLLOWERS} followers at once"
    rows.append(Row(case, "breakwater", "p50", float(np.percentile(taken, 50)), "ms"))
    rows.append(Row(case, "breakwater", "p99", float(np.percentile(taken, 99)), "ms"))
    rows.append(Row(case, "breakwater", "failed", len(failed), "requests"))


def spelled(second: int) -> str:
    """A second of the dialect."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))
