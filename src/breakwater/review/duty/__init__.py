"""Who is on call: the rota, calling until somebody answers, the pager."""
