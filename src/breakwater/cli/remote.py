"""The desk of a command that found an owner: its work goes to the owner's API.

In: the announcement of `cli.owner`. Out: the same values and the same errors as
`opening.HereDesk`; a problem+json becomes the error of its code again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote

import httpx

from breakwater import errors
from breakwater.cli.court import OwnerCourt
from breakwater.cli.desk import ListFile, Progress, Row, Share
from breakwater.cli.exhibit_desk import OwnerExhibits
from breakwater.cli.feeds import OwnerFeeds
from breakwater.cli.hub_files import OwnerHubFiles
from breakwater.cli.hubs import OwnerHub
from breakwater.cli.linked import OwnerLinks
from breakwater.cli.matched import matched
from breakwater.cli.owner import Owner, trusting
from breakwater.cli.writing import written
from breakwater.intake import policy
from breakwater.model.bank import BankAction
from breakwater.model.match import Verdict
from breakwater.model.media import Undecodable
from breakwater.model.signal import Fingerprints, Signal

if TYPE_CHECKING:
    from breakwater.review.grading.sets import NewSet

BATCH: Final = 1000
"""Signals a request: the API's limit."""
ASK_EVERY_S: Final = 1.0
STREAMS: Final = 200
"""Broadcasts a request: the API's limit."""
CONFIRMED_WITHIN_S: Final = 10.0
"""How long a command waits for a media server's word."""


def error_of(answer: httpx.Response) -> errors.BreakwaterError:
    """The error a problem+json was made from."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    wanted = body.get("code", "")
    kinds = [errors.BreakwaterError]
    for kind in kinds:
        if kind.code == wanted:
            return kind(str(body.get("detail", "")))
        kinds += kind.__subclasses__()
    return errors.Unavailable(f"The owner answered {answer.status_code}.")


class Client:
    """Calls to one API with one key, with our errors."""

    def __init__(self, url: str, key: str = "", *, ca: str = "", timeout: float = 120.0) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=timeout,
            verify=trusting(ca),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **how: Any) -> httpx.Response:
        """One request.

        Raises:
            BreakwaterError: what the server answered, or `Unavailable` when it did not.
        """
        try:
            answer = self._http.request(method, path, **how)
        except httpx.HTTPError as error:
            raise errors.Unavailable(f"The server cannot be reached: {error}") from None
        if answer.is_error:
            raise error_of(answer)
        return answer

    def download(self, path: str, params: Row, to: Path) -> Row:
        """Write what is answered to a file, in pieces; answers its size and SHA-256."""
        with self._http.stream("GET", path, params=params, timeout=None) as answer:
            if answer.is_error:
                answer.read()
                raise error_of(answer)
            return written(answer.iter_bytes(1 << 20), to)

    def json(self, method: str, path: str, **how: Any) -> Any:
        """One request, its answer read."""
        return self.call(method, path, **how).json()


class OwnerDesk(Client, OwnerCourt, OwnerExhibits, OwnerFeeds, OwnerHub, OwnerHubFiles, OwnerLinks):
    """Does a command's work through the owner's API."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(owner.url, owner.key, ca=owner.ca)

    def banks(self) -> list[Row]:
        """All banks with their matchable shares."""
        names = [bank["name"] for bank in self.json("GET", "/v1/banks")["banks"]]
        return [self.json("GET", f"/v1/banks/{name}") for name in names]

    def create_bank(self, fields: Row) -> Row:
        """Make a bank."""
        made: Row = self.json("POST", "/v1/banks", json=fields)
        return made

    def import_list(self, name: str, file: ListFile, progress: Progress) -> Row:
        """Import a list: send the file, and ask how far it is meanwhile."""
        with ThreadPoolExecutor(1) as thread:
            sending = thread.submit(self._send_list, name, file)
            while True:
                try:
                    done: Row = sending.result(timeout=ASK_EVERY_S)
                except TimeoutError:
                    self._tell(name, progress)
                else:
                    return done

    def _send_list(self, name: str, file: ListFile) -> Any:
        about = {
            "kind": file.kind, "source": file.source, "named": file.path.name, "permitted_use": file.permitted_use,
            "label": list(file.labels), "signed_by": file.signed_by,
        }  # fmt: skip
        with file.path.open("rb") as body:
            return self.json(
                "POST", f"/v1/banks/{name}/imports", params=about, content=body, timeout=None
            )

    def _tell(self, name: str, progress: Progress) -> None:
        runs = self.json("GET", f"/v1/banks/{name}/imports")["imports"]
        running = [run for run in runs if not run["finished"]]
        if running:
            progress(running[0]["rows_read"])

    def import_set(self, wanted: NewSet, progress: Share) -> Row:
        """Have the owner's worker import a set, and ask how far it is meanwhile."""
        made = self.json("POST", "/v1/grade-imports", json=wanted.plain())
        while made["state"] == "importing":
            time.sleep(ASK_EVERY_S)
            made = self.json("GET", f"/v1/grade-imports/{made['number']}")
            progress(made["share"])
        if made["state"] == "failed":
            raise errors.BadInput(made["fault"])
        done: Row = made
        return done

    def grade_sets(self) -> list[Row]:
        """All sets for graders, the newest first."""
        found: list[Row] = self.json("GET", "/v1/grade-imports")["sets"]
        return found

    def entries(self, name: str) -> Iterator[Row]:
        """Every entry of a bank, by number."""
        after = 0
        while True:
            page = self.json(
                "GET", f"/v1/banks/{name}/entries", params={"after": after, "limit": BATCH}
            )
            yield from page["entries"]
            if not page.get("next"):
                return
            after = page["next"]

    def lookup(self, signals: Sequence[Signal], banks: Sequence[str]) -> list[list[Row]]:
        """The matches of each signal."""
        found: list[list[Row]] = []
        rest = iter(signals)
        while part := list(islice(rest, BATCH)):
            body = {"signals": [str(signal) for signal in part], "banks": list(banks)}
            answer = self.json("POST", "/v1/lookups", json=body)
            found += [result["matches"] for result in answer["results"]]
        return found

    def judge(self, outcome: Fingerprints | Undecodable, unit: str) -> Verdict:
        """What the verdict on a file would be, from look-ups and the same policy."""
        del unit
        if isinstance(outcome, Undecodable):
            return policy.unreadable(outcome)
        found = self.lookup([item.signal for item in outcome.items], ())
        matches = [
            matched(row, item)
            for item, rows in zip(outcome.items, found, strict=True)
            for row in rows
        ]
        if not matches:
            return policy.NO_MATCH
        matches.sort(key=lambda match: (not match.acting, match.distance / (match.limit or 1)))
        actions = {
            bank["name"]: BankAction(bank["action"])
            for bank in self.json("GET", "/v1/banks")["banks"]
        }
        return policy.decide(matches, actions)

    def login_link(self, name: str) -> str:
        """Make a one-time login link for somebody; answers its path."""
        return str(self.json("POST", "/v1/people/links", json={"name": name})["path"])

    def duty(self) -> Row:
        """Who is on call, the rota, and calls that wait."""
        stands: Row = self.json("GET", "/v1/duty")
        return stands

    def plan_shifts(self, shifts: Sequence[Row]) -> list[Row]:
        """Put shifts on the rota: all of them, or none."""
        made = self.json("POST", "/v1/duty/shifts", json={"shifts": list(shifts)})
        return list(made["shifts"])

    def test_page(self, person: str) -> Row:
        """Send somebody a test page."""
        call: Row = self.json("POST", "/v1/duty/tests", json={"person": person})
        return call

    def media_servers(self) -> list[Row]:
        """All media servers."""
        return list(self.json("GET", "/v1/media-servers")["servers"])

    def add_media_server(self, fields: Row) -> Row:
        """Enter a media server; answers what is shared with it."""
        made: Row = self.json("POST", "/v1/media-servers", json=fields)
        return made

    def check_media_server(self, name: str) -> Row:
        """Whether its broadcasts can be frozen and cut."""
        found: Row = self.json("POST", f"/v1/media-servers/{quote(name, safe='')}/check")
        return found

    def media_server_recipe(self, name: str, wanted: Row) -> Row:
        """Its configuration files, with what is shared with it."""
        path = f"/v1/media-servers/{quote(name, safe='')}/recipe"
        made: Row = self.json("POST", path, json=wanted)
        return made

    def remove_media_server(self, name: str) -> Row:
        """Forget it."""
        gone: Row = self.json("DELETE", f"/v1/media-servers/{quote(name, safe='')}")
        return gone

    def classifiers(self) -> Row:
        """All classifiers, and whether they are on at all."""
        found: Row = self.json("GET", "/v1/classifiers")
        return found

    def add_classifier(self, card: str, model: Path) -> Row:
        """Try a model and keep it."""
        with model.open("rb") as body:
            made: Row = self.json(
                "POST", "/v1/classifiers", data={"card": card}, files={"model": body}, timeout=None
            )
        return made

    def check_classifier(self, name: str) -> Row:
        """Whether it can be used."""
        found: Row = self.json("POST", f"/v1/classifiers/{quote(name, safe='')}/check")
        return found

    def change_classifier(self, name: str, what: str) -> Row:
        """Do `on`, `off` or `remove`."""
        path = f"/v1/classifiers/{quote(name, safe='')}"
        done: Row = (
            self.json("DELETE", path) if what == "remove" else self.json("POST", f"{path}/{what}")
        )
        return done

    def watchers(self) -> Row:
        """Which process watches which broadcasts."""
        found: Row = self.json("GET", "/v1/watchers")
        return found

    def streams(self, *, ended: bool = False, before: str = "") -> list[Row]:
        """Broadcasts that run, or also those that ended, the newest first."""
        asked = {"limit": STREAMS, "running": not ended, "before": before}
        return list(self.json("GET", "/v1/streams", params=asked)["streams"])

    def order_stream(self, stream: str, fields: Row) -> Row:
        """Stop a broadcast, or let it go, and wait a moment until it is so."""
        path = f"/v1/streams/{quote(stream, safe='')}"
        self.json("POST", f"{path}/orders", json=fields)
        until = time.monotonic() + CONFIRMED_WITHIN_S
        while True:
            found: Row = self.json("GET", path)
            waits = found["order_state"] in {"wanted", "sent"}
            if not waits or time.monotonic() > until:
                return found
            time.sleep(0.05)

    def begin_viewers(self, fields: Row) -> Row:
        """Begin an access log, or go on with it."""
        made: Row = self.json("POST", "/v1/viewers/imports", json=fields)
        return made

    def take_viewers(self, log: str, fields: Row) -> Row:
        """Keep the sessions of a piece of an access log."""
        path = f"/v1/viewers/imports/{quote(log, safe='')}/sessions"
        kept: Row = self.json("POST", path, json=fields)
        return kept

    def holds(self, fields: Row) -> Row:
        """Holds, what comes due first."""
        return dict(self.json("GET", "/v1/holds", params=fields))

    def privacy(self, what: str, fields: Row, signer: str) -> Row:
        """Give out or erase what is kept of a person."""
        path = f"/v1/privacy/{what}"
        return dict(self.json("POST", path, params={"signed_by": signer}, json=fields))

    def change_hold(self, what: str, of: str, fields: Row, signer: str) -> Row:
        """Extend, end or order one."""
        path = (
            f"/v1/cases/{quote(of, safe='')}/holds"
            if what == "order"
            else f"/v1/holds/{quote(of, safe='')}/{what}"
        )
        return dict(self.json("POST", path, params={"signed_by": signer}, json=fields))

    def viewer_imports(self) -> list[Row]:
        """Access logs that were read, the newest first."""
        return list(self.json("GET", "/v1/viewers/imports")["imports"])

    def transparency(self, fields: Row) -> bytes:
        """The report of a period."""
        return self.call("GET", "/v1/transparency", params=fields).content

    def compliance(self, code: str, fields: Row) -> bytes:
        """Measures of a regulator's code."""
        return self.call("GET", "/v1/compliance", params={"code": code, **fields}).content

    def package_keys(self, signer: str) -> list[Row]:
        """Recipients' keys, withdrawn ones too."""
        found = self.json("GET", "/v1/packages/keys", params={"signed_by": signer})
        return list(found["keys"])

    def packages(self, case: str, signer: str) -> Row:
        """Packages of a case by number or id, the newest first, and the one that waits."""
        path = f"/v1/cases/{quote(case, safe='')}/packages"
        found: Row = self.json("GET", path, params={"signed_by": signer})
        return found

    def propose_package(self, case: str, fields: Row, signer: str) -> Row:
        """Propose a package."""
        path = f"/v1/cases/{quote(case, safe='')}/packages"
        made: Row = self.json("POST", path, params={"signed_by": signer}, json=fields)
        return made

    def make_package(self, package: str, signer: str) -> Row:
        """Wait until the owner's worker has made it."""
        path, how = f"/v1/packages/{quote(package, safe='')}", {"signed_by": signer}
        while (made := self.json("GET", path, params=how))["state"] == "making":
            time.sleep(ASK_EVERY_S)
        done: Row = made
        return done

    def take_package(self, package: str, signer: str, to: Path) -> Row:
        """Write the sealed file."""
        path = f"/v1/packages/{quote(package, safe='')}/file"
        return self.download(path, {"signed_by": signer}, to)

    def record_receipt(self, text: str, signer: str) -> Row:
        """Keep a receiving officer's signed receipt."""
        body, how = {"receipt": text}, {"signed_by": signer}
        kept: Row = self.json("POST", "/v1/packages/receipts", json=body, params=how)
        return kept

    def take_vics(self, case: str, fields: Row, signer: str, to: Path) -> Row:
        """Write a case as VICS."""
        path = f"/v1/cases/{quote(case, safe='')}/vics/file"
        return self.download(path, fields | {"signed_by": signer}, to)

    def propose_vics(self, case: str, fields: Row, signer: str) -> Row:
        """Ask for a second investigator."""
        path = f"/v1/cases/{quote(case, safe='')}/vics"
        return dict(self.json("POST", path, params={"signed_by": signer}, json=fields))
