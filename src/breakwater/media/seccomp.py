"""Which system calls a jailed child may make, as a seccomp program.

An allow-list: memory, time, reading and answering over descriptors that are already open.
What names a file is refused with EPERM, so that a lazily imported module shows itself as
`PermissionError` (our fault, with an alarm) and not as a dead decoder. Anything else (socket,
fork, exec, ptrace, kill ...) ends the process. Threads go by `clone` with CLONE_THREAD only;
`clone3`, whose flags a filter cannot read, says ENOSYS and the C library falls back. No memory
becomes executable.

The child of a live stream is given one connected socket as descriptor 0. FFmpeg insists on making
its connection itself, so `socket` and `connect` are not carried out but answered 0: descriptor 0,
connected. It can reach nothing but what the parent connected it to. Source: seccomp(2), `linux/seccomp.h`, `linux/filter.h`; proven by
`JailPool.prove`, tests: `tests/unit/test_media_seccomp.py`, `tests/integration/test_jail.py`.
"""

from __future__ import annotations

import errno
import struct
from dataclasses import dataclass
from typing import Final

from breakwater.errors import Unfit

KILL: Final = 0x8000_0000
ALLOW: Final = 0x7FFF_0000
_ERRNO: Final = 0x0005_0000

_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16
_X32_BIT: Final = 0x4000_0000

PROT_EXEC: Final = 4
CLONE_THREAD: Final = 0x0001_0000
CLONE_NEW_ANY: Final = 0x7E02_0000  # every namespace that clone can make
AT_EMPTY_PATH: Final = 0x1000
PR_SET_NAME: Final = 15
PR_SET_VMA: Final = 0x53564D41


@dataclass(frozen=True, slots=True)
class Test:
    """A condition on one argument: its low word, masked, equals `value`."""

    argument: int
    mask: int
    value: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens on one call; without tests always, else when any test holds."""

    call: str
    action: int = ALLOW
    tests: tuple[Test, ...] = ()


def refuse(number: int) -> int:
    """The action that makes a call fail with this error number."""
    return _ERRNO | number


_PLAIN: Final = (
    "read", "readv", "pread64", "preadv", "write", "writev", "lseek", "fstat", "close",
    "recvmsg", "recvfrom", "sendmsg", "sendto", "poll", "ppoll", "shutdown",
    "munmap", "mremap", "madvise", "brk", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "sigaltstack", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday",
    "time", "times", "futex", "sched_yield", "sched_getaffinity", "getpid", "gettid", "getppid",
    "getuid", "geteuid", "getgid", "getegid", "getrandom", "exit", "exit_group", "getrusage",
    "uname", "sysinfo", "set_robust_list", "rseq", "membarrier", "restart_syscall", "getcpu",
    "arch_prctl", "set_tid_address",
)  # fmt: skip

_NAMING: Final = (
    "open", "openat", "creat", "access", "faccessat", "faccessat2", "stat", "lstat", "readlink",
    "readlinkat", "getcwd", "getdents64", "chdir", "unlink", "unlinkat", "rename", "renameat",
    "renameat2", "mkdir", "mkdirat", "rmdir", "truncate", "ftruncate", "statfs", "fstatfs",
    "utimensat", "chmod", "fchmodat",
)  # fmt: skip
"""Calls that name files: refused with EPERM."""

_ABSENT: Final = ("clone3", "statx", "openat2", "io_uring_setup", "mseal", "map_shadow_stack")
"""Calls whose absence libraries know how to live with."""


_LIVE: Final = (
    Rule("socket", refuse(0)),
    Rule("connect", refuse(0)),
    Rule("getsockopt"),
    *(Rule(name, refuse(errno.EPERM)) for name in ("setsockopt", "getsockname", "getpeername")),
)
"""An error of number 0 is the answer 0: descriptor 0, and "connected"."""


def rules(process: int, *, live: bool = False) -> tuple[Rule, ...]:
    """The whole list for the child with this process id.

    Args:
        process: its id.
        live: it reads a stream from descriptor 0.
    """
    no_exec = Test(2, PROT_EXEC, 0)
    return (
        *(Rule(name) for name in _PLAIN),
        Rule("mmap", ALLOW, (no_exec,)),
        Rule("mprotect", ALLOW, (no_exec,)),
        Rule("clone", ALLOW, (Test(0, CLONE_THREAD | CLONE_NEW_ANY, CLONE_THREAD),)),
        Rule("tgkill", ALLOW, (Test(0, 0xFFFF_FFFF, process),)),
        Rule("newfstatat", ALLOW, (Test(3, AT_EMPTY_PATH, AT_EMPTY_PATH),)),
        Rule("newfstatat", refuse(errno.EPERM)),
        Rule("prlimit64", ALLOW, (Test(2, 0xFFFF_FFFF, 0),)),
        Rule("prlimit64", refuse(errno.EPERM)),
        Rule("prctl", ALLOW, (Test(0, 0xFFFF_FFFF, PR_SET_NAME), Test(0, 0xFFFF_FFFF, PR_SET_VMA))),
        Rule("prctl", refuse(errno.EPERM)),
        Rule("fcntl", ALLOW, tuple(Test(1, 0xFFFF_FFFF, command) for command in (1, 2, 3, 1030))),
        Rule("fcntl", refuse(errno.EPERM)),
        Rule("ioctl", refuse(errno.ENOTTY)),
        *(Rule(name, refuse(errno.EPERM)) for name in _NAMING),
        *(Rule(name, refuse(errno.ENOSYS)) for name in _ABSENT),
        *(_LIVE if live else ()),
    )


def program(machine: str, process: int, *, live: bool = False) -> bytes:
    """The filter for a machine (`os.uname().machine`) as an array of `sock_filter`.

    Raises:
        Unfit: no table for this processor.
    """
    if machine not in _ARCH:
        raise Unfit(f"The jail has no system call table for {machine}.")
    audit, table = _ARCH[machine]
    code = [
        _step(_LOAD, _ARCH_AT), _step(_EQUAL, audit, 1, 0), _step(_RETURN, KILL),
        _step(_LOAD, _NUMBER_AT), _step(_AT_LEAST, _X32_BIT, 0, 1), _step(_RETURN, KILL),
    ]  # fmt: skip
    for rule in rules(process, live=live):
        number = table.get(rule.call)
        if number is not None:
            code += _rule(number, rule)
    code.append(_step(_RETURN, KILL))
    return b"".join(code)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _rule(number: int, rule: Rule) -> list[bytes]:
    """One rule: the action when the number and any test agree, else on to the next rule."""
    if not rule.tests:
        return [_step(_EQUAL, number, 0, 1), _step(_RETURN, rule.action)]
    body: list[bytes] = []
    for test in rule.tests:
        body += [
            _step(_LOAD, _ARGS_AT + 8 * test.argument),
            _step(_AND, test.mask),
            _step(_EQUAL, test.value, 0, 1),
            _step(_RETURN, rule.action),
        ]
    body.append(_step(_LOAD, _NUMBER_AT))
    return [_step(_EQUAL, number, 0, len(body)), *body]


def _table(text: str) -> dict[str, int]:
    """Read `name=number` pairs."""
    pairs = (word.split("=") for word in text.split())
    return {name: int(number) for name, number in pairs}


_X86_64: Final = _table("""
read=0 write=1 open=2 close=3 stat=4 fstat=5 lstat=6 poll=7 lseek=8 mmap=9 mprotect=10 munmap=11
brk=12 rt_sigaction=13 rt_sigprocmask=14 rt_sigreturn=15 ioctl=16 pread64=17 readv=19 writev=20
access=21 sched_yield=24 mremap=25 madvise=28 nanosleep=35 getpid=39 sendto=44 recvfrom=45
sendmsg=46 recvmsg=47 shutdown=48 socket=41 connect=42 getsockname=51
getpeername=52 setsockopt=54 getsockopt=55 clone=56 exit=60 uname=63 fcntl=72 truncate=76 ftruncate=77
getcwd=79 chdir=80 rename=82 mkdir=83 rmdir=84 creat=85 unlink=87 readlink=89 chmod=90
gettimeofday=96 getrusage=98 sysinfo=99 times=100 getuid=102 getgid=104 geteuid=107 getegid=108
getppid=110 sigaltstack=131 statfs=137 fstatfs=138 prctl=157 arch_prctl=158 gettid=186 time=201
futex=202 sched_getaffinity=204 getdents64=217 set_tid_address=218 restart_syscall=219
clock_gettime=228 clock_getres=229 clock_nanosleep=230 exit_group=231 tgkill=234 openat=257
mkdirat=258 newfstatat=262 unlinkat=263 renameat=264 readlinkat=267 fchmodat=268 faccessat=269
ppoll=271 set_robust_list=273 utimensat=280 preadv=295 prlimit64=302 getcpu=309 renameat2=316
getrandom=318 membarrier=324 statx=332 rseq=334 io_uring_setup=425 clone3=435 openat2=437
faccessat2=439 map_shadow_stack=453 mseal=462
""")

_AARCH64: Final = _table("""
getcwd=17 fcntl=25 ioctl=29 mkdirat=34 unlinkat=35 renameat=38 statfs=43 fstatfs=44 truncate=45
ftruncate=46 faccessat=48 chdir=49 fchmodat=53 openat=56 close=57 getdents64=61 lseek=62 read=63
write=64 readv=65 writev=66 pread64=67 preadv=69 ppoll=73 readlinkat=78 newfstatat=79 fstat=80
utimensat=88 exit=93 exit_group=94 set_tid_address=96 futex=98 set_robust_list=99 nanosleep=101
clock_gettime=113 clock_getres=114 clock_nanosleep=115 sched_getaffinity=123 sched_yield=124
restart_syscall=128 tgkill=131 sigaltstack=132 rt_sigaction=134 rt_sigprocmask=135
rt_sigreturn=139 times=153 uname=160 getrusage=165 prctl=167 getcpu=168 gettimeofday=169
getpid=172 getppid=173 getuid=174 geteuid=175 getgid=176 getegid=177 gettid=178 sysinfo=179
socket=198 connect=203 getsockname=204 getpeername=205 sendto=206 recvfrom=207 setsockopt=208
getsockopt=209 shutdown=210 sendmsg=211 recvmsg=212 brk=214 munmap=215 mremap=216
clone=220 mmap=222 mprotect=226 madvise=233 prlimit64=261 renameat2=276 getrandom=278
membarrier=283 statx=291 rseq=293 io_uring_setup=425 clone3=435 openat2=437 faccessat2=439
mseal=462
""")

_ARCH: Final = {"x86_64": (0xC000_003E, _X86_64), "aarch64": (0xC000_00B7, _AARCH64)}
