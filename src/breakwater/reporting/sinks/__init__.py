"""Other recipients than NCMEC: a form, a sealed parcel, a way over, a receipt.

In comes a filing; out goes a file that only the recipient can open, handed over by a person, put
into a folder, or told of by mail. `courier` carries it, each step in its own commit.
"""
