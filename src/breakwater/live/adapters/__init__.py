"""One module a media server: its own words mapped to `live.ports.MediaServer`.

Contract: `breakwater.testing.media_servers`, run by `tests/integration/test_media_servers.py`.
"""
