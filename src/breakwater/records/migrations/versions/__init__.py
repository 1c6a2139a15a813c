"""The revisions, each frozen once it is released: they say what was, not what is."""
