"""Words and their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...errors import ArgumentError

__all__ = ["Vocabulary"]


class Vocabulary:
    """Words by their numbers: the unknown one, 0, the reserved ones, then those of a counter, the most frequent first.

    Of the counter's there are those with `min_freq` at least, and no more than `most_freq_count`.

    Raises: `ValueError` for a `min_freq` below 1, reserved words that are listed twice or unknown, and numbers outside.

    >>> words = Vocabulary(Counter("hello"), reserved_tokens=["<pad>"])
    >>> words.idx_to_token
    ['<unk>', '<pad>', 'l', 'e', 'h', 'o']
    >>> words.to_indices(["o", "x"])
    [5, 0]
    """

    def __init__(
        self,
        counter: Counter[Any] | None = None,
        most_freq_count: int | None = None,
        min_freq: int = 1,
        unknown_token: Any = "<unk>",
        reserved_tokens: Sequence[Any] | None = None,
    ) -> None:
        reserved = list(reserved_tokens or [])
        if min_freq < 1 or unknown_token in reserved or len(set(reserved)) != len(reserved):
            raise ArgumentError(
                f"Vocabulary(): min_freq is {min_freq} and reserved_tokens are {reserved}; give 1 or more, and each "
                f"once, without {unknown_token!r}"
            )
        self._reserved_tokens = None if reserved_tokens is None else reserved
        first = [unknown_token, *reserved]
        ranked = sorted(sorted((counter or Counter()).items()), key=lambda pair: -pair[1])
        words = [word for word, count in ranked if count >= min_freq and word not in first]
        self._idx_to_token = first + words[:most_freq_count]
        self._token_to_idx = {word: i for i, word in enumerate(self._idx_to_token)}

    def __len__(self) -> int:
        return len(self._idx_to_token)

    @property
    def token_to_idx(self) -> dict[Any, int]:
        """Numbers by words."""
        return self._token_to_idx

    @property
    def idx_to_token(self) -> list[Any]:
        """Words by numbers."""
        return self._idx_to_token

    @property
    def unknown_token(self) -> Any:
        """What stands for all words that are not here."""
        return self._idx_to_token[0]

    @property
    def reserved_tokens(self) -> list[Any] | None:
        """The words that are here in any case."""
        return self._reserved_tokens

    def to_indices(self, tokens: Any) -> Any:
        """The number of a word, or a list of them."""
        if isinstance(tokens, list):
            return [self._token_to_idx.get(word, 0) for word in tokens]
        return self._token_to_idx.get(tokens, 0)

    def to_tokens(self, indices: Any) -> Any:
        """The word of a number, or a list of them."""
        numbers = indices if isinstance(indices, list) else [indices]
        for i in numbers:
            if not 0 <= i < len(self):
                raise ArgumentError(f"Token index {i} in the provided `indices` is invalid: there are {len(self)}")
        words = [self._idx_to_token[i] for i in numbers]
        return words if isinstance(indices, list) else words[0]
