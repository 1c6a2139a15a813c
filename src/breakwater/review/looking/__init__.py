"""Looking at media: who may, how large, for how long, on which machine, and what it does to people."""
