"""Spot checks of public broadcasts: drawn at random, looked at by people, purged in 72 hours.

`rules` says what may be drawn and how, `drawing` draws, `checks` takes strips and purges them,
`desk` takes what people answer. Off unless an operator turns it on.
"""
