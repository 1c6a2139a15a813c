"""The loop that delivers the outbox, claims jobs and takes regular turns."""
