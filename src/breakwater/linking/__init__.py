"""Links: the same place, copy, sound, device or account across everything that is kept.

`taking` has media looked at and their edges found; `series` keeps what belongs together; `judging`
is what people say of it. `searching` finds by an example, `exhibits` takes in what was seized,
`likeness` uses an operator's own models behind a legal gate. Reference: linking.
"""
