"""Who is asking: people, their sessions and passkeys, and the API keys of machines.

In come a name and proof (link, password, passkey, key); out goes a `Principal`, or an error.
`web.gate` is the only reader at run time; the console's People page and `cli` manage people.
"""
