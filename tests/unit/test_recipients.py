"""Operators' files of recipients and contacts: whole or refused, with the row that is wrong."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import EntryPoint
from pathlib import Path

import pyrage
import pytest

from breakwater.errors import BadSettings
from breakwater.model.recipient import Way
from breakwater.model.sending import RecipientKind
from breakwater.reporting.allowed import read
from breakwater.reporting.sinks import listing
from breakwater.reporting.sinks.listing import contacts, recipients
from breakwater.reporting.sinks.referral import Referral
from breakwater.reporting.sinks.uk import UkReport
from breakwater.reporting.sinks.ways import Mailer

KEY = str(pyrage.x25519.Identity.generate().to_public())
ROW = f'[[recipient]]\nname="met"\ntitle="Police"\ncountry="gb"\nkeys=["{KEY}"]\n'
MAILER = Mailer("mail.example", 587, "safety@clips.example")


def written(place: Path, text: str) -> Path:
    file = place / "recipients.toml"
    file.write_text(text)
    return file


def test_a_row_needs_little_and_is_cautious(tmp_path) -> None:
    (one,) = recipients(written(tmp_path, ROW), None).values()
    to = one.recipient
    assert (to.country, to.kind, to.way) == ("GB", RecipientKind.POLICE, Way.HAND)
    assert (to.drafts, to.two_people, to.due) == (False, True, timedelta(hours=24))
    assert isinstance(one.sink, Referral)
    assert recipients(None, None) == {}


def test_the_uk_profile_brings_its_own_times(tmp_path) -> None:
    uk = ROW.replace('"met"', '"nca"') + 'sink="uk"\nkind="clearing"\ncovered_by=["ncmec"]\n'
    (one,) = recipients(written(tmp_path, uk), None).values()
    assert isinstance(one.sink, UkReport)
    assert one.recipient.due_urgent == timedelta(hours=2)
    (other,) = recipients(written(tmp_path, uk + "due_urgent_hours=1\n"), None).values()
    assert other.recipient.due_urgent == timedelta(hours=1)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (ROW.replace('"met"', '"ncmec"'), "taken"),
        (ROW + ROW, "taken"),
        (ROW.replace('"met"', '"a b"'), "name"),
        (ROW.replace('"gb"', '"Atlantis"'), "country"),
        (ROW.replace(KEY, "age1nothing"), "age"),
        (ROW.replace(f'"{KEY}"', ""), "at least one"),
        (ROW + 'way="pigeon"\n', "pigeon"),
        (ROW + 'way="folder"\n', "folder"),
        (ROW + 'way="mail"\n', "mail"),
        (ROW + 'sink="fax"\n', "No report sink fax"),
        (ROW + "due_hours=0\n", "times"),
        (ROW + 'password="x"\n', "members"),
        ("[[somebody]]\n", "nothing else"),
        ("= nonsense", "cannot be read"),
    ],
)
def test_a_row_that_is_wrong_stops_the_start(tmp_path, row: str, says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        recipients(written(tmp_path, row), None)


def test_a_sink_of_another_package_is_found_by_its_name(tmp_path, monkeypatch) -> None:
    point = EntryPoint("own", "breakwater.reporting.sinks.listing:police", listing.GROUP)
    monkeypatch.setattr(listing, "entry_points", lambda *, group: [point] if group else [])
    mail = ROW + 'sink="own"\nway="mail"\nmail="duty@police.example"\n'
    (one,) = recipients(written(tmp_path, mail), MAILER).values()
    assert isinstance(one.sink, Referral)


def test_contacts_are_the_operators_own(tmp_path) -> None:
    assert contacts(None) == ()
    good = '[[contact]]\ncountry="de"\nname="Police"\nphone="110"\n[[contact]]\nname="Interpol desk"\nphone="+33 1"\n'  # fmt: skip
    here, anywhere = contacts(written(tmp_path, good))
    assert (here.country, here.phone, anywhere.country) == ("DE", "110", "")
    for bad in (
        '[[contact]]\nname="x"\n',
        '[[contact]]\nname="x"\nphone="1"\ncountry="QQ"\n',
        '[[contact]]\nname="x"\nphone="1"\nmail="y"\n',
    ):
        with pytest.raises(BadSettings):
            contacts(written(tmp_path, bad))


def told(page: str) -> list[str]:
    """The TOML of a how-to, with a key that is one."""
    text = (Path(__file__).parents[2] / "docs/howto" / page).read_text(encoding="utf-8")
    return [part.split("```")[0].replace("age1…", KEY) for part in text.split("```toml\n")[1:]]


def test_the_files_of_the_how_tos_are_read_as_they_stand(tmp_path) -> None:
    rules, rows = told("other-recipients.md")
    assert {one.own for one in read(rules, own=True)} == {True}
    nca, desk = recipients(written(tmp_path, rows), MAILER).values()
    assert (nca.recipient.covered_by, nca.recipient.drafts) == (("ncmec",), True)
    assert desk.recipient.due_urgent == timedelta(hours=2)
    (file,) = told("child-in-danger.md")
    assert [one.country for one in contacts(written(tmp_path, file))] == ["GB", ""]
