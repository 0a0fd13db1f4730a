"""Whether MXNet's programs work with arrays of `nd` or of `np`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import ArgumentError
from ..ndarray.ndarray import edition

__all__ = ["is_np_array", "is_np_shape", "np_array", "reset_np", "set_np", "use_np", "use_np_array"]


def is_np_array() -> bool:
    """Whether the arrays that are made, by Gluon too, are those of `mx.np`.

    >>> is_np_array()
    False
    """
    return edition.numpy


def is_np_shape() -> bool:
    """Whether arrays may have no axes or no elements: always.

    >>> is_np_shape()
    True
    """
    return True


def set_np(shape: bool = True, array: bool = True, dtype: bool = False) -> None:
    """From now on, and in all threads, the arrays that are made are those of `mx.np`, if `array`.

    Those of data loaders, parameters and functions of `nd` are so too. `shape` has no meaning here.

    Raises: `ValueError` for `dtype=True`, by which MXNet makes arrays of float64.

    >>> from tapegrad import nd
    >>> set_np()
    >>> nd.ones(2)
    array([1., 1.])
    >>> reset_np()
    """
    if dtype:
        raise ArgumentError("set_np(dtype=True): use tapegrad.set_default_dtype('float64')")
    edition.numpy = array


def reset_np() -> None:
    """From now on the arrays that are made are those of `nd`.

    >>> reset_np()
    """
    edition.numpy = False


@contextmanager
def np_array(active: bool = True) -> Iterator[None]:
    """A block in which the arrays that are made are those of `mx.np`; also a decorator.

    >>> with np_array():
    ...     is_np_array()
    True
    """
    before, edition.numpy = edition.numpy, active
    try:
        yield
    finally:
        edition.numpy = before


def use_np_array(func: Any) -> Any:
    """A function in which the arrays that are made are those of `mx.np`; a class as it is. A decorator.

    >>> use_np_array(lambda: is_np_array())()
    True
    """
    return func if isinstance(func, type) else np_array()(func)


use_np = use_np_array
