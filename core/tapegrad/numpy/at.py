"""`x.at[key].set(values)`: writes that give a new array and leave the old one as it is, in JAX's words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as host

from ..arrays.array import Array, handle
from ..arrays.batched import engine_of, place_beside
from ..arrays.views import is_plain
from ..engines.tables import OPS
from ..engines.tables import RECORDED as op
from ..ops.indexing import AT, as_value, read, with_put

if TYPE_CHECKING:
    from .arrays import ndarray

__all__ = ["Updates"]


class Updates:
    """What `x.at` is: `x.at[key]` has the writes at that key."""

    __slots__ = ("_x",)

    def __init__(self, x: ndarray) -> None:
        self._x = x

    def __getitem__(self, key: Any) -> UpdatesAt:
        return UpdatesAt(self._x, key)


class UpdatesAt:
    """Writes at a key of an array, each of which gives a new array and leaves the old one as it is.

    Values broadcast to what the key reads and are cast to the dtype of the array. Of values for one place, which a
    repeated index makes, `set` takes the last and all others take every one in turn. What says that indices are unique
    or sorted is taken, and not needed.

    Raises: `IndexError` for an index out of bounds, `ShapeError` for values that do not fit, `DtypeError` for complex
    numbers into real ones.

    >>> import tapegrad.numpy as tnp
    >>> x = tnp.zeros(3)
    >>> x.at[[0, 0, 2]].add(1.0), x
    (Array([2., 0., 1.], dtype=float32), Array([0., 0., 0.], dtype=float32))
    """

    __slots__ = ("_key", "_x")

    def __init__(self, x: ndarray, key: Any) -> None:
        self._x = x
        self._key = key

    def get(self) -> ndarray:
        """The elements at the key, a copy."""
        return read(self._x, self._key).copy()  # type: ignore[return-value]

    def set(self, values: Any, *, indices_are_sorted: bool = False, unique_indices: bool = False) -> ndarray:
        """The array with these values at the key."""
        return with_put(self._x, self._key, values).copy()  # type: ignore[return-value]

    def add(self, values: Any, *, indices_are_sorted: bool = False, unique_indices: bool = False) -> ndarray:
        """The array with these values added at the key."""
        return self._added(values, 1)

    def subtract(self, values: Any, *, indices_are_sorted: bool = False, unique_indices: bool = False) -> ndarray:
        """The array with these values taken away at the key."""
        return self._added(values, -1)

    def multiply(self, values: Any, *, indices_are_sorted: bool = False, unique_indices: bool = False) -> ndarray:
        """The array with the elements at the key multiplied by these values."""
        return self._with("multiply", values)

    mul = multiply

    def divide(self, values: Any, *, indices_are_sorted: bool = False, unique_indices: bool = False) -> ndarray:
        """The array with the elements at the key divided by these values."""
        return self._with("divide", values)

    def power(self, values: Any, *, indices_are_sorted: bool = False, unique_indices: bool = False) -> ndarray:
        """The array with the elements at the key to the power of these values."""
        return self._with("power", values)

    def min(self, values: Any, *, indices_are_sorted: bool = False, unique_indices: bool = False) -> ndarray:
        """The array with the lesser of each element at the key and its value."""
        return self._with("minimum", values)

    def max(self, values: Any, *, indices_are_sorted: bool = False, unique_indices: bool = False) -> ndarray:
        """The array with the greater of each element at the key and its value."""
        return self._with("maximum", values)

    def apply(
        self, func: Callable[[Any], Any], *, indices_are_sorted: bool = False, unique_indices: bool = False
    ) -> ndarray:
        """The array with a function applied to the elements at the key; to one that is named twice, twice."""
        return self._in_turn(lambda elements, _: func(elements), None)

    def _with(self, name: str, values: Any) -> ndarray:
        return self._in_turn(OPS[name].call, values)

    def _placed(self, values: Any) -> tuple[Array, Any]:
        """The places that the key names, as in an array laid flat, and values for each of them."""
        x = self._x
        engine = engine_of(x)
        numbers = engine.backend.from_numpy(host.arange(x.size).reshape(x.shape), device=place_beside(x))
        places = read(handle(x.__class__, numbers, None, engine), self._key)
        if values is not None:
            values = as_value(x, values)
            while values.ndim > places.ndim and values.shape[0] == 1:
                values = op.reshape(values, shape=values.shape[1:])
            values = op.reshape(op.broadcast_to(values, shape=places.shape), shape=(places.size,))
        return op.reshape(places, shape=(places.size,)), values

    def _added(self, values: Any, sign: int) -> ndarray:
        x = self._x
        places, values = self._placed(values)
        more = op.reshape(op.scatter_add(values, places, key=(AT,), shape=(x.size,)), shape=x.shape)
        found: ndarray = x + more if sign > 0 else x - more
        return found

    def _in_turn(self, function: Callable[[Any, Any], Any], values: Any) -> ndarray:
        """The array with `function(elements, values)` at the key, once for each time that a place is named."""
        x = self._x
        places, values = self._placed(values)
        flat = op.reshape(x, shape=(x.size,))
        for turn in (
            [None]
            if places.size < 2 or is_plain(self._key if isinstance(self._key, tuple) else (self._key,))
            else _turns(places)
        ):
            at, some = places, values
            if turn is not None:
                at, some = places[turn], None if values is None else values[turn]
            flat = with_put(flat, at, function(flat[at], some))
        return op.reshape(flat, shape=x.shape)  # type: ignore[no-any-return]


def _turns(places: Array) -> list[Any]:
    """Where among `places` each is named the first time, the second time, and so on; None for all."""
    flat = places.asnumpy()
    order = host.argsort(flat, kind="stable")
    ranked = flat[order]
    first = host.flatnonzero(host.concatenate([[True], ranked[1:] != ranked[:-1]]))
    if len(first) == len(flat):
        return [None]
    runs = host.diff(host.concatenate([first, [len(flat)]]))
    turn = host.empty(len(flat), host.int64)
    turn[order] = host.arange(len(flat)) - host.repeat(first, runs)
    return [host.flatnonzero(turn == number) for number in range(int(runs.max()))]
