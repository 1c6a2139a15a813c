"""Enforcement: what was decided is carried out on media servers and services, and proven.

In come orders, written down by policy or people before anything is asked; out go acts on media
servers, each answer stored, the proof that nothing can be fetched, and what was preserved.
"""
