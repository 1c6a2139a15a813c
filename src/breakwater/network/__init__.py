"""Calls out of this machine, by rules: which addresses are public, and how a URL is fetched."""
