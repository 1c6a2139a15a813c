"""Nouns: frozen values, enums and tables of legal moves. No I/O, no framework, no settings."""
