"""The embedded forms of the seams keep the contracts that other forms will be held to."""

from __future__ import annotations

import pytest

from breakwater.records.bus import LocalBus
from breakwater.testing.seams import BlobContract, BusContract


class TestVault(BlobContract):
    """On both databases."""

    @pytest.fixture(autouse=True)
    def _vault(self, vault):
        self._store = vault

    def blob(self):
        return self._store


class TestLocalBus(BusContract):
    """Within one process."""

    def bus(self):
        return LocalBus()
