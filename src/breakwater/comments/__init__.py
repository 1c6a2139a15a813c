"""What people write, as evidence: normalised, weighed by a model, a lexicon and cues.

In: `model.comment.Message`. Out: `Scored` with its parts. Nothing here keeps what was written,
and nothing prints it. Fed by `live` and `conversations`. Source: reference chat.
"""
