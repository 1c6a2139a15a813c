"""The demo's act of links: two pictures of one room are one series, a third with the same overlay is not.

In: the running server, keys of a service and of a list's keeper, a link of an investigator. Out: a
part of the ledger. The rooms are furnished boxes made from a seed (`cli.demo_rooms`): two views of one
and one of another, each under the same platform's logo and chat bar. All three are decided, and so
kept; nothing that only passed is ever compared.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx

from breakwater.cli.demo_media import Sample
from breakwater.cli.demo_steps import Row, Steps, signed_in
from breakwater.cli.owner import Owner
from breakwater.cli.remote import Client
from breakwater.cli.terminal import Terminal
from breakwater.errors import BreakwaterError
from breakwater.model.match import Action

FOUND: Final = {"role": "suspect", "item": {"activity": "non_penetrative"}}
"""What the investigator says of ordinary pictures that stand for what is looked for."""
BANK: Final = "DEMO_KNOWN"
ROOMS: Final = ((18, 0), (18, 1), (17, 0))
"""Seeds of rooms, and the camera of each picture."""
OVERLAY: Final = 5
Send = Callable[[Sample, str], Row]


def samples() -> Iterator[Sample]:
    """Three pictures under one overlay, two of them of one room."""
    from PIL import Image

    from breakwater.cli import demo_rooms

    for number, (seed, camera) in enumerate(ROOMS, 1):
        inside, cameras = demo_rooms.room(seed), demo_rooms.cameras(seed, 2, apart=6.0)
        seen = demo_rooms.seen(inside, cameras[camera], light=seed * 10 + number)
        out = io.BytesIO()
        Image.fromarray(demo_rooms.laid_over(seen, OVERLAY)).save(out, "PNG")
        yield Sample(f"room {number}", out.getvalue(), "image/png", Action.BLOCK, "")


def act(owner: Owner, send: Send, lists: Client, link: str, terminal: Terminal) -> Row:
    """Play it.

    Args:
        owner: the server.
        send: uploads a picture as an account, and answers its row of the ledger.
        lists: who keeps the bank that they are known by.
        link: of an investigator, once.
        terminal: told of each step.
    """
    terminal.say("\nLinks: what is kept is compared, and what shows one room becomes a series:")
    steps = Steps(terminal)
    series: Row = {}
    try:
        with signed_in(owner, link) as person:
            series = _play(
                steps, person, [_sent(send, lists, *one) for one in enumerate(samples())]
            )
    except (BreakwaterError, httpx.HTTPError) as error:
        steps.failed(error)
    return {"series": series, "steps": steps.rows, "as_expected": steps.all_seen}


def _sent(send: Send, lists: Client, number: int, sample: Sample) -> str:
    """Have a picture known by its hash, and upload it; answers its case."""
    signals = {"signals": [{"signal": f"sha256:{hashlib.sha256(sample.content).hexdigest()}"}]}
    lists.json("POST", f"/v1/banks/{BANK}/entries", json=signals)
    return str(send(sample, f"guest-{number}")["case"])


def _play(steps: Steps, person: httpx.Client, cases: list[str]) -> Row:
    """The story; answers the series."""
    begun = time.monotonic()
    for case in cases:
        said = {"kind": "illegal", "reason": "Demo.", "facts": FOUND}
        person.post(f"/v1/cases/{case}/decisions", json=said).raise_for_status()
    found: Row = steps.step(
        "three decisions keep three pictures; two of them show one room and are one series",
        lambda: _series(person, set(cases[:2])), begun,
    )  # fmt: skip
    steps.step(
        "the third, of another room under the same logo and chat bar, is in none",
        lambda: _looked(person, cases) and not _series(person, {cases[2]}), begun,
    )  # fmt: skip
    if not found:
        return {}
    edges = [one for one in found["links"] if one["kind"] == "place"]
    seen = person.get(f"/v1/links/edges/{edges[0]['number']}").json() if edges else {}
    pairs = seen.get("link", {}).get("evidence", {}).get("pairs", [])
    steps.step(
        f"the link says why: {pairs[0]['inliers'] if pairs else 0} points of both pictures that one "
        "movement of the camera explains",
        lambda: bool(pairs), begun,
    )  # fmt: skip
    row: Row = found["series"]
    return row


def _series(person: httpx.Client, cases: set[str]) -> Row | None:
    """The series that media of all these cases are in."""
    for one in _get(person, "/v1/links/series")["series"]:
        look = _get(person, f"/v1/links/series/{one['number']}")
        if cases <= {medium["case"] for medium in look["media"]}:
            return look
    return None


def _looked(person: httpx.Client, cases: list[str]) -> bool:
    """Whether everything of these cases has been compared."""
    media = _get(person, "/v1/links/media", case=cases)["media"]
    return len(media) >= len(cases) and all(one["compared"] for one in media)


def _get(person: httpx.Client, path: str, **asked: Any) -> Row:
    found: Row = person.get(path, params=asked).raise_for_status().json()
    return found
