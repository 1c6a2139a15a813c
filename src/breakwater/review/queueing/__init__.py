"""Which case is next for whom: queues, routing rules, leases, clocks, reports from outside."""
