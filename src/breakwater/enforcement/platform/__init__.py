"""Acts on services: what decisions ask of content and accounts, sent until it is acknowledged.

In come decisions and verdicts (`following`) and people's wishes (`acting`); out go acts by a
`PlatformAdapter` (`sending`, `webhook`), tried for three days, fenced by epoch, taken back on appeal.
"""
