"""The one place where bytes become signals and signals become matches.

`task` runs inside the jail (decode and hash); `screen` joins what the index finds with the
entries' banks. `intake` and `banks` are the callers.
"""
