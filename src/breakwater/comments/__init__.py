"""What people write, and what it weighs: text to nats, nats to sums, sums to alarms with reasons."""
