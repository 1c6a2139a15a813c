"""Broadcasts watched: placed by leases on watcher processes, pulled by jailed children.

`watching.Watching` (in the server) owns leases and truth; `process` is a watcher, one for each
core, without a database; its children pull one broadcast each. Frames come to the owner and are
matched by `spotting`; the last minutes lie encrypted on disk (`live.preroll`).
"""
