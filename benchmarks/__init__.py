"""Benchmarks of tapegrad beside hand-written NumPy and its peers: ``python -m benchmarks`` from the repository root."""
