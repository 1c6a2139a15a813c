"""Pixels and bytes in, signals out: exact hashes, PDQ, video hashes, and plug-in kinds.

Fed by `recognition.task` inside the jail; `registry` also tells `matching` how a plug-in's
kind is searched. Contract of plug-ins: `breakwater.testing.signal_kinds`.
"""
