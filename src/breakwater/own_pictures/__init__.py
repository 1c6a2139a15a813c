"""For the person in the picture: a hash without a name comes in, a code goes out.

What is sent may hold an upload, never block it, until a person has looked. Nothing says who sent
it: neither name nor address nor cookie, so floods are slowed by work and by one bucket for all.
"""
