"""From a case that a person decided to reports: what is known, what is missing, and why it matters."""
