"""How samples become a batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import ndarray as nd
from ...errors import ShapeError
from ...ndarray.ndarray import NDArray

__all__ = ["AsList", "Group", "Pad", "Stack", "default_batchify_fn", "default_mp_batchify_fn"]
__dir__ = __all__.copy


def default_batchify_fn(data: Sequence[Any]) -> Any:
    """Samples stacked along a new first axis; of samples with parts, each part.

    Shapes: n samples of one shape give (n, …).

    Dtypes: those of the samples.

    Raises: `ShapeError` for samples of different shapes.

    >>> x, y = default_batchify_fn([(np.zeros(2, "float32"), 1), (np.ones(2, "float32"), 2)])
    >>> x.shape, y.dtype
    ((2, 2), <class 'numpy.int64'>)
    """
    if isinstance(data[0], NDArray):
        return nd.stack(*data, axis=0)
    if isinstance(data[0], tuple):
        return [default_batchify_fn(part) for part in zip(*data, strict=True)]
    try:
        host = np.asarray(data)
    except ValueError:
        shapes = dict.fromkeys(str(sample.shape) if isinstance(sample, np.ndarray) else "of lists" for sample in data)
        raise ShapeError(
            f"samples of a batch differ in their shapes, {', '.join(shapes)}; give the DataLoader a batchify_fn that "
            "makes them alike, such as gluon.data.batchify.Pad()"
        ) from None
    return nd.array(host, dtype=host.dtype)


default_mp_batchify_fn = default_batchify_fn


class Stack:
    """`default_batchify_fn`, as an object.

    >>> Stack()([np.zeros(2), np.ones(2)]).shape
    (2, 2)
    """

    def __call__(self, data: Sequence[Any]) -> Any:
        return default_batchify_fn(data)


class Pad:
    """Samples stacked, the shorter ones filled up with a value at their ends.

    >>> Pad(val=-1)([[1, 2], [3]]).asnumpy().tolist()
    [[1, 2], [3, -1]]
    """

    def __init__(self, axis: int = 0, val: float = 0, dtype: Any = None, use_shared_mem: bool = False) -> None:
        self._axis = axis
        self._val = val
        self._dtype = dtype

    def __call__(self, data: Sequence[Any]) -> NDArray:
        hosts = [np.asarray(x) for x in data]
        longest = max(x.shape[self._axis] for x in hosts)

        def filled(x: Any) -> Any:
            widths = [(0, longest - n if i == self._axis else 0) for i, n in enumerate(x.shape)]
            return np.pad(x, widths, constant_values=self._val)

        batch = np.stack([filled(x) for x in hosts])
        return nd.array(batch, dtype=self._dtype or batch.dtype)


class AsList:
    """Samples as they are, in a list.

    >>> AsList()(["a", "b"])
    ['a', 'b']
    """

    def __call__(self, data: Sequence[Any]) -> list[Any]:
        return list(data)


class Group:
    """A function for each part of the samples.

    >>> Group(Stack(), Pad())([(1, [1]), (2, [1, 2])])[1].shape
    (2, 2)
    """

    def __init__(self, *fns: Callable[[Sequence[Any]], Any]) -> None:
        self._fns = fns[0] if len(fns) == 1 and isinstance(fns[0], (list, tuple)) else fns

    def __call__(self, data: Sequence[Any]) -> list[Any]:
        return [fn(part) for fn, part in zip(self._fns, zip(*data, strict=True), strict=True)]
