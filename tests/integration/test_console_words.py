"""Every word of every page comes from a catalogue: under the pseudo-language nothing stays English.

The pages are the real ones of a whole installation. What people wrote, and what records keep as
evidence, stays as it is and is named in `KEPT`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from breakwater.banks.manage import NewBank
from breakwater.model.access import Role
from breakwater.model.appeal import Claim
from breakwater.model.bank import BankAction
from breakwater.model.user_report import Concern, ReporterKind
from breakwater.review.queueing.reports import Told
from breakwater.web.gate import GatedRoute
from breakwater.web.languages import COOKIE, PSEUDO
from tests.integration.conftest import photo
from tests.integration.console_site import MACHINE
from tests.integration.served import Served, serving
from tests.integration.test_intake import pdq_of, submit

SPOKEN = {"aria-label", "title", "placeholder", "alt", "data-word", "data-hidden-words"}
SILENT = {"script", "style", "template", "code", "kbd", "pre", "textarea"}

KEPT = re.compile(
    r"\b(breakwater|UTC|OWN_LIST|photos|public|detection|appeal words|report words|acct-\d+|obj-\d+"
    r"|image|jpeg|png|SHA-256|SHA-1|MD5|PDQ|PhotoDNA|SQLite|PostgreSQL|English|Deutsch|min|days?"
    r"|Nov|Dec|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|kB|MB|GB|Ctrl|Enter|Space|Esc|Shift|Backspace"
    r"|NCMEC|Ofcom|CSV|JSON|PDF|VICS|nginx-rtmp|Node-Media-Server|MediaMTX|Owncast"
    r"|live|conversations|lists|general|team|your organisation"
    r"|Live streams|Conversations|Floods on a list|Built in)\b|\b\w+[:.]\w+\b|[A-Z_]{6,}"
)
"""Names, data of the test, queues, rules and identifiers: the same in every language."""


NAMED = re.compile(r"Person [0-9a-f-]{36}|Person [0-9a-f]+…[0-9a-f]+|https?://[^\s\"<]+")


class Heard(HTMLParser):
    """What a page says: its text and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        foreign = "lang" in facts and tag != "html"
        quiet = tag in SILENT or foreign or facts.get("translate") == "no"
        self.said += [str(v) for name, v in attrs if name in SPOKEN and v and not self._quiet]
        if tag not in {"meta", "link", "input", "br", "hr", "use", "path", "circle", "rect", "img"}:
            self._open.append((tag, quiet))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._quiet:
            self.said.append(data.strip())

    @property
    def _quiet(self) -> bool:
        return any(quiet for _, quiet in self._open)


def plain(html: str) -> list[str]:
    """Sentences that still hold a plain English word of three letters or more."""
    heard = Heard()
    heard.feed(html)
    found = []
    for said in heard.said:
        rest = KEPT.sub(" ", re.sub(r"\[[^\]]*\]", " ", said))
        if re.search(r"\b[A-Za-z]{3,}\b", re.sub(r"\b[0-9a-f]{4,}\b", " ", rest)):
            found.append(said)
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("words")) as running:
        app = running.app
        app.banks.create(NewBank("OWN_LIST", action=BankAction.BLOCK), MACHINE)
        app.banks.add("OWN_LIST", [pdq_of(app, photo(1))], MACHINE)
        upload = submit(app, photo(1), MACHINE)
        submit(app, photo(2), MACHINE)
        submit(app, photo(3)[:300], MACHINE, account="acct-18")
        app.review.appeals.file(
            MACHINE, upload.id, claim=Claim.OTHER, words="appeal words", language="en"
        )
        app.review.reports.take(
            MACHINE,
            Told("photos", "acct-5", ReporterKind.USER, Concern.OTHER, item="obj-9", words="report words"),
        )  # fmt: skip
        yield running


def pages_of(served: Served) -> list[str]:
    """Every page that a plain GET reaches, parameters filled with what there is."""
    with served.app.db.read() as tx:
        from breakwater.records import appeals, cases, uploads  # noqa: PLC0415 - only here

        case = cases.by_number(tx, 1)
        filled = {
            "case": case.id, "name": "1" if appeals.by_number(tx, 1) else "", "upload": case.subject,
        }  # fmt: skip
        assert uploads.find(tx, case.subject)
    found = []
    for route in served.api.router.routes:
        page = isinstance(route, GatedRoute) and not route.include_in_schema
        if not page or "GET" not in (route.methods or ()):
            continue
        path = route.path
        if path.startswith("/banks/"):
            path = "/banks/OWN_LIST"
        for name, value in filled.items():
            path = path.replace("{" + name + "}", value)
        if "{" not in path and path not in {"/events", "/overview/series"}:
            found.append(path)
    assert len(found) > 15
    return sorted(set(found))


def spoken_to(client: httpx.Client) -> httpx.Client:
    client.cookies.set(COOKIE, PSEUDO)
    client.headers["Accept"] = "text/html"
    return client


def test_no_page_says_anything_in_plain_english(served: Served) -> None:
    browser = spoken_to(served.browser(*Role))
    wrong = {}
    for path in pages_of(served):
        answer = browser.get(path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        if left := plain(NAMED.sub("", answer.text)):
            wrong[f"{path} {answer.status_code}"] = left
    assert wrong == {}


def test_an_error_page_and_the_door_speak_it_too(served: Served) -> None:
    browser = spoken_to(served.browser(Role.REVIEWER))
    for path in ("/audit", "/cases/999999", "/appeals/77"):
        answer = browser.get(path)
        assert answer.status_code in {403, 404}
        assert plain(NAMED.sub("", answer.text)) == [], path
    door = spoken_to(served.client())
    assert plain(door.get("/login").text) == []
    assert plain(door.get("/login/token").text) == []


def test_a_person_chooses_their_language_and_stays_where_they_are(served: Served) -> None:
    browser = served.browser(Role.REVIEWER)
    form = {"language": "de", "back": "/appeals", "csrf": browser.headers["X-CSRF-Token"]}
    chosen = browser.post("/me/language", data=form)
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/appeals")
    page = browser.get("/appeals")
    assert '<html lang="de"' in page.text
    assert page.headers["Content-Language"] == "de"
    assert "Beschwerden" in page.text.replace("\xad", "")
    back = browser.post("/me/language", data=form | {"language": "", "back": "//evil.example/"})
    assert back.headers["location"] == "/"
    assert '<html lang="en"' in browser.get("/appeals").text
    german = served.client(headers={"Accept-Language": "de-AT,en;q=0.5"})
    assert "Anmelden" in german.get("/login").text


def test_two_requests_at_once_each_have_their_own_language(served: Served) -> None:
    english, german = served.browser(Role.REVIEWER), served.browser(Role.REVIEWER)
    german.cookies.set(COOKIE, "de")
    for _ in range(5):
        assert "Beschwerden" in german.get("/appeals").text.replace("\xad", "")
        assert "Beschwerden" not in english.get("/appeals").text.replace("\xad", "")
