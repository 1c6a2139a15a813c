"""What a decision preserves, for how long, and how it ends.

`evidence` reads what there is around a case, `keep` puts it under its hold and keeps trying,
`ending` destroys what nothing holds any more, `holding` is what people do with holds.
"""
