"""The processes of the jail: `python -m breakwater.media.child ENTRY FD`.

The first process (zygote) is fresh and single-threaded: it imports the entry module, lets it
decode the golden files once (libraries import lazily), and then forks a child for every
socket that the parent sends. Forking the server itself is not safe: a NumPy product after a
fork of a threaded process hung. The forked child locks itself up and serves requests.
Tests: `tests/integration/test_jail.py`.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from breakwater.media import confine, proof
from breakwater.media.failures import undecodable
from breakwater.media.wire import Answer, Job, failure, read_job, receive_exactly, write_answer

Handler = Callable[[Job], Answer]

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def address_space() -> int:
    """Bytes of address space this process has now."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a kernel file
        return int(file.read().split()[0]) * _PAGE


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - a kernel folder


def main(arguments: list[str]) -> None:
    """Warm up, say so, then fork a child for every socket that comes."""
    entry, descriptor = arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # Pillow warns about odd files; the answer says it all
    control = socket.socket(fileno=int(descriptor))
    module = importlib.import_module(entry)
    handlers: Mapping[str, Handler] = {**module.HANDLERS, **proof.HANDLERS}
    module.warm()
    gc.collect()
    gc.freeze()  # shared pages stay shared: the collector does not write into them
    threads = _threads()
    warm = address_space()
    _say(control, {"ready": threads == 1, "threads": threads, "warm": warm, **module.versions()})
    if threads != 1:
        return
    forgotten: set[int] = set()
    while True:
        body, descriptors, _, _ = socket.recv_fds(control, 4096, 2)
        if not body:
            return
        request = json.loads(body)
        forgotten -= {pid for pid in forgotten if os.waitpid(pid, os.WNOHANG)[0]}
        if request["do"] == "fork":
            _fork(control, descriptors, request, warm, handlers)
        elif request["do"] == "forget":
            forgotten.add(request["pid"])  # killed; it is gone by the next request or the one after
        else:
            _, status = os.waitpid(request["pid"], 0)
            _say(control, {"status": status})


def _say(control: socket.socket, fields: Mapping[str, Any], *descriptors: int) -> None:
    socket.send_fds(control, [json.dumps(dict(fields)).encode()], list(descriptors))


def _fork(
    control: socket.socket,
    descriptors: list[int],
    request: Mapping[str, Any],
    warm: int,
    handlers: Mapping[str, Handler],
) -> None:
    """Make one child; the parent gets its number and a handle that outlives the number.

    One descriptor is the child's socket; a second is the stream that it watches.
    """
    pid = os.fork()
    if pid == 0:
        _child(descriptors, warm + request["memory"], request["cpu_s"], handlers)
    handle = os.pidfd_open(pid)
    _say(control, {"pid": pid}, handle)
    for number in (handle, *descriptors):
        os.close(number)


def _child(
    descriptors: list[int], memory: int, cpu_s: int, handlers: Mapping[str, Handler]
) -> NoReturn:
    """Lock up and serve; never returns into the zygote's code."""
    try:
        confine.close_all_but(*descriptors)
        served = socket.socket(fileno=3)  # asks the kernel what it is: not possible later
        live = len(descriptors) > 1
        confine.lock_up(memory=memory, cpu_s=cpu_s, live=live)
        if live:
            _watch(served, handlers)
        else:
            _serve(served, handlers)
    finally:
        os._exit(0)


def _watch(connection: socket.socket, handlers: Mapping[str, Handler]) -> None:
    """One job for the child's life: its source is the connection, over which it tells."""
    body = receive_exactly(connection, struct.unpack("<I", receive_exactly(connection, 4))[0])
    with os.fdopen(3, "r+b", buffering=0, closefd=False) as told:
        connection.sendall(write_answer(_handle(read_job(body, told), handlers)))


def _serve(connection: socket.socket, handlers: Mapping[str, Handler]) -> None:
    """Answer requests until the parent closes the socket."""
    while True:
        prefix, descriptors, _, _ = socket.recv_fds(connection, 4, 1)
        if len(prefix) < 4 or not descriptors:
            return
        body = receive_exactly(connection, struct.unpack("<I", prefix)[0])
        with os.fdopen(descriptors[0], "rb", buffering=1 << 16) as source:
            answer = _handle(read_job(body, source), handlers)
        connection.sendall(write_answer(answer))


def _handle(job: Job, handlers: Mapping[str, Handler]) -> Answer:
    """Run a handler; whatever it raises becomes an answer with a reason."""
    try:
        return handlers[job.op](job)
    except Exception as error:  # noqa: BLE001 - the boundary: an answer, not a dead child
        return failure(undecodable(error, job.type))


if __name__ == "__main__":
    main(sys.argv[1:])
