"""The one truth: everything that must outlive a power cut, in SQL and in the vault.

Only this package speaks SQL. Verbs open `with db.transaction() as tx:` and call functions of
the noun modules with that `tx`; what happened goes into the outbox in the same transaction
and acts on the world after the commit. One contract suite runs over SQLite and PostgreSQL.
"""
