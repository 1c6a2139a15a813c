"""The hub: lists of hashes shared between those who may, and what members say of them.

`policy` decides what a member may see, on every way out; `contribute` and `curate` take in,
`feeds` give out. A shared list is a bank; nothing is released without a rule. Reference:
hash-sharing; contract tests: `tests/contract/test_hub_*.py`.
"""
