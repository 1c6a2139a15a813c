"""What people write, and what it weighs: text to nats, nats to sums, sums to alarms with reasons.

In: `model.comment.Message`. Out: `Scored`, then `Alarm`. Nothing here keeps what was written for
longer than the ring of thirty minutes, and nothing prints it. Source: reference chat.
"""
