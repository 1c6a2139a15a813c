"""The shipped example of a licensed kind keeps the contract that plug-ins are held to."""

from breakwater.fingerprint.registry import Plugin
from breakwater.testing import example_kind
from breakwater.testing.signal_kinds import SignalKindContract


class TestExampleKind(SignalKindContract):
    def plugin(self) -> Plugin:
        return example_kind.plugin()
