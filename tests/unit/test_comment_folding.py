"""The folding table: complete, closed, and the same for every Python."""

import numpy as np

from breakwater.comments.folding import TABLE, folding


def test_the_table_says_its_version_source_and_licence() -> None:
    head = TABLE.read_text("ascii").split("kind", 1)[0]
    assert "Copyright (C) 1991-2022 Unicode, Inc." in head
    assert (folding().version, folding().unicode) == (2, "15.0.0")
    assert folding().folded > 9_000


def test_what_something_becomes_is_not_folded_further() -> None:
    table = folding()
    for code in {int(one) for one in table.pool}:
        cell = int(table.cells[int(table.blocks[code >> 8]) * 256 + (code & 255)])
        assert cell >> 8 & 31 == 0, hex(code)


def test_the_arrays_hold_every_code_point_and_point_inside() -> None:
    table = folding()
    assert table.blocks.shape == (0x1100,)
    assert int(table.blocks.max()) * 256 + 256 == table.cells.size
    length, start = table.cells >> 8 & 31, table.cells >> 13
    assert int((start + length).max()) <= table.pool.size
    assert np.all((table.cells & 7) < 7)
