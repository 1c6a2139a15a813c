"""Whether somebody who registers was sanctioned before, by keyed hashes of what they tell.

In come decisions and registrations as services tell them; out go sanctions, and allow, watch or
refuse with what it rests on. No identifier is kept: `normalise` makes each one, `records` keeps
its keyed hash, `policy` says what a match is worth.
"""
