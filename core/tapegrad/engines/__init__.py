"""Who computes: backends, the registry of those that are there, and the kernel tables over raw arrays."""
