"""The desk's part of feeds of others' lists: in this process, or through the owner.

Mixed into `opening.HereDesk` and `remote.OwnerDesk`, which say what a desk is.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from breakwater.cli.desk import OPERATOR, Row

if TYPE_CHECKING:
    from breakwater.app import App

ASK_EVERY_S: Final = 0.5


class HereFeeds:
    """Does it in this process, which owns the installation meanwhile."""

    _app: App

    def feeds(self) -> list[Row]:
        """All feeds, with how each does."""
        from breakwater.web.api import exchanges

        return [one.model_dump(mode="json") for one in exchanges.every(self._app).feeds]

    def add_feed(self, fields: Row) -> Row:
        """Enter a feed."""
        from breakwater.cli.checking import checked
        from breakwater.model.access import Permission
        from breakwater.web.api import exchanges

        body = checked(exchanges.FeedIn, fields)
        feeds, who = self._app.exchange.feeds, OPERATOR
        if body.signed_by:
            on_behalf = self._app.access.people.on_behalf
            who = on_behalf(OPERATOR, body.signed_by, Permission.EXCHANGE_WRITE)
        made = feeds.add(body.new(), who)
        return exchanges.FeedOut.of(feeds.get(made.name)).model_dump(mode="json")

    def feed_health(self, name: str) -> Row:
        """A feed with its pulls and what could not be read."""
        from breakwater.web.api import exchanges

        return exchanges.one(name, self._app).model_dump(mode="json")

    def change_feed(self, name: str, fields: Row) -> Row:
        """Change a feed."""
        from breakwater.cli.checking import checked
        from breakwater.web.api import exchanges

        body = checked(exchanges.FeedChange, fields)
        return exchanges.change(name, body, self._app, OPERATOR).model_dump(mode="json")

    def check_feed(self, name: str) -> Row:
        """Whether its peer lets us in."""
        from breakwater.web.api import exchanges

        return exchanges.check(name, self._app).model_dump(mode="json")

    def pull_feed(self, name: str) -> Row:
        """Pull it now, to the end."""
        self._app.exchange.feeds.pull(name, OPERATOR)
        self._app.exchange.running.run_due()
        return self.feed_health(name)

    def take_pack(self, name: str, data: bytes) -> Row:
        """Take a hub's pack, unsealed, to the end."""
        before = self.feed_health(name)
        laid = self._app.exchange.carried.take(name, data, OPERATOR)
        self._app.exchange.running.run_due()
        now = self.feed_health(name)
        return {**now, "pull": _took(before, now), "after": laid.after, "upto": laid.upto}

    def give_pack(self, name: str, given: list[Row] | None) -> tuple[bytes, Row]:
        """A pack back with what it holds; None: the last one again."""
        from breakwater.cli.checking import checked
        from breakwater.web.api import exchange_packs

        if given is None:
            answer = exchange_packs.again(name, self._app, OPERATOR)
        else:
            body = checked(exchange_packs.GiveBackIn, {"given": given})
            answer = exchange_packs.give(name, body, self._app, OPERATOR)
        return bytes(answer.body), _facts(answer.headers)

    def remove_feed(self, name: str, *, withdraw: bool) -> None:
        """Forget it."""
        self._app.exchange.feeds.remove(name, OPERATOR, withdraw=withdraw)
        self._app.exchange.running.run_due()


class OwnerFeeds:
    """Asks the owner's API."""

    @abstractmethod
    def json(self, method: str, path: str, **how: Any) -> Any:
        """One request, its answer read."""

    @abstractmethod
    def call(self, method: str, path: str, **how: Any) -> Any:
        """One request."""

    def feeds(self) -> list[Row]:
        """All feeds, with how each does."""
        return list(self.json("GET", "/v1/exchanges")["feeds"])

    def add_feed(self, fields: Row) -> Row:
        """Enter a feed."""
        return dict(self.json("POST", "/v1/exchanges", json=fields))

    def feed_health(self, name: str) -> Row:
        """A feed with its pulls and what could not be read."""
        return dict(self.json("GET", _path(name)))

    def change_feed(self, name: str, fields: Row) -> Row:
        """Change a feed."""
        return dict(self.json("PATCH", _path(name), json=fields))

    def check_feed(self, name: str) -> Row:
        """Whether its peer lets us in."""
        return dict(self.json("POST", f"{_path(name)}/check", timeout=None))

    def pull_feed(self, name: str) -> Row:
        """Pull it now, and wait for the end."""
        before = self.feed_health(name)
        self.json("POST", f"{_path(name)}/pull")
        while True:
            now = self.feed_health(name)
            if _ended(before, now):
                return now
            time.sleep(ASK_EVERY_S)

    def take_pack(self, name: str, data: bytes) -> Row:
        """Take a hub's pack, unsealed, and wait for the end."""
        before = self.feed_health(name)
        path = f"{_path(name)}/packs/taken"
        laid = self.json("POST", path, content=data, timeout=None)
        while True:
            now = self.feed_health(name)
            pull = _took(before, now)
            if pull or now["feed"]["errors"] > before["feed"]["errors"]:
                return {**now, "pull": pull, **laid}
            time.sleep(ASK_EVERY_S)

    def give_pack(self, name: str, given: list[Row] | None) -> tuple[bytes, Row]:
        """A pack back with what it holds; None: the last one again."""
        path = f"{_path(name)}/packs"
        if given is None:
            answer = self.call("GET", f"{path}/last", timeout=None)
        else:
            answer = self.call("POST", path, json={"given": given}, timeout=None)
        return bytes(answer.content), _facts(answer.headers)

    def remove_feed(self, name: str, *, withdraw: bool) -> None:
        """Forget it."""
        self.call("DELETE", _path(name), params={"withdraw": withdraw})


def _path(name: str) -> str:
    return f"/v1/exchanges/{quote(name, safe='')}"


def _ended(before: Row, now: Row) -> bool:
    """Whether a pull ended since, or was put off."""
    old, new = before["feed"], now["feed"]
    return bool(new["pulled_at"] != old["pulled_at"] or new["errors"] != old["errors"])


def _took(before: Row, now: Row) -> Row | None:
    """The pull that took a pack: one that ended since with a page; a turn without a pack has none."""
    had = {one["id"]: one["pages"] for one in before["pulls"]}
    ended = [one for one in now["pulls"] if one["ended_at"] and not one["fault"]]
    return next((one for one in ended if one["pages"] > had.get(one["id"], 0)), None)


def _facts(headers: Any) -> Row:
    counts = {name: int(headers[f"X-Pack-{name}"]) for name in ("number", "feedback", "counts", "given")}  # fmt: skip
    return {**counts, "key": headers["X-Pack-Key"]}
