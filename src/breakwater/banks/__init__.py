"""Banks and their entries: made, filled, imported, doubted, and matched backwards.

`manage` is what people and keys do, `load` imports lists of millions, `quarantine` holds
floods, `retroactive` finds what passed before an entry was known.
"""
