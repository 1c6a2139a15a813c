"""Clients of peers, one protocol each; `registry` says which are installed."""
