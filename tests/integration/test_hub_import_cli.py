"""`breakwater hub import` in its own process and through a running server."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.builders_hub import value
from tests.integration.test_cli import Installation


@pytest.mark.parametrize("served", [False, True], ids=["here", "owner"])
def test_a_file_goes_in_in_a_members_name_and_bad_rows_are_told(
    tmp_path: Path, *, served: bool
) -> None:
    here = Installation(tmp_path, ready=True)
    rows = "".join(f"{value('md5', n).upper()},A,\n" for n in range(20))
    file = tmp_path / "list.csv"
    file.write_text(f"\ufeffmd5,category_uk,status\n{rows}nothing,A,\n")
    with ExitStack() as stack:
        if served:
            server = here.serve()
            stack.callback(server.wait, timeout=30)
            stack.callback(server.terminate)
        assert here.run("bank", "create", "HARBOUR").code == 0
        shared = here.run("hub", "list", "share", "HARBOUR")
        assert shared.code == 0, shared.err
        assert here.run("hub", "member", "add", "Harbour Watch", "--trusted").code == 0
        nobody = here.run("hub", "import", "HARBOUR", str(file), "--as", "Nobody")
        assert nobody.code != 0
        done = here.run("hub", "import", "HARBOUR", str(file), "--as", "Harbour Watch", "--json")
        assert done.code == 0, done.err
        assert (done.json["rows"], done.json["kept"], done.json["bad"]) == (21, 20, 1)
        assert done.json["status"] == "active"
        again = here.run("hub", "import", "HARBOUR", str(file), "--as", "Harbour Watch")
        assert again.code == 0
        assert "0 entries new" in again.out
        assert "row 21" in again.out
