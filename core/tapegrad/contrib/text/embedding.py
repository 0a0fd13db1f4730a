"""Vectors of words, from files with a word and its numbers on each line."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ... import ndarray as nd
from ...errors import ArgumentError, FileFormatError
from ...ndarray.ndarray import NDArray
from .vocab import Vocabulary

__all__ = ["CompositeEmbedding", "CustomEmbedding", "FastText", "GloVe", "create"]


class CustomEmbedding(Vocabulary):
    """Vectors of the words in a file, or of those of a vocabulary; unknown ones have that of `init_unknown_vec`.

    Shapes: `idx_to_vec` is (words, length).

    Dtypes: float32.

    Raises: `OSError` for a file that is not there, `FileFormatError` for lines of different lengths.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w") as file:
    ...     print("a 1 2", "b 3 4", sep=chr(10), file=file, flush=True)
    ...     vectors = CustomEmbedding(file.name)
    >>> vectors.get_vecs_by_tokens(["b", "x"]).asnumpy().tolist(), vectors.vec_len, len(vectors)
    ([[3.0, 4.0], [0.0, 0.0]], 2, 3)
    """

    def __init__(
        self,
        pretrained_file_path: str,
        elem_delim: str = " ",
        encoding: str = "utf8",
        init_unknown_vec: Callable[..., NDArray] = nd.zeros,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        super().__init__()
        vectors: dict[str, list[float]] = {}
        # A byte that is none of the encoding shows up as a character that makes no number.
        with open(pretrained_file_path, encoding=encoding, errors="replace") as file:
            for number, line in enumerate(file):
                word, *numbers = line.rstrip().split(elem_delim)
                if len(numbers) < 2 and number == 0:
                    continue  # a first line may say how many words of which length there are
                try:
                    vectors.setdefault(word, [float(x) for x in numbers])
                except ValueError:
                    raise FileFormatError(
                        f"line {number + 1} of {pretrained_file_path!r} is no word and numbers"
                    ) from None
        lengths = {len(vector) for vector in vectors.values()}
        if len(lengths) != 1:
            raise FileFormatError(
                f"{pretrained_file_path!r} has vectors of {sorted(lengths)} numbers; it takes one length"
            )
        self._set(vectors, lengths.pop(), init_unknown_vec, vocabulary)

    def _set(
        self, vectors: dict[str, Any], length: int, unknown: Callable[..., NDArray], words: Vocabulary | None
    ) -> None:
        first = vectors.pop(self.unknown_token, None)
        base = unknown(shape=length).asnumpy() if first is None else np.asarray(first, np.float32)
        if words is None:
            self._idx_to_token = [self.unknown_token, *vectors]
        else:
            self._idx_to_token = list(words.idx_to_token)
        self._token_to_idx = {word: i for i, word in enumerate(self._idx_to_token)}
        self._idx_to_vec = nd.array(np.array([vectors.get(word, base) for word in self._idx_to_token]))

    @property
    def vec_len(self) -> int:
        """How long vectors are."""
        return self._idx_to_vec.shape[1]

    @property
    def idx_to_vec(self) -> NDArray:
        """The vectors by numbers."""
        return self._idx_to_vec

    def get_vecs_by_tokens(self, tokens: Any, lower_case_backup: bool = False) -> NDArray:
        """The vector of a word, or those of a list; with `lower_case_backup` also by the word in lower case."""
        words = tokens if isinstance(tokens, list) else [tokens]
        if lower_case_backup:
            words = [word if word in self._token_to_idx else word.lower() for word in words]
        vectors = self._idx_to_vec.take(nd.array(self.to_indices(words)))
        return vectors if isinstance(tokens, list) else vectors[0]

    def update_token_vectors(self, tokens: Any, new_vectors: NDArray) -> None:
        """Write the vectors of words that are here."""
        words = tokens if isinstance(tokens, list) else [tokens]
        missing = [word for word in words if word not in self._token_to_idx]
        if missing:
            raise ArgumentError(f"there are no vectors of {missing}; update those of words that are there")
        self._idx_to_vec[nd.array(self.to_indices(words))] = new_vectors.reshape((len(words), -1))


class _Pretrained(CustomEmbedding):
    """Vectors that MXNet would download, from a file that is there already."""

    _folder = ""

    def __init__(
        self,
        pretrained_file_name: str,
        embedding_root: str | None = None,
        init_unknown_vec: Callable[..., NDArray] = nd.zeros,
        vocabulary: Vocabulary | None = None,
    ) -> None:
        home = os.environ.get("MXNET_HOME", os.path.join("~", ".mxnet"))
        path = (
            Path(embedding_root or os.path.join(home, "embeddings")).expanduser() / self._folder / pretrained_file_name
        )
        if not path.exists():
            raise ArgumentError(
                f"{type(self).__name__}() downloads nothing, and {str(path)!r} is not there; save it there"
            )
        super().__init__(str(path), init_unknown_vec=init_unknown_vec, vocabulary=vocabulary)


class GloVe(_Pretrained):
    """The vectors of J. Pennington et al. (2014), from a file in the folder of embeddings.

    >>> GloVe("nobody's.txt")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: GloVe() downloads nothing, and ...
    """

    _folder = "glove"


class FastText(_Pretrained):
    """The vectors of P. Bojanowski et al. (2016), from a file in the folder of embeddings.

    >>> FastText("nobody's.vec")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: FastText() downloads nothing, and ...
    """

    _folder = "fasttext"


class CompositeEmbedding(CustomEmbedding):
    """The vectors of several embeddings, one behind the other, of the words of a vocabulary.

    >>> CompositeEmbedding(Vocabulary(), [])
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: CompositeEmbedding() takes one embedding at least
    """

    def __init__(self, vocabulary: Vocabulary, token_embeddings: Any) -> None:
        Vocabulary.__init__(self)
        embeddings: Sequence[CustomEmbedding] = (
            token_embeddings if isinstance(token_embeddings, list) else [token_embeddings]
        )
        if not embeddings:
            raise ArgumentError("CompositeEmbedding() takes one embedding at least")
        self._idx_to_token = list(vocabulary.idx_to_token)
        self._token_to_idx = dict(vocabulary.token_to_idx)
        self._idx_to_vec = nd.concat(*[e.get_vecs_by_tokens(self._idx_to_token) for e in embeddings], dim=1)


def create(embedding_name: str, **kwargs: Any) -> CustomEmbedding:
    """The embedding of a name, "glove" or "fasttext".

    Raises: `ValueError` for another.

    >>> create("nobody's")
    Traceback (most recent call last):
    tapegrad.errors.ArgumentError: there is no embedding "nobody's"; choose 'glove' or 'fasttext'
    """
    kinds: dict[str, Any] = {"glove": GloVe, "fasttext": FastText}
    if embedding_name.lower() not in kinds:
        raise ArgumentError(f"there is no embedding {embedding_name!r}; choose 'glove' or 'fasttext'")
    return kinds[embedding_name.lower()](**kwargs)  # type: ignore[no-any-return]
