"""Settings, API keys and webhooks as people read them: alarms first, then what is set.

Alarms are what a person must see to: an index that was set aside, entries it refused, an audit
log that is not signed, deliveries that were given up, a host that is not fit. Secrets are never
read; a setting that holds one says whether it is set. Read by `settings`.
"""

from __future__ import annotations

import platform
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from breakwater import __version__
from breakwater import kernel as loops
from breakwater.app import checks
from breakwater.intake.webhooks import TOLD
from breakwater.model.access import MACHINE_SCOPES, ApiKey, Permission
from breakwater.model.webhook import Endpoint
from breakwater.records import classifiers, migrate, outbox, webhooks
from breakwater.records.database import Tx
from breakwater.settings import Settings
from breakwater.settings_comments import CommentsSettings
from breakwater.web.pages import words
from breakwater.web.pages.models import Mark, Number
from breakwater.web.pages.models_settings import (
    Alarm,
    CheckRow,
    HookRow,
    HooksView,
    KeyRow,
    KeysView,
    ScopeChoice,
    SettingRow,
    SettingsView,
)
from breakwater.web.pages.speech import figure, later, say, say_n

if TYPE_CHECKING:
    from breakwater.app import App

ABOUT: Final = 64
"""Most of what is said of a setting here; the reference has all of it."""

P = Permission
MARKS: Final[Mapping[str, Mark]] = {
    "ok": Mark("ok", later("Well")),
    "warn": Mark("held", later("Know this")),
    "bad": Mark("bad", later("Not fit")),
}
BEHIND: Final = 1000
"""Changes the index may lag behind without a word: a list that is being imported."""

SCOPES: Final[Mapping[Permission, str]] = {
    P.MEDIA_SCREEN: later("Send media and hashes, get verdicts"),
    P.HASH_LOOKUP: later("Look hashes up"),
    P.VERDICT_READ: later("Read verdicts again"),
    P.BANK_READ: later("Read banks"),
    P.BANK_WRITE: later("Change banks and import lists"),
    P.ACCOUNT_WRITE: later("Tell what is known of accounts"),
    P.APPEAL_WRITE: later("Hand in appeals of users"),
    P.REPORT_WRITE: later("Hand in reports of users and partners"),
    P.REPORT_SUBMIT: later("File reports here, by NCMEC's interface"),
    P.REFERENCE_ERASE: later("Forget what passed under a reference"),
    P.DUTY_WRITE: later("Plan who is on call"),
    P.STREAM_WRITE: later("Tell of live streams, their viewers and reports"),
    P.STREAM_READ: later("Read live streams and what was ordered"),
    P.REGISTRATION_CHECK: later("Check who registers"),
    P.HUB_PULL: later("Pull shared lists, as a member of the hub"),
    P.HUB_GIVE: later("Give to shared lists, as a member of the hub"),
    P.LINK_DECONFLICT: later("Ask who else works on the same file, without content"),
    P.ACT_READ: later("Ask what to do with content and accounts"),
    P.ACT_WRITE: later("Say that it was done"),
    P.TRANSPARENCY_READ: later("Read published figures"),
    P.METRICS_READ: later("Read metrics"),
}


def overview(tx: Tx, app: App) -> SettingsView:
    """Whether all is well, and how it is set."""
    found = list(checks.run(app.settings, checks.WHILE_SERVING))
    alarms = tuple(_alarms(tx, app, found))
    return SettingsView(
        numbers=(
            Number(figure(len(alarms)), say_n("alarm", "alarms", len(alarms)), late=bool(alarms)),
            Number(figure(sum(check.state == "ok" for check in found)), say("checks passed")),
        ),
        alarms=alarms,
        checks=tuple(
            CheckRow(check.name, _said(MARKS[check.state]), check.found, check.todo)
            for check in found
        ),
        versions=tuple(_versions(app)),
        limits=tuple(_limits(app.settings)),
        settings=tuple(
            replace(
                row, name=name.upper(), about=textwrap.shorten(row.about, ABOUT, placeholder=" …")
            )
            for name, row in in_force(app.settings)
            if name not in CommentsSettings.model_fields
        ),
    )


def _alarms(tx: Tx, app: App, found: list[checks.Check]) -> Iterator[Alarm]:
    bad, know = _said(MARKS["bad"]), _said(MARKS["warn"])
    if app.index.set_aside:
        yield Alarm(
            know,
            say("Damaged index files were set aside: %(files)s", files=_files(app)),
            say("The index was rebuilt from the database. Check the disk, then delete them."),
        )
    if app.index.refused:
        yield Alarm(
            know,
            say_n("%(n)s entry cannot be matched", "%(n)s entries cannot be matched",
                  app.index.refused),
            say("They stay in their bank. The log names them."),
        )  # fmt: skip
    behind = app.feed.lag()
    if behind > BEHIND:
        yield Alarm(
            know,
            say("The index is %(n)s changes behind", n=figure(behind)),
            say("During an import this is as it should be; else look whether the worker runs."),
        )
    if app.checkpointer.fault is not None:
        yield Alarm(
            bad,
            say("The audit log is not signed"),
            say("The second place for checkpoints cannot be written. Make room or mend the mount."),
        )
    dead = sum(lag.dead for lag in outbox.lags(tx))
    if dead:
        yield Alarm(
            bad,
            say_n("%(n)s event could not be handled", "%(n)s events could not be handled", dead),
            say("The log says why. They stay until somebody has looked."),
        )
    lost = sum(m for _, m, _ in webhooks.troubles(tx).values())
    if lost:
        yield Alarm(
            bad,
            say_n("%(n)s webhook was given up", "%(n)s webhooks were given up", lost),
            say("The address did not answer for three days. See Webhooks."),
        )
    broken = [one.card.id for one in classifiers.wanted(tx) if one.trouble]
    if broken and app.settings.classifiers:
        yield Alarm(
            bad,
            say("No scores from %(names)s", names=", ".join(broken)),
            say(
                "A classifier of yours failed. See Classifiers; nothing is cleared by its silence."
            ),
        )
    yield from (
        Alarm(bad, f"{check.name}: {check.found}", check.todo)
        for check in found
        if check.state == "bad"
    )


def _files(app: App) -> str:
    return ", ".join(app.index.set_aside[:5])


def _versions(app: App) -> Iterator[tuple[str, str]]:
    yield "breakwater", __version__
    yield say("Database"), f"{app.db.dialect}, {migrate.current(app.settings.database)}"
    yield say("Compiled loops"), loops.variant()
    yield say("Jail"), say("proven when this server started")
    yield "Python", platform.python_version()
    yield say("System"), f"{platform.system()} {platform.release()}, {platform.machine()}"
    for name in ("pillow", "av", "sqlalchemy", "fastapi", "cryptography"):
        yield name, metadata.version(name)
    yield say("Audit rows"), say("kept for ever, signed in a second place")
    if sys.flags.dev_mode:
        yield say("Mode"), say("development")


def _limits(settings: Settings) -> Iterator[tuple[str, str]]:
    """What protects people and the machine, in words."""
    profiles = {"team": say("Team"), "small-team": say("Small team")}
    yield say("Profile"), profiles.get(settings.profile, settings.profile)
    yield say("A session lives"), say(
        "%(hours)s h, %(minutes)s min without use",
        hours=figure(settings.session_hours), minutes=figure(settings.session_idle_minutes),
    )  # fmt: skip
    yield say("Largest upload"), words.size(settings.max_upload_bytes)
    yield say("Hashes of what passed are kept"), say("%(n)s days", n=figure(settings.ingest_days))
    yield (
        say("Private content is scanned in"),
        (", ".join(settings.private_jurisdictions) or say("no jurisdiction")),
    )
    yield (
        say("Private messages are weighed in"),
        (", ".join(settings.conversations_jurisdictions) or say("no jurisdiction")),
    )
    yield (
        say("A bank may take in an hour"),
        say("%(n)s entries", n=figure(settings.flood_entries_per_hour)),
    )


def in_force(settings: Settings) -> Iterator[tuple[str, SettingRow]]:
    """Every setting by its field's name; of a secret, whether it is set."""
    for name, about in Settings.model_fields.items():
        yield (
            name,
            SettingRow(
                f"BREAKWATER_{name.upper()}",
                _value(getattr(settings, name)),
                about.description or "",
                changed=name in settings.model_fields_set,
            ),
        )


def _value(value: Any) -> str:
    if isinstance(value, SecretStr):
        return say("set") if value.get_secret_value() else say("not set")
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value) or "–"
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    return "–" if value in (None, "") else str(value)


def keys(app: App) -> KeysView:
    """All API keys."""
    now = app.clock.now()
    rows = [_key(key, now) for key in app.access.keys.every()]
    live = sum(row.live for row in rows)
    return KeysView(
        numbers=(
            Number(figure(live), say_n("key in force", "keys in force", live)),
            Number(figure(len(rows) - live), say("ended")),
        ),
        rows=tuple(sorted(rows, key=lambda row: not row.live)),
        scopes=tuple(
            ScopeChoice(scope.value, say(about))
            for scope, about in SCOPES.items()
            if scope in MACHINE_SCOPES
        ),
    )


def _key(key: ApiKey, now: datetime) -> KeyRow:
    over = key.expires_at is not None and key.expires_at <= now
    state = Mark("ok", say("In force"))
    if key.revoked_at is not None:
        state = Mark("none", say("Revoked"))
    elif over:
        state = Mark("none", say("Expired"))
    return KeyRow(
        id=key.id,
        name=key.name,
        scopes=tuple(sorted(key.scopes)),
        service=key.service or say("any service"),
        where=", ".join(key.networks) or say("anywhere"),
        rate=say("%(n)s a second", n=figure(key.per_second)) if key.per_second else say("no limit"),
        state=state,
        made=None if key.created_at is None else words.ago(key.created_at, now),
        expires=None if key.expires_at is None else words.due(key.expires_at, now),
        live=key.revoked_at is None and not over,
        test=key.test,
    )


def hooks(tx: Tx, app: App) -> HooksView:
    """All webhooks, and whether they are heard."""
    troubles = webhooks.troubles(tx)
    rows = [_hook(each, troubles.get(each.id)) for each in app.webhooks.every()]
    return HooksView(
        numbers=(
            Number(figure(len(rows)), say_n("address", "addresses", len(rows))),
            Number(figure(sum(n for n, _, _ in troubles.values())), say("tellings tried again")),
        ),
        rows=tuple(rows),
        events=tuple(ScopeChoice(event.value, "", True) for event in sorted(TOLD)),
    )


def _hook(endpoint: Endpoint, trouble: tuple[int, int, str] | None) -> HookRow:
    state, about = Mark("ok", say("No trouble")), ""
    if trouble is not None:
        waiting, lost, error = trouble
        state = Mark("bad", say("Given up")) if lost else Mark("wait", say("Tried again"))
        about = say(
            "%(n)s wait, %(m)s were given up. Last answer: %(error)s",
            n=figure(waiting), m=figure(lost), error=error[:120],
        )  # fmt: skip
    return HookRow(
        id=endpoint.id,
        url=endpoint.url,
        service=endpoint.service or say("any service"),
        events=tuple(sorted(event.value for event in endpoint.events)),
        state=state,
        words=about,
    )


def _said(mark: Mark) -> Mark:
    return Mark(mark.style, say(mark.word))
