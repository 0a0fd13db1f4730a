"""Streams of random numbers, drawn on the host, so that a seed means the same numbers on every engine."""
