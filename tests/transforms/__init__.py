"""Transforms, alone and in composition, over every op."""
