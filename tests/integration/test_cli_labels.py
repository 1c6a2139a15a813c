"""`breakwater comments labels` on a real installation, then `train` on what it wrote."""

from __future__ import annotations

import csv
import stat

from breakwater import app as parts
from breakwater.cli.opening import NoJail
from breakwater.model.case import CaseKind, Priority
from breakwater.model.chat import About, ChatKind, KeptComment
from breakwater.model.ids import new_id
from breakwater.records import cases, chats, kept_comments
from breakwater.settings import load
from tests.integration.test_cli import Installation


def test_labels_are_written_once_for_their_owner_alone(tmp_path) -> None:
    place = Installation(tmp_path, ready=True)
    assert place.run("db", "upgrade").code == 0
    empty = place.run("comments", "labels", "--out", str(tmp_path / "none.csv"), "--json")
    assert (empty.code, empty.json["rows"]) == (0, 0), empty.err
    settings = load(
        data_dir=tmp_path / "data", root_key_file=tmp_path / "keys/root.key",
        audit_dir=tmp_path / "checkpoints",
    )  # fmt: skip
    running = parts.build(settings, pool=NoJail(), decode=False)
    with running.db.transaction() as tx:
        tx.lock_changes()
        chat = chats.begin(tx, About(ChatKind.POST, "clips", "post-7"))
        case = cases.open(
            tx, kind=CaseKind.CONVERSATION, subject=chat.id, why="x", priority=Priority.LOW
        )
        said = KeptComment(
            new_id(), chat.id, "m1", "ann", tx.now, "buy cheap followers", 4.0, case=case.id
        )
        kept_comments.keep(tx, "clips", [said])
        kept_comments.settle(tx, chat.id, case.id, found=True)
    running.close()
    out = tmp_path / "labels.csv"
    made = place.run("comments", "labels", "--out", str(out))
    assert made.code == 0, made.err
    assert "1 rows" in made.out
    assert "followers" not in made.out + made.err
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with out.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["text"], row["label"], row["group"]) == ("buy cheap followers", "1", case.id)
    again = place.run("comments", "labels", "--out", str(out))
    assert again.code != 0
    assert "cannot be made" in again.err
    wrong = place.run("comments", "labels", "--out", str(tmp_path / "x.csv"), "--of", "words")
    assert wrong.code != 0
