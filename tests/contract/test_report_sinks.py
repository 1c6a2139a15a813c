"""The built-in sinks keep the contract, with real folders and a real mail server over TLS."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from tests.integration.test_live_tls import certificate
from tests.smtp_server import HERE, Mailbox

from breakwater.errors import Unavailable
from breakwater.model.ids import new_id
from breakwater.model.recipient import Parcel
from breakwater.reporting.sinks import uk
from breakwater.reporting.sinks.referral import Referral
from breakwater.reporting.sinks.ways import ByHand, ByMail, IntoFolder, Mailer
from breakwater.testing.report_sinks import ReportSinkContract, filing, least, much

NAME = "localhost"


@pytest.fixture
def mailbox(tmp_path: Path):
    box = Mailbox(certificate(tmp_path, NAME))
    yield box
    box.close()


def mailer(tmp_path: Path, box: Mailbox, **other) -> Mailer:
    known = {"host": NAME, "port": box.port, "sender": "safety@clips.example"}
    return Mailer(**(known | {"ca": tmp_path / f"{NAME}.pem"} | other))


class TestByHand(ReportSinkContract):
    by_hand = True

    def sink(self):
        return Referral(ByHand())

    def arrived(self):
        return ()

    def take_away(self) -> None:
        return


class TestUkIntoFolder(ReportSinkContract):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "out"
        self.folder.mkdir()

    def sink(self):
        return uk.UkReport(IntoFolder(self.folder), uk.profile())

    def arrived(self):
        return [one.name for one in self.folder.iterdir()]

    def take_away(self) -> None:
        self.folder.rmdir()


class TestNoticeByMail(ReportSinkContract):
    @pytest.fixture(autouse=True)
    def place(self, tmp_path: Path, mailbox: Mailbox) -> None:
        self.tmp_path, self.box = tmp_path, mailbox

    def sink(self):
        return Referral(ByMail(mailer(self.tmp_path, self.box), "duty@police.example", ""))

    def arrived(self):
        return [str(one["Message-ID"]) for one in self.box.mails]

    def take_away(self) -> None:
        self.box.close()


def parcel(one) -> Parcel:
    return Parcel(one.id, new_id(), "BW-7-1.tar.age", 12, "ab" * 32, ("age1key",))


def test_a_notice_comes_over_tls_names_nobody_and_carries_no_file(tmp_path, mailbox) -> None:
    one = filing()
    way = ByMail(mailer(tmp_path, mailbox), "duty@police.example", "Ring 0123.")
    assert way.hand_over(parcel(one), one, io.BytesIO(b"sealed")).code == 0
    (mail,) = mailbox.mails
    assert mailbox.secret == [True]
    assert (mail["To"], mail["From"]) == ("duty@police.example", "safety@clips.example")
    assert list(mail.iter_attachments()) == []
    text = mail.get_content()
    assert "ab" * 32 in text
    assert "Ring 0123." in text
    assert one.case not in text


def test_without_tls_or_with_anothers_certificate_nothing_is_sent(tmp_path, mailbox) -> None:
    one = filing()
    strange = certificate(tmp_path, "elsewhere.example")
    ways = [ByMail(mailer(tmp_path, mailbox, ca=strange), "duty@police.example", "")]
    ways.append(ByMail(mailer(tmp_path, mailbox, host=HERE), "duty@police.example", ""))
    for way in ways:
        with pytest.raises(Unavailable):
            way.hand_over(parcel(one), one, None)
    mailbox.tls = False
    with pytest.raises(Unavailable):
        ByMail(mailer(tmp_path, mailbox), "duty@police.example", "").hand_over(
            parcel(one), one, None
        )
    assert mailbox.mails == []


def test_a_final_refusal_stops_and_any_other_is_tried_again(tmp_path, mailbox) -> None:
    one, way = filing(), ByMail(mailer(tmp_path, mailbox), "duty@police.example", "")
    mailbox.refuse = "550 nobody of this name"
    assert way.hand_over(parcel(one), one, None).code == 4000
    mailbox.refuse = "451 later"
    with pytest.raises(Unavailable):
        way.hand_over(parcel(one), one, None)
    mailbox.refuse, mailbox.hang_up = "", 1
    with pytest.raises(Unavailable):
        way.hand_over(parcel(one), one, None)
    assert way.hand_over(parcel(one), one, None).code == 0
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


def test_the_uk_form_has_every_field_the_regulations_name() -> None:
    sink = uk.UkReport(ByHand(), uk.profile())
    said = json.loads(sink.papers(much(), filing())["report.json"])
    assert said["urgency"] == "immediate"
    assert said["declaration"]
    fields = said["fields"]
    assert fields["port_numbers"] == [65535]
    assert fields["ip_addresses"] == ["2001:db8::1", "192.0.2.1"]
    assert fields["registering_party"] == ["Clips Ltd"]
    assert {"exif", "identity_documents", "connected_accounts"} <= set(said["not_known"])
    lacks = " ".join(sink.lacks(least()))
    assert "registering_party" in lacks
    assert "declared" in lacks
    assert json.loads(sink.papers(least(), filing())["report.json"])["declaration"] == ""


def test_a_profile_of_ones_own_names_other_fields(tmp_path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        'law = "L"\ndue_hours = 1\ndue_urgent_hours = 0.5\n[urgency]\ndanger = "P1"\n'
        '[[field]]\nname = "src_port"\nfrom = "reported[].captures[].port"\n'
    )
    said = json.loads(
        uk.UkReport(ByHand(), uk.profile(mine)).papers(much(), filing())["report.json"]
    )
    assert (said["urgency"], said["fields"]) == ("P1", {"src_port": [65535]})
