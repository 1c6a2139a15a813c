"""What reaches those who can act: preserved evidence, reports that are never lost or doubled.

In comes a case that a person decided; out go reports to authorities, packages for police, and
the receipts that prove both. The receiving side stands here too: `receiving` takes reports in.
"""
