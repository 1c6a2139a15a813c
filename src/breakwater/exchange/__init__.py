"""Exchange: lists of others pulled into our banks, withdrawals honoured, feedback given back.

Comes in: pages of entries from peers (`ports.ExchangeClient`). Goes out: entries of banks, with
provenance and permitted use, and words back to who gave them.
"""
