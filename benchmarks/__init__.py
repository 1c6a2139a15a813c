"""Measurements beside the tools people use today; `make bench NAME=match` runs one."""
