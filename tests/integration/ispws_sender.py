"""Somebody who files reports over real HTTP, and what became of them; for tests."""

from __future__ import annotations

import hashlib
import re

import httpx

from breakwater.model.case import Case, CaseStep
from breakwater.model.ids import Id
from breakwater.model.upload import Upload
from breakwater.records import cases, received, uploads
from breakwater.worker.loop import Worker
from tests import ispws_samples as samples
from tests.integration.conftest import work
from tests.integration.served import OPERATOR, Served

XML = {"Content-Type": "text/xml; charset=utf-8"}


def secret_of(token: str) -> str:
    return token[36:]


class Sender:
    """Somebody who files, with a key of their own."""

    def __init__(self, served: Served, *scopes: str, name: str = "photos", **about: object) -> None:
        self.served = served
        self.key, token = served.app.access.keys.create(
            OPERATOR, name=name, scopes=scopes or ["report:submit"], service=name,
            **about,  # type: ignore[arg-type]
        )  # fmt: skip
        self.auth = (self.key.id, secret_of(token))
        self.http = served.client(auth=self.auth)

    def send(self, call: str, xml: bytes) -> tuple[int, int, str]:
        return said(self.http.post(f"/ispws/{call}", content=xml, headers=XML))

    def form(self, call: str, report: object) -> tuple[int, int, str]:
        return said(self.http.post(f"/ispws/{call}", files={"id": (None, str(report))}))

    def upload(self, report: object, content: bytes, name: str = "a.jpg") -> tuple[int, int, str]:
        answer = self.http.post(
            "/ispws/upload", data={"id": str(report)}, files={"file": (name, content, "image/jpeg")}
        )
        return said(answer)

    def open(self, xml: bytes = b"") -> int:
        status, code, text = self.send("submit", xml or samples.report())
        assert (status, code) == (200, 0), text
        return int(tag(text, "reportId"))

    def add(self, report: int, content: bytes) -> str:
        status, code, text = self.upload(report, content)
        assert (status, code) == (200, 0), text
        assert tag(text, "hash") == hashlib.md5(content).hexdigest()
        return tag(text, "fileId")


def tag(text: str, name: str) -> str:
    found = re.search(f"<{name}>([^<]*)</{name}>", text)
    return found[1] if found else ""


def said(answer: httpx.Response) -> tuple[int, int, str]:
    assert answer.headers["content-type"].startswith("text/xml"), answer.text
    assert len(answer.headers["request-id"]) == 36
    return answer.status_code, int(tag(answer.text, "responseCode")), answer.text


def worker(served: Served) -> None:
    app = served.app
    work(
        Worker(
            db=app.db, subscriptions=app.subscriptions, kinds=app.jobs, turns=(),
            metrics=app.metrics,
        )
    )  # fmt: skip


def finished(sender: Sender, *contents: bytes, xml: bytes = b"") -> int:
    report = sender.open(xml)
    for content in contents:
        sender.add(report, content)
    assert sender.form("finish", report)[:2] == (200, 0)
    return report


def looked(served: Served, report: int) -> tuple[Case, list[Upload], list[CaseStep]]:
    """The case of a report after the worker has done what there was to do."""
    worker(served)
    with served.app.db.read() as tx:
        kept = received.find(tx, report)
        assert kept is not None
        files = received.files_of(tx, kept.id)
        found = uploads.many(tx, [file.id for file in files])
        case = cases.get(tx, kept.case or Id(""))
        return case, [found[file.id] for file in files], cases.history(tx, case.id)
