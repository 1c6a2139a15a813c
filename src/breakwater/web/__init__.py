"""HTTP: the versioned API and its dialects, the console's pages, and the gate before both.

`server.create(app)` joins them into one ASGI application; `gate` turns a session, key or
allow-listed address into a `Principal` before a byte of the body is read; `problem` answers
every error in one form; `envelope` puts the same headers on every response.
"""
