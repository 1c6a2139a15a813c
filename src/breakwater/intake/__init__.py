"""An upload or a hash query comes in; allow, hold or block goes out.

`submit` screens files, `lookup` screens hashes, `revise` changes a verdict when the lists
change, `resumable` and `objects` are other ways for bytes to arrive, `policy` decides.
"""
