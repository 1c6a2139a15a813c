"""How much there is and what is done about it: figures for the public, a regulator, an auditor.

`prevalence` estimates how much is shown from spot checks, `suppression` hides small counts,
`gathering` reads every figure of a period, `papers` and `plots` print them, `measures` says which
measures of a code are on and what proves it. No figure names a person, an account or a broadcast.
"""
