"""Boards in the hands of tests: the pytest plugin and what stands behind it."""
