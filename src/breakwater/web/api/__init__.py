"""The JSON API (v1, whose OpenAPI document is the contract) and the older dialects beside it.

Handlers translate: pydantic at the edge, nouns inside, one call of a verb in between.
"""
