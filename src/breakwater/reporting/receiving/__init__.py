"""Receives reports as NCMEC's interface does, and makes cases of them.

In: calls of senders (`web.api.ispws`). Out: answers in the dialect, rows in `records.received`,
and for each finished report a case with its files screened (`casework`, `screening`). The
schema beside this file is ours, written from the published description alone.
"""
