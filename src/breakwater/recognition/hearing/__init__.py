"""The running engines of chats: lanes of child processes, fed by `live` and `conversations`.

What people write goes through pipes and memory only; what stays is sums, in rows.
"""
