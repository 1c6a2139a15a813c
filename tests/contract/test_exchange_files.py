"""Lists that come as files: CSV by a mapping, VICS hash sets; odd ones too."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import textwrap

import pytest
from tests.contract.test_exchange_clients import Contract, setting

from breakwater.errors import BadInput, PeerFault, Unavailable
from breakwater.exchange.clients import table, vics_sets
from breakwater.model.exchange import Credentials, Gone, Offered, Unreadable
from breakwater.model.signal import kind_named
from breakwater.testing.exchange_clients import folded, some_value, values
from breakwater.testing.fake_lists import FakeFile

NONE = Credentials()
US = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
COLUMNS = ("record_id", "md5", "sha1", "sha256", "pdq", "pdq_quality", "pdna_b64", "category_uk",
           "self_generated", "status")  # fmt: skip
IWF = """
id = "Ref"
delimiter = ";"
permitted_use = "Licence"
[hashes]
"MD5 Hash" = "md5"
PhotoDNA = "photodna"
[labels]
Category = "uk:{}"
"Self-generated" = "self_generated"
[status]
column = "State"
gone = ["Removed"]
"""


class FileStage:
    pages, rounds, kind = True, False, "md5"

    def __init__(self, clock, folder):
        self.clock, self.folder = clock, folder
        self.peer = FakeFile(clock)
        self.rows = {}
        self.later()

    def client(self, **options):
        return self.make(setting(self.peer, self.clock, self.folder, NONE, **options), page=10)

    def offer(self, name, value):
        self.rows[name] = value

    def spoil(self, name):
        self.rows[name] = "no hash"

    def told(self):
        return ()

    def later(self):
        self.clock.advance(60)
        self.peer.content = self.written()


class CsvStage(FileStage):
    whole = False
    make = table.CsvClient

    def __init__(self, clock, folder):
        self.gone = set()
        super().__init__(clock, folder)

    def withdraw(self, name):
        self.gone.add(name)

    def written(self):
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS)
        writer.writeheader()
        for name, value in self.rows.items():
            status = "withdrawn" if name in self.gone else "active"
            writer.writerow({"record_id": name, "md5": value.upper(), "status": status})
        return b"\xef\xbb\xbf" + out.getvalue().encode()


class VicsStage(FileStage):
    whole = True
    make = vics_sets.VicsClient

    def withdraw(self, name):
        del self.rows[name]

    def written(self):
        rows = [
            {"MediaID": n, "Category": 1, "MD5": value.upper()}
            for n, value in enumerate(self.rows.values())
        ]
        return b"\xef\xbb\xbf" + json.dumps({"@odata.context": US, "value": rows}).encode()


class FileContract(Contract):
    def feeds_back(self, stage):
        return False

    def test_a_list_that_did_not_change_is_not_sent_again(self):
        stage = self.stage()
        self._offered(stage)
        pages = list(stage.client().pull(""))
        sent = stage.peer.sent
        assert list(stage.client().pull(pages[-1].checkpoint)) == []
        assert stage.peer.sent == sent
        assert not list(self.folder.glob(".*"))


class TestCsv(FileContract):
    staged = CsvStage

    def test_a_mapping_reads_a_list_of_other_columns(self):
        stage = self.stage()
        dna = some_value("photodna", 1)
        stage.peer.content = (
            "Ref;MD5 Hash;PhotoDNA;Category;Self-generated;State;Licence;Other\r\n"
            f"r1;{some_value('md5', 1).upper()};{dna};A;TRUE;Live;matching only;x\r\n"
            f"r2;{some_value('md5', 2)};;B;false;Live;;\r\n"
            f"r3;{some_value('md5', 3)};;C;;removed;;\r\n"
            f"r4;broken;{dna};C;;Live;;\r\n"
            "r5;short\r\n"
            "\r\n"
            f"r6;{some_value('md5', 6)};;;;;;\r\n"
        ).encode()
        (page,) = stage.client(mapping=IWF).pull("")
        one, two, gone, four, *rest = page.items
        assert isinstance(one, Offered)
        assert (one.remote_id, one.labels, one.permitted_use) == (
            "r1",
            ("uk:A", "self_generated"),
            "matching only",
        )
        assert {kind for kind, _, _ in one.signals} == {"md5", "photodna"}
        assert two.labels == ("uk:B",)
        assert gone == Gone("r3")
        assert [kind for kind, _, _ in four.signals] == ["photodna"]
        assert [one.place for one in rest if isinstance(one, Unreadable)] == [
            "line 5",
            "line 6",
            "line 7",
        ]
        assert rest[-1].remote_id == "r6"

    def test_our_own_form_is_read_without_a_mapping(self):
        stage = self.stage()
        stage.peer.content = (
            ",".join(COLUMNS) + "\n"
            + f"a,,,,{some_value('pdq', 1)},77,,B,1,active\n"
        ).encode()  # fmt: skip
        (page,) = stage.client().pull("")
        (one,) = page.items
        assert one.signals == (("pdq", kind_named("pdq").parse(some_value("pdq", 1)), 77),)
        assert one.labels == ("uk:B", "self_generated")

    @pytest.mark.parametrize(
        "text", ["[hashes]\n", "hashes = 3", "]", '[hashes]\na="nokind"', 'x=1\n[hashes]\na="md5"',
                 'delimiter="ab"\n[hashes]\na="md5"'],
    )  # fmt: skip
    def test_a_wrong_mapping_is_refused(self, text):
        stage = self.stage()
        with pytest.raises(BadInput):
            stage.client(mapping=text)

    def test_a_file_laid_by_hand_is_read_and_none_outside(self):
        stage = self.stage()
        stage.offer("a", some_value("md5", 1))
        (self.folder / "list.csv").write_bytes(stage.written())
        local = setting(stage.peer, self.clock, self.folder, NONE, file="list.csv")
        object.__setattr__(local, "url", "")
        assert len(folded(table.CsvClient(local).pull(""))) == 1
        assert table.CsvClient(local).check().ok
        for name in ("../list.csv", "/etc/passwd", ".hidden", "a/b"):
            object.__setattr__(local, "options", {"file": name})
            with pytest.raises(BadInput):
                table.CsvClient(local)
        object.__setattr__(local, "options", {"file": "away.csv"})
        with pytest.raises(Unavailable):
            list(table.CsvClient(local).pull(""))


class TestVics(FileContract):
    staged = VicsStage

    def test_only_the_categories_named_are_taken_with_their_table(self):
        stage = self.stage()
        rows = [
            {"MediaID": n, "Category": c, "MD5": some_value("md5", n), "VictimIdentified": "True",
             "IsDistributed": "false", "Series": "Boats"}
            for n, c in enumerate((1, 2, 0, 4, None, "1"))
        ]  # fmt: skip
        stage.peer.content = json.dumps({"@odata.context": US, "value": rows}).encode()
        stands = folded(stage.client().pull(""))
        assert sorted({one.labels for one in stands.values()}) == [
            ("vics_us:1", "victim_identified", "series:Boats"),
            ("vics_us:2", "victim_identified", "series:Boats"),
        ]
        assert len(stands) == 3
        assert len(folded(stage.client(categories="3").pull(""))) == 0

    def test_several_entries_of_one_file_are_one(self):
        stage = self.stage()
        row = {"Category": 1, "md5": some_value("md5", 1).upper()}
        stage.peer.content = json.dumps(
            {"@odata.context": US, "value": [row, {**row, "MediaID": 2}]}
        ).encode()
        assert len(values(folded(stage.client().pull("")))) == 1

    def test_a_file_cut_short_gives_what_came_and_is_not_the_whole(self):
        stage = self.stage()
        self._offered(stage)
        stage.peer.content = stage.peer.content[:-150]
        pages = []
        with pytest.raises(PeerFault):
            pages.extend(stage.client().pull(""))
        assert pages
        assert not any(page.whole for page in pages)


MEMORY = """
import resource, sys
from pathlib import Path
from breakwater.exchange.clients.vics_sets import VicsClient
from breakwater.exchange.ports import Setting
from breakwater.model.exchange import Credentials
from breakwater.model.clock import SystemClock
folder = Path(sys.argv[1])
client = VicsClient(Setting("", {"file": "set.json"}, Credentials(), None, SystemClock(), folder))
rows = sum(len(page.items) for page in client.pull(""))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def of_rows(folder, count):
    """Rows read of a made hash set, and the most memory it took, in MB."""
    with (folder / "set.json").open("w") as file:
        file.write('{"@odata.context":"' + US + '","value":[')
        for n in range(count):
            comma = "," if n else ""
            file.write(f'{comma}{{"MediaID":{n},"Category":1,"MD5":"{n:032X}","SHA1":"{n:040x}"}}')
        file.write("]}")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(MEMORY), str(folder)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    rows, kib = map(int, done.stdout.split())
    return rows, kib / 1024


def test_a_large_set_is_read_as_a_stream(tmp_path):
    few, small = of_rows(tmp_path, 1_000)
    rows, most = of_rows(tmp_path, 100_000)
    assert (few, rows) == (1_000, 100_000)
    assert most - small < 40


@pytest.mark.long
def test_ten_million_rows_take_at_most_300_mb(tmp_path):
    rows, most = of_rows(tmp_path, int(os.environ.get("ROWS", "10000000")))
    assert rows == int(os.environ.get("ROWS", "10000000"))
    assert most <= 300
