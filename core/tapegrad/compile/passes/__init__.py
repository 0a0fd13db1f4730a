"""Passes: each takes a tree of segments to one that gives the same, and leaves the tree that it was given as it was."""
