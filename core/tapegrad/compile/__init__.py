"""Compiled functions: a program is run once, its kernel calls are noted down, and from then on those are run."""
