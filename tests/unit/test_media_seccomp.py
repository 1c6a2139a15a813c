"""The filter is run by a small interpreter here, for both processors, call by call."""

import errno
import struct

import pytest

from breakwater.errors import Unfit
from breakwater.media import seccomp
from breakwater.media.seccomp import ALLOW, CLONE_NEW_ANY, CLONE_THREAD, KILL, program, refuse

ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PID = 4242

# Numbers from the kernel's own tables, not from ours.
FORBIDDEN = {
    "x86_64": {"socket": 41, "connect": 42, "fork": 57, "vfork": 58, "execve": 59, "kill": 62,
               "ptrace": 101, "execveat": 322, "memfd_create": 319, "bpf": 321, "dup2": 33,
               "process_vm_writev": 311, "userfaultfd": 323, "setrlimit": 160, "mount": 165,
               "pidfd_send_signal": 424, "unshare": 272, "setns": 308, "keyctl": 250},
    "aarch64": {"socket": 198, "connect": 203, "execve": 221, "kill": 129, "ptrace": 117,
                "execveat": 281, "memfd_create": 279, "bpf": 280, "process_vm_writev": 271,
                "userfaultfd": 282, "mount": 40, "pidfd_send_signal": 424, "unshare": 97,
                "setns": 268, "keyctl": 219},
}  # fmt: skip
NUMBERS = {
    "x86_64": {"read": 0, "open": 2, "mmap": 9, "clone": 56, "openat": 257, "clone3": 435,
               "newfstatat": 262, "tgkill": 234, "prctl": 157, "prlimit64": 302, "fcntl": 72},
    "aarch64": {"read": 63, "mmap": 222, "clone": 220, "openat": 56, "clone3": 435,
                "newfstatat": 79, "tgkill": 131, "prctl": 167, "prlimit64": 261, "fcntl": 25},
}  # fmt: skip


def run(code: bytes, number: int, arch: int, *arguments: int) -> int:
    """Interpret a classic BPF program over `struct seccomp_data`."""
    args = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("<IIQ6Q", number, arch, 0, *args)
    steps = list(struct.iter_unpack("<HBBI", code))
    register, at = 0, 0
    while True:
        op, yes, no, value = steps[at]
        at += 1
        if op == 0x20:
            register = struct.unpack_from("<I", data, value)[0]
        elif op == 0x54:
            register &= value
        elif op == 0x15:
            at += yes if register == value else no
        elif op == 0x35:
            at += yes if register >= value else no
        elif op == 0x06:
            return value
        else:
            raise AssertionError(f"unknown instruction {op:#x}")


@pytest.fixture(params=sorted(ARCH))
def call(request):
    machine = request.param
    code = program(machine, PID)
    assert len(code) // 8 <= 4096, "the kernel takes no longer program"

    def ask(name: str, *arguments: int) -> int:
        number = {**FORBIDDEN[machine], **NUMBERS[machine]}[name]
        return run(code, number, ARCH[machine], *arguments)

    ask.machine, ask.code = machine, code
    return ask


def test_what_reaches_out_ends_the_process(call) -> None:
    for name in FORBIDDEN[call.machine]:
        assert call(name) == KILL, name


def test_another_architecture_ends_the_process(call) -> None:
    for arch in (0x40000003, 0x40000028, *(set(ARCH.values()) - {ARCH[call.machine]})):
        assert run(call.code, NUMBERS[call.machine]["read"], arch) == KILL
    assert run(call.code, 0x40000000, ARCH[call.machine]) == KILL


def test_files_cannot_be_opened_but_say_so(call) -> None:
    assert call("openat", 0xFFFFFF9C) == refuse(errno.EPERM)
    assert call("newfstatat", 3, 0, 0, 0) == refuse(errno.EPERM)
    assert call("newfstatat", 3, 0, 0, seccomp.AT_EMPTY_PATH) == ALLOW


def test_only_threads_can_be_made(call) -> None:
    assert call("clone", CLONE_THREAD | 0x3D0F00) == ALLOW
    assert call("clone", 17) == KILL
    assert call("clone", CLONE_THREAD | (CLONE_NEW_ANY & 0x10000000)) == KILL
    assert call("clone3") == refuse(errno.ENOSYS)


def test_no_memory_becomes_executable(call) -> None:
    assert call("mmap", 0, 4096, 3) == ALLOW
    assert call("mmap", 0, 4096, 7) == KILL


def test_only_itself_can_be_signalled(call) -> None:
    assert call("tgkill", PID, PID, 6) == ALLOW
    assert call("tgkill", PID + 1, PID + 1, 9) == KILL


def test_limits_can_be_read_and_not_set(call) -> None:
    assert call("prlimit64", 0, 7, 0) == ALLOW
    assert call("prlimit64", 0, 7, 0x7FFE1000) == refuse(errno.EPERM)
    assert call("prctl", 22, 0) == refuse(errno.EPERM)
    assert call("fcntl", 3, 4) == refuse(errno.EPERM)


def test_a_processor_without_a_table_is_unfit() -> None:
    with pytest.raises(Unfit):
        program("riscv64", 1)
