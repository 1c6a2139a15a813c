"""Packages as rows on both databases, and audit entries each with its way to a signed root."""

from __future__ import annotations

import hashlib
import io
import random

import pytest

from breakwater.errors import AppendOnly, BadInput, Conflict, NotFound, Tampered
from breakwater.model.case import CaseKind, Priority
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.model.package import PackageState, Receipt
from breakwater.model.sending import Occasion, RecipientKind
from breakwater.records import approvals, audit, audit_extract, cases, merkle, outbox, packages
from breakwater.records.tables.nouns_package import package_receipts
from breakwater.records.vault import Vault

pytestmark = pytest.mark.usefixtures("keyring")
FIRST, SECOND = new_id(), new_id()


def key(tx, text="age1abc", **about):
    facts = {"name": "Police of Ö \U0001f46e", "country": "GB", "kind": RecipientKind.POLICE}
    return packages.add_key(tx, **facts | {"key": text, "receipt_key": "", "by": FIRST} | about)


def begun(tx):
    case = cases.open(
        tx, kind=CaseKind.UPLOAD, subject=new_id(), why="Seen.", priority=Priority.LOW,
        service="photos",
    ).id  # fmt: skip
    facts = {"keys": [key(tx, f"age1{new_id()}").id], "reference": "Akte 12", "occasion": "request"}
    approvals.propose(tx, kind="package", subject=case, by=FIRST, reason="They asked.", facts=facts)
    agreed = approvals.confirm(tx, kind="package", subject=case, by=SECOND)
    return packages.begin(tx, case, agreed)


def sealed(tx, package, blob):
    return packages.sealed(
        tx, package.id, blob=blob, size=9, sha256="ab" * 32, root="cd" * 32
    )  # fmt: skip


def test_a_key_is_entered_once_and_withdrawn_for_good(database):
    with database.transaction() as tx:
        made = key(tx)
        assert made.fingerprint == hashlib.sha256(b"age1abc").hexdigest()
        with pytest.raises(Conflict):
            key(tx)
        gone = packages.withdraw_key(tx, made.id, by=SECOND)
        assert gone.withdrawn_at == tx.now
        with pytest.raises(BadInput):
            key(tx, "age1\x00")
    with database.read() as tx:
        assert [one.withdrawn_at for one in packages.keys(tx)] == [gone.withdrawn_at]
        with pytest.raises(NotFound):
            packages.key_of(tx, new_id())


def test_a_package_is_made_once_and_a_failed_one_again(database, keyring, tmp_path):
    vault = Vault(tmp_path, database, keyring)
    blob = vault.put(io.BytesIO(b"sealed"), purpose="evidence")
    with database.transaction() as tx:
        made = begun(tx)
        assert (made.number, made.state, made.occasion) == (
            1,
            PackageState.MAKING,
            Occasion.REQUEST,
        )
        with pytest.raises(Conflict):
            packages.again(tx, made)
        failed = packages.failed(tx, made.id, "disk_full")
        assert (failed.state, failed.fault) == (PackageState.FAILED, "disk_full")
        assert packages.again(tx, failed).state is PackageState.MAKING
        done = sealed(tx, made, blob)
        assert (done.sha256, done.root, done.blob) == ("ab" * 32, "cd" * 32, blob)
        assert packages.failed(tx, made.id, "late").state is PackageState.SEALED
        with pytest.raises(Conflict):
            sealed(tx, made, blob)
    with database.read() as tx:
        assert [one.id for one in packages.of_case(tx, made.case)] == [made.id]
        told = outbox.since(tx, 0, limit=50, types=[EventType.PACKAGE_CHANGED])
    assert [one.body["state"] for one in told] == ["making", "failed", "making", "sealed"]


def test_one_agreement_makes_one_package(database):
    with database.transaction() as tx:
        made = begun(tx)
    with pytest.raises(Conflict), database.transaction() as tx:
        packages.begin(tx, made.case, approvals.get(tx, made.approval))


def test_a_receipt_is_kept_once_and_never_changed(database):
    with database.transaction() as tx:
        made = begun(tx)
        one = Receipt(new_id(), made.id, made.keys[0], "Sgt. Ö", tx.now, "text", FIRST, tx.now)
        packages.add_receipt(tx, one)
        with pytest.raises(Conflict):
            packages.add_receipt(tx, one)
    with database.read() as tx:
        assert packages.receipts(tx, [made.id]) == {made.id: [one]}
    with database.transaction() as tx, pytest.raises(AppendOnly):
        tx.execute(package_receipts.update().values(text="other"))


def test_each_entry_leads_to_the_root_of_any_tree(database):
    subjects = [new_id() for _ in range(3)]
    with database.transaction() as tx:
        for n in range(300):
            tx.audit("test", "test.step", subjects[n % 3], n=n, name="Zoë \U0001f600")
    with database.read() as tx:
        whole = audit.head(tx).size
        for size in (whole, whole - 1, 200, 129, 3):
            found = audit_extract.extract(tx, [subjects[0], new_id()], size)
            numbers = [one.number for one in found]
            assert numbers == sorted(numbers)
            assert all(number < size for number in numbers)
            assert len(found) == len([r for r in audit.page(tx, subject=subjects[0], limit=500)
                                      if r.number < size])  # fmt: skip
            for one in found:
                leaf = merkle.leaf_hash(one.leaf.encode())
                assert list(one.proof) == audit.prove(tx, one.number, size)
                root = merkle.verify_inclusion(leaf, one.number, size, one.proof)
                assert root == merkle.root_of(_leaves(tx, size))
        with pytest.raises(Tampered):
            audit_extract.extract(tx, subjects, whole + 1)


def _leaves(tx, size):
    return list(audit_extract._leaves(tx, size))


def test_proofs_of_some_leaves_are_those_of_each():
    rng = random.Random(7)
    for size in (1, 2, 3, 5, 8, 33, 100):
        hashes = [merkle.leaf_hash(b"%d" % n) for n in range(size)]
        some = sorted(rng.sample(range(size), rng.randint(1, size)))
        found = audit_extract.inclusion_proofs(iter(hashes), size, some)
        assert found == [merkle.inclusion_proof(hashes, one) for one in some]
