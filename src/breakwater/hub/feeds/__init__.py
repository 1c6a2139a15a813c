"""Ways out of the hub: one reading of the changes, several spellings.

`reading` turns rows into news for one view, by `hub.policy` alone; `ncmec`, `changes`, `segments`
and `files` spell them; `clock` gives entries their seconds, `releases` moves what rules moved.
"""
