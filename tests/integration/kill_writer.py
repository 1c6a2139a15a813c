"""The process that is killed: writes, and says a number only when its row was acknowledged.

python kill_writer.py DATABASE_URL ROOT_KEY VAULT FIRST [careless]
python kill_writer.py serve SOCKET: forks a writer for each list of arguments that it is sent
"""

from __future__ import annotations

import io
import itertools
import os
import socket
import sys
import threading
from pathlib import Path

import sqlalchemy as sa

from breakwater.model.clock import SystemClock
from breakwater.model.event import EventType
from breakwater.model.ids import new_id
from breakwater.records import jobs
from breakwater.records.database import open_database
from breakwater.records.keys import Keyring
from breakwater.records.rootkey import RootKey
from breakwater.records.tables import core
from breakwater.records.vault import Vault


def main(url: str, root: str, directory: str, first: str, careless: str = "") -> None:
    db = open_database(url, clock=SystemClock())
    if careless:  # so that a test of power cuts can show that it would notice
        db.backend._raw.execute("PRAGMA synchronous=OFF")
    vault = Vault(Path(directory), db, Keyring.open(db, RootKey.from_file(Path(root))))
    numbers = itertools.count(int(first))
    say = threading.Lock()

    def work() -> None:
        while True:
            number = next(numbers)
            blob = vault.put(io.BytesIO(b"evidence"), purpose="evidence") if number % 4 == 0 else ""
            with db.transaction() as tx:
                row = {"key": str(number), "owner": str(blob), "epoch": 1, "until": tx.now}
                tx.execute(sa.insert(core.leases), row)
                tx.audit("writer", "row.written", str(number))
                tx.emit(EventType.CASE_CHANGED, new_id(), n=number)
                jobs.enqueue(tx, "x", {"n": number})
            with say:
                sys.stdout.write(f"{number} {blob}\n")
                sys.stdout.flush()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def serve(number: int) -> None:
    """Writers for whoever holds the other end: a thousand of them, and the imports of one."""
    with socket.socket(fileno=number) as asked:
        while True:
            said, files, _, _ = socket.recv_fds(asked, 4096, 1)
            if not said:
                return
            child = os.fork()
            if child == 0:
                try:
                    os.dup2(files[0], 1)
                    os.close(files[0])
                    main(*said.decode().split("\n"))
                finally:
                    os._exit(1)
            os.close(files[0])
            asked.send(str(child).encode())
            os.waitpid(child, 0)
            asked.send(b"gone")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        main(*sys.argv[1:])
