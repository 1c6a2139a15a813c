"""Untrusted bytes in, frames out, never in the server's own process.

`sandbox.JailPool` is the door: it hands a file descriptor to a jailed child (`child`,
`confine`, `seccomp`), which decodes (`image`, `video`) and answers over `wire`. What comes
back is checked like any other untrusted input. Contract tests: `tests/integration/test_jail.py`
and `tests/integration/test_hostile.py`.
"""
