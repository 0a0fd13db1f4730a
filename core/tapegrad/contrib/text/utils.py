"""Counts of words."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["count_tokens_from_str"]


def count_tokens_from_str(
    source_str: str,
    token_delim: str = " ",
    seq_delim: str = "\n",
    to_lower: bool = False,
    counter_to_update: Counter[str] | None = None,
) -> Counter[str]:
    """How often each word is in a text, which regular expressions split, added to a counter if there is one.

    >>> count_tokens_from_str("a b\\na", to_lower=True)
    Counter({'a': 2, 'b': 1})
    """
    words = [word for word in re.split(f"{token_delim}|{seq_delim}", source_str) if word]
    counter = Counter() if counter_to_update is None else counter_to_update
    counter.update([word.lower() for word in words] if to_lower else words)
    return counter
