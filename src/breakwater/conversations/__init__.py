"""Conversations: what one side writes to another over days, weighed where the law allows it.

A service sends messages with who wrote to whom (`take`), or what a recipient reported with the
proof that it was sent (`franking`). What counts is kept as sums with dates (`sides`).
"""
