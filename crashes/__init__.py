"""Killing the program and cutting its power, on purpose and often: docs/RELIABILITY.md has what came of it."""
