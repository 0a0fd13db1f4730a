"""Words: their numbers, and vectors for them from files."""

from . import embedding, utils, vocab

__all__ = ["embedding", "utils", "vocab"]
