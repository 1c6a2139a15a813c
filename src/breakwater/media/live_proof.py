"""The live profile's walls, tried: every forbidden act, and above all reaching another address.

A real listener stands beside the child; the child is told "connected" and writes, and what it
wrote must arrive where the parent connected it, and nobody must have called the listener. Read
by `breakwater doctor`. Tests: `tests/integration/test_live_jail.py`.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Final

from breakwater.media import wire
from breakwater.media.loan import signal_name
from breakwater.media.proof import ACTS, JailProof
from breakwater.media.wire import Answer, Job
from breakwater.media.zygote import Child, Gone, Zygote
from breakwater.model.media import MediaLimits, MediaType

ELSEWHERE: Final = "connect elsewhere"
LIVE_ACTS: Final = (*(act for act in ACTS if act not in {"make a socket", "connect"}), ELSEWHERE)
"""Making a socket and connecting succeed in name only; `ELSEWHERE` shows what becomes of it."""

_WALL_S: Final = 0.5
_HEARD_S: Final = 0.1
_MEMORY: Final = 128 << 20
_WORD: Final = b"knock"


def elsewhere(job: Job) -> Answer:
    """Call socket, connect and send as a decoder that was taken over would."""
    library = ctypes.CDLL(None, use_errno=True)
    made = library.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    port = socket.htons(int(job.args["port"]))
    address = struct.pack("=HHI8x", socket.AF_INET, port, 0x0100007F)
    connected = library.connect(made, address, len(address))
    sent = library.send(made, _WORD, len(_WORD), 0)
    return Answer({"outcome": "tried", "detail": f"{made} {connected} {sent}"})


HANDLERS: Final[Mapping[str, Callable[[Job], Answer]]] = {"elsewhere": elsewhere}


def prove_live(zygote: Zygote) -> list[JailProof]:
    """Try every act, each in a fresh child of a watcher's zygote."""
    return [
        _reach(zygote) if act == ELSEWHERE else _try(zygote, act) for act in LIVE_ACTS
    ]  # fmt: skip


def _try(zygote: Zygote, act: str) -> JailProof:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        child = zygote.fork(memory=_MEMORY, cpu_s=60, stream=theirs.fileno())
        answer = _ask(child, "prove", {"act": act})
    if isinstance(answer, str):
        return JailProof(act, "killed", answer)
    said = answer.header
    return JailProof(act, str(said.get("outcome", "untried")), str(said.get("detail", "")))


def _reach(zygote: Zygote) -> JailProof:
    """Whether a child that connects elsewhere gets there."""
    ours, theirs = socket.socketpair()
    with ours, theirs, socket.create_server(("127.0.0.1", 0)) as listener:
        child = zygote.fork(memory=_MEMORY, cpu_s=60, stream=theirs.fileno())
        theirs.close()
        answer = _ask(child, "elsewhere", {"port": listener.getsockname()[1]})
        if isinstance(answer, str):
            return JailProof(ELSEWHERE, "killed", answer)
        listener.settimeout(_HEARD_S)
        try:
            listener.accept()[0].close()
        except TimeoutError:
            pass
        else:
            return JailProof(ELSEWHERE, "done", "somebody called")
        ours.settimeout(_HEARD_S)
        try:
            heard = ours.recv(len(_WORD))
        except TimeoutError:
            heard = b""
    words = "it went to the one connection there is" if heard == _WORD else "nothing was sent"
    return JailProof(ELSEWHERE, "refused", words)


def _ask(child: Child, op: str, args: Mapping[str, object]) -> Answer | str:
    """The child's answer, or how it died."""
    body = wire.request(op, MediaType.FLV, MediaLimits(), args)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device
        try:
            answer = child.ask(body, nothing.fileno(), _WALL_S)
        except TimeoutError:
            child.end()
            return "by the clock"
        except Gone:
            return signal_name(child.bury())
    child.end()
    return answer
