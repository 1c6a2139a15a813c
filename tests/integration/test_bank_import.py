"""Lists come as they come: headers, marks, line ends, bad rows, duplicates, and interruptions."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from breakwater.app import App
from breakwater.banks import load as loading
from breakwater.banks.manage import NewBank
from breakwater.banks.policy import share_words
from breakwater.errors import BadInput, NotFound, UnknownKind
from breakwater.model.access import Principal
from breakwater.model.bank import EntryStatus
from breakwater.model.signal import Signal
from breakwater.worker.loop import Worker
from tests.integration.conftest import person, work

PDQ = ["%064x" % (n * 0x9E3779B97F4A7C15 % 2**256) for n in range(1, 60)]


@pytest.fixture
def bank(app: App, machine: Principal) -> str:
    app.banks.create(NewBank("LIST"), machine)
    return "LIST"


def listed(tmp_path: Path, text: bytes) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(text)
    return path


def test_our_own_csv_with_mark_and_windows_lines(
    app: App, machine: Principal, bank: str, tmp_path: Path
) -> None:
    rows = "record_id,md5,sha1,sha256,pdq,pdq_quality\r\n" + "".join(
        f"r{n},{n:032x},{n:040x},{n:064x},{PDQ[n]},{80 + n}\r\n" for n in range(5)
    )
    done = app.loader.load(bank, listed(tmp_path, b"\xef\xbb\xbf" + rows.encode()), machine)
    assert (done.rows, done.kept, done.bad) == (5, 20, 0)
    found = app.lookups.lookup([Signal.parse(f"pdq:{PDQ[3]}")])[0]
    assert [(m.bank, m.distance, m.source) for m in found] == [("LIST", 0, "list.csv")]


def test_bad_rows_are_reported_by_number_and_do_not_stop_the_rest(
    app: App, machine: Principal, bank: str, tmp_path: Path
) -> None:
    rows = ["pdq", PDQ[0], "zz" * 32, PDQ[1][:-1], "", PDQ[0], PDQ[2], '"']
    done = app.loader.load(bank, listed(tmp_path, "\n".join(rows).encode()), machine)
    assert done.kept == 2
    assert done.known == 1
    bad = dict(done.reasons)
    assert {2, 3} <= set(bad)
    assert "hexadecimal" in bad[2]
    assert bad[2].startswith("line 3: ")
    assert "64" in bad[3]
    assert app.lookups.lookup([Signal.parse(f"pdq:{PDQ[2]}")])[0]


def test_matches_show_the_banks_source_when_the_import_says_none(
    app: App, machine: Principal, tmp_path: Path
) -> None:
    app.banks.create(NewBank("GIVEN", source="Example Hotline"), machine)
    app.loader.load("GIVEN", listed(tmp_path, f"pdq\n{PDQ[0]}\n".encode()), machine)
    own = listed(tmp_path, f"pdq\n{PDQ[30]}\n".encode())
    app.loader.load("GIVEN", own, machine, source="Its second list")
    signals = [Signal.parse(f"pdq:{PDQ[n]}") for n in (0, 30)]
    sources = [{m.source for m in found if not m.distance} for found in app.lookups.lookup(signals)]
    assert sources == [{"Example Hotline"}, {"Its second list"}]


def test_kind_and_value_columns_and_a_plain_list(
    app: App, machine: Principal, bank: str, tmp_path: Path
) -> None:
    named = f"kind,value\nmd5,{7:032x}\npdq,{PDQ[0]}\nnew_kind,00\n"
    done = app.loader.load(bank, listed(tmp_path, named.encode()), machine)
    assert (done.kept, done.bad) == (2, 1)
    plain = "\n".join(PDQ[5:9])
    done = app.loader.load(bank, listed(tmp_path, plain.encode()), machine, kind="pdq")
    assert done.kept == 4


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", BadInput), (b"a,b,c\n1,2,3\n", BadInput), (PDQ[0].encode(), BadInput)],
)
def test_a_file_without_hash_columns_says_what_to_do(
    app: App, machine: Principal, bank: str, tmp_path: Path, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        app.loader.load(bank, listed(tmp_path, content), machine)


def test_unknown_bank_and_kind(app: App, machine: Principal, bank: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        app.loader.load("NONE", listed(tmp_path, b"pdq\n"), machine)
    with pytest.raises(UnknownKind):
        app.loader.load(bank, listed(tmp_path, b"00\n"), machine, kind="nothing")


def test_an_interrupted_import_goes_on_where_it_stopped(
    app: App, machine: Principal, bank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "WINDOW", 10)
    file = listed(tmp_path, ("pdq\n" + "\n".join(PDQ[:50])).encode())
    seen: list[int] = []

    class PowerCut(Exception):
        pass

    def stop(state: loading.Loaded) -> None:
        seen.append(state.rows)
        if state.rows == 30:
            raise PowerCut

    with pytest.raises(PowerCut):
        app.loader.load(bank, file, machine, progress=stop)
    done = app.loader.load(bank, file, machine)
    assert (done.resumed_at, done.rows, done.kept) == (30, 50, 50)
    again = app.loader.load(bank, file, machine)
    assert again.kept == 0


def test_an_import_cut_short_within_a_window_adds_nothing_twice(
    app: App, machine: Principal, bank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "WINDOW", 30)
    monkeypatch.setattr(loading, "BATCH", 7)
    rows = [*PDQ[:20], "no hash", *PDQ[20:50]]
    file = listed(tmp_path, ("pdq\n" + "\n".join(rows)).encode())

    class PowerCut(Exception):
        pass

    def stop(state: loading.Loaded) -> None:
        if state.kept == 14:
            raise PowerCut

    with pytest.raises(PowerCut):
        app.loader.load(bank, file, machine, progress=stop)
    done = app.loader.load(bank, file, machine)
    assert (done.resumed_at, done.rows, done.kept, done.bad) == (0, 51, 50, 1)
    assert [number for number, _ in done.reasons] == [21]
    assert len(app.banks.page(bank, limit=100)) == 50


def test_a_flood_nobody_signed_for_is_quarantined_and_a_signed_one_is_not(
    app: App, machine: Principal, tmp_path: Path, worker: Worker
) -> None:
    limit = app.settings.flood_entries_per_hour
    rng = np.random.default_rng(3)
    rows = "pdq\n" + "\n".join(rng.bytes(32).hex() for _ in range(limit + 1))
    file = listed(tmp_path, rows.encode())
    app.banks.create(NewBank("UNSIGNED"), machine)
    app.loader.load("UNSIGNED", file, machine)
    assert app.banks.page("UNSIGNED", limit=1)[0].status is EntryStatus.QUARANTINED
    app.banks.create(NewBank("SIGNED"), machine)
    app.loader.load("SIGNED", file, person("Ann"), signed=True)
    assert app.banks.page("SIGNED", limit=1)[0].status is EntryStatus.ACTIVE
    work(worker)


def test_the_matchable_share_is_told_by_kind(
    app: App, machine: Principal, bank: str, tmp_path: Path
) -> None:
    value = base64.b64encode(bytes(144)).decode()
    rows = f"pdq,photodna\n{PDQ[0]},{value}\n{PDQ[1]},\n"
    app.loader.load(bank, listed(tmp_path, rows.encode()), machine)
    assert share_words(app.banks.shares(bank)) == "2 of 3 matchable; 1 need PhotoDNA"
