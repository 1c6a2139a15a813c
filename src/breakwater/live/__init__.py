"""Live: broadcasts told by media servers, watched, recognised, and the wish to stop them.

In come hooks and polls of media servers (`adapters`), pulled frames (`watching`), reports and
people's acts; out go cases, alerts and orders, which `enforcement` carries to the servers.
"""
