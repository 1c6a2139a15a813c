"""Review: what people decide about what was found, and what protects them while they do.

`queueing` says which case is next for whom, `deciding` what a decision reaches, `looking` how
much of a picture a person sees and for how long, `duty` who answers at night, `grading` what is
asked of graders, `quality` how far they agree. Each keeps its rules in a pure `policy` or table;
`handlers` names what the worker runs for them.
"""
