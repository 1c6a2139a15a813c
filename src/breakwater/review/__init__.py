"""Review: what people see of a case, how much, and for how long.

`views` shows one frame at a time and writes down each look before its first byte; `policy`
says how long a person may look. Queue moves, decisions and grading join here.
"""
