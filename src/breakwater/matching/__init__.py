"""Finding: known hashes in mapped files, and which of them a query is near to.

Changes of bank entries come in (from `records`, through `recognition.feed`); candidates
(entry number, distance) go out to `recognition.screen`. `index.Index` is the door.
"""
