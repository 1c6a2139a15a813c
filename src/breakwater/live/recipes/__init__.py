"""Configurations of media servers that work with the adapters: printed for operators, run by tests."""
