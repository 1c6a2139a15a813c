"""Contract suites and misbehaving stand-ins for what others plug in: part of the product.

A package that brings a signal kind, a bus or a blob store subclasses the suite here in its own
tests. Nothing in a running installation imports this.
"""
