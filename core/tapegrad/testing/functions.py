"""The public functions that are composed of ops, with samples of their own, so that every name of a face is judged.

A sample is a tuple of draws, or `(draws, keywords)`, as beside an op; where the function does not take the arrays one
by one, the first of the tuple is what to call with them.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from ..op.samples import Draw, distinct, exactly, normal, positive, symmetric, uniform

__all__ = ["FUNCTIONS", "Call", "calls_of", "resolve"]


@cache
def resolve(name: str) -> Callable[..., Any]:
    """The function of that name under `tapegrad`."""
    module, _, last = f"tapegrad.{name}".rpartition(".")
    found: Callable[..., Any] = getattr(import_module(module), last)
    return found


@dataclass(frozen=True)
class Call:
    """One sample of a function: what is called, with which arrays and keywords."""

    function: str
    number: int
    call: Callable[..., Any]
    draws: tuple[Any, ...]
    keywords: dict[str, Any]

    @property
    def id(self) -> str:
        """`numpy.median-1`."""
        return f"{self.function}-{self.number}"

    def __str__(self) -> str:
        options = [f"{name}={value!r}" for name, value in self.keywords.items()]
        return f"{self.function}({', '.join([*map(repr, self.draws), *options])})"

    def arrays(self, dtype: Any) -> list[Any]:
        """The arguments, in that dtype: the same numbers whenever they are drawn."""
        rng = np.random.default_rng(zlib.crc32(self.id.encode()))
        return [x.draw(rng, dtype) for x in self.draws]


def calls_of(function: str) -> list[Call]:
    """The samples of a function."""
    found = []
    for number, sample in enumerate(FUNCTIONS[function]):
        with_keywords = len(sample) == 2 and isinstance(sample[0], tuple) and isinstance(sample[1], dict)
        draws, keywords = sample if with_keywords else (sample, {})
        call: Any = resolve(function)
        if not isinstance(draws[0], Draw):
            call, *draws = draws
        found.append(Call(function, number, call, tuple(draws), dict(keywords)))
    return found


def _several(name: str, **keywords: Any) -> Callable[..., Any]:
    """A function that takes its arrays as one list."""

    def call(*arrays: Any) -> Any:
        return resolve(name)(list(arrays), **keywords)

    return call


def _after(*first: Any, name: str, **keywords: Any) -> Callable[..., Any]:
    """A function whose first arguments are no arrays to differentiate."""

    def call(*arrays: Any) -> Any:
        return resolve(name)(*first, *arrays, **keywords)

    return call


def _before(name: str, *last: Any, **keywords: Any) -> Callable[..., Any]:
    """A function whose last arguments are no arrays to differentiate."""

    def call(*arrays: Any) -> Any:
        return resolve(name)(*arrays, *last, **keywords)

    return call


def _written(name: str, *between: Any) -> Callable[..., Any]:
    """A function that writes its last argument into its first one, as one that gives what was written to."""

    def call(x: Any, value: Any) -> Any:
        x = x * 1
        resolve(f"numpy.{name}")(x, *between, value)
        return x

    return call


def _part(name: str, part: int, **keywords: Any) -> Callable[..., Any]:
    """One of a function's several results: those beside it may be no arrays, or have no derivative."""

    def call(*arrays: Any) -> Any:
        return resolve(name)(*arrays, **keywords)[part]

    return call


def _regular(n: int) -> Draw:
    """Matrices that are far from singular."""
    return normal(n, n).then(lambda x: x / 4 + np.diag(np.arange(n) + 2.0))


_HOLES = exactly([[0.3, math.nan, -1.2, 0.8], [math.nan, 1.1, 0.4, -0.7], [2.0, -0.1, math.nan, 0.2]])
_AT = np.array([2, 0, 1, 1])
_MASK = np.array([True, False, True, True, False])
_ROWS = np.array([[True, False, True, True], [False, True, True, False], [True, True, True, True]])

_NUMPY: dict[str, list[Any]] = {
    "amax": [(distinct(3, 4),), ((distinct(3, 4),), {"axis": 1, "keepdims": True})],
    "amin": [(distinct(3, 4),), ((distinct(3, 4),), {"axis": 0})],
    "angle": [((normal(5),), {"deg": True})],
    "append": [(normal(3), normal(2, 2)), ((normal(2, 3), normal(1, 3)), {"axis": 0})],
    "apply_along_axis": [
        (lambda x: resolve("numpy.apply_along_axis")(lambda row: row[:2] * row[1], 1, x), normal(3, 4))
    ],
    "array": [(lambda x: resolve("numpy.array")([x, x * 2]), normal(3))],
    "array_split": [
        (_before("numpy.array_split", 3), normal(5)),
        (_before("numpy.array_split", [1, 3], axis=1), normal(2, 4)),
    ],
    "asarray": [(normal(3),)],
    "ascontiguousarray": [(normal(2, 3),)],
    "astype": [(_before("numpy.astype", np.dtype("float64")), normal(3))],
    "atleast_1d": [(normal(),), (normal(), normal(2))],
    "atleast_2d": [(normal(3),)],
    "atleast_3d": [(normal(3),), (normal(3, 4),)],
    "average": [
        (normal(3, 4),),
        ((normal(3, 4),), {"axis": 1}),
        (lambda x, w: resolve("numpy.average")(x, axis=0, weights=w), normal(3, 4), positive(3)),
    ],
    "bincount": [(lambda w: resolve("numpy.bincount")(np.array([0, 1, 1, 3, 0]), weights=w), normal(5))],
    "block": [(lambda x, y: resolve("numpy.block")([[x, y], [y, x]]), normal(2, 3), normal(2, 3))],
    "broadcast_arrays": [(normal(3, 1), normal(4))],
    "broadcast_to": [((normal(3, 1),), {"shape": (2, 3, 4)}), ((normal(),), {"shape": (0, 2)})],
    "choose": [(lambda x, y: resolve("numpy.choose")(np.array([0, 1, 0, 1]), [x, y]), normal(4), normal(4))],
    "clip": [
        ((normal(3, 4),), {"min": -0.5, "max": 0.7}),
        ((normal(5),), {"a_max": 0.1}),
        (normal(3, 4), normal(4), positive(3, 1)),
    ],
    "column_stack": [(_several("numpy.column_stack"), normal(3), normal(3, 2))],
    "compress": [
        (_after(_MASK, name="numpy.compress", axis=0), normal(5, 2)),
        (_after(_MASK, name="numpy.compress"), normal(5)),
    ],
    "concat": [
        (_several("numpy.concat"), normal(2, 3), normal(1, 3)),
        (_several("numpy.concat", axis=None), normal(2, 2), normal(3)),
    ],
    "concatenate": [
        (_several("numpy.concatenate", axis=1), normal(2, 3), normal(2, 1)),
        (_several("numpy.concatenate"), normal(0), normal(3)),
    ],
    "convolve": [
        (normal(5), normal(3)),
        ((normal(5), normal(3)), {"mode": "same"}),
        ((normal(2), normal(4)), {"mode": "valid"}),
    ],
    "copy": [(normal(2, 3),)],
    "corrcoef": [(normal(3, 5),), ((normal(4, 2),), {"rowvar": False})],
    "correlate": [(normal(5), normal(3)), ((normal(5), normal(3)), {"mode": "full"})],
    "cov": [(normal(3, 5),), ((normal(5, 2),), {"rowvar": False, "ddof": 0}), (normal(4),)],
    "cross": [(normal(3), normal(2, 3))],
    "cumprod": [(positive(4),), ((positive(2, 3),), {"axis": 1})],
    "cumsum": [(normal(2, 3),), ((normal(2, 3),), {"axis": 0})],
    "cumulative_prod": [(positive(4),), ((positive(2, 3),), {"axis": 1, "include_initial": True})],
    "cumulative_sum": [(normal(4),), ((normal(2, 3),), {"axis": 0, "include_initial": True})],
    "delete": [
        (_before("numpy.delete", [1, -1]), normal(5)),
        (_before("numpy.delete", slice(0, 2), axis=1), normal(2, 4)),
    ],
    "diag": [((normal(3),), {"k": 1}), ((normal(3, 4),), {"k": -1})],
    "diagflat": [((normal(2, 2),), {"k": -1})],
    "diagonal": [((normal(3, 4),), {"offset": 1}), ((normal(2, 3, 3),), {"axis1": 1, "axis2": 2})],
    "diff": [
        (normal(5),),
        ((normal(2, 5),), {"n": 2}),
        (lambda x, a: resolve("numpy.diff")(x, prepend=a), normal(4), normal(2)),
    ],
    "divmod": [(_part("numpy.divmod", 1), uniform(5, low=3.2, high=3.8), uniform(5, low=1.3, high=1.5))],
    "dot": [
        (normal(3, 4), normal(4, 2)),
        (normal(4), normal(4)),
        (normal(2, 3, 4), normal(2, 4, 3)),
        (normal(), normal(3)),
    ],
    "dsplit": [(_before("numpy.dsplit", 2), normal(2, 1, 4))],
    "dstack": [(_several("numpy.dstack"), normal(2, 3), normal(2, 3))],
    "ediff1d": [(normal(2, 3),), (lambda x, a: resolve("numpy.ediff1d")(x, to_end=a), normal(4), normal(2))],
    "einsum": [
        (_after("ij,kj->ik", name="numpy.einsum"), normal(3, 4), normal(2, 4)),
        (_after("ii", name="numpy.einsum"), normal(3, 3)),
        (_after("...i,i->...", name="numpy.einsum"), normal(2, 3, 4), normal(4)),
    ],
    "expand_dims": [((normal(2, 3),), {"axis": 1}), ((normal(2),), {"axis": (0, 2)})],
    "extract": [(_after(_MASK, name="numpy.extract"), normal(5))],
    "fabs": [(normal(3, 4),)],
    "flip": [(normal(2, 3),), ((normal(2, 3),), {"axis": 1})],
    "fliplr": [(normal(2, 3),)],
    "flipud": [(normal(3, 2),)],
    "float_power": [(positive(3, 1), normal(4))],
    "frexp": [(_part("numpy.frexp", 0), uniform(4, low=1.1, high=1.9))],
    "full": [(_after((2, 3), name="numpy.full"), normal())],
    "full_like": [(_after(np.zeros((2, 3)), name="numpy.full_like"), normal())],
    "geomspace": [((positive(), positive()), {"num": 5})],
    "gradient": [
        (normal(5),),
        ((normal(3, 4),), {"axis": 1}),
        (_before("numpy.gradient", 0.5), normal(4, 3)),
    ],
    "histogram": [
        (
            lambda w: resolve("numpy.histogram")(np.array([0.1, 0.5, 0.9, 0.3]), bins=3, range=(0, 1), weights=w)[0],
            normal(4),
        )
    ],
    "hsplit": [(_before("numpy.hsplit", 2), normal(2, 4))],
    "hstack": [
        (_several("numpy.hstack"), normal(2, 3), normal(2, 1)),
        (_several("numpy.hstack"), normal(2), normal(3)),
    ],
    "imag": [(lambda x: resolve("numpy.imag")(x * (2 + 3j)), normal(2, 3))],
    "inner": [(normal(2, 3), normal(4, 3)), (normal(3), normal(3))],
    "insert": [
        (lambda x, v: resolve("numpy.insert")(x, 1, v, axis=1), normal(2, 3), normal(2)),
        (lambda x, v: resolve("numpy.insert")(x, [0, 2], v), normal(4), normal(2)),
    ],
    "interp": [
        (lambda x, f: resolve("numpy.interp")(x, np.arange(5.0), f), uniform(6, low=0.2, high=3.8), normal(5)),
        (
            lambda x, xp, f: resolve("numpy.interp")(x, xp, f),
            exactly([0.3, 1.4, 3.6]),
            exactly([0.0, 1.0, 2.5, 4.0]),
            normal(4),
        ),
    ],
    "kron": [(normal(2, 2), normal(1, 3)), (normal(2), normal(2, 2))],
    "ldexp": [(_before("numpy.ldexp", np.array([1, -2, 0])), normal(3))],
    "linspace": [
        ((normal(), normal()), {"num": 5}),
        ((normal(2), normal(2)), {"num": 4, "axis": 1, "endpoint": False}),
    ],
    "logaddexp2": [(normal(3, 4), normal(4))],
    "logspace": [((normal(), normal()), {"num": 4})],
    "logsumexp": [(normal(3, 4),), ((normal(3, 4),), {"axis": 1, "keepdims": True})],
    "matmul": [(normal(3, 4), normal(4, 2)), (normal(4), normal(2, 4, 3)), (normal(2, 3, 4), normal(4))],
    "matrix_transpose": [(normal(2, 3, 4),)],
    "max": [
        ((distinct(3, 4),), {"axis": 1}),
        ((distinct(3, 4),), {"where": _ROWS, "initial": -20.0, "axis": 0}),
        (exactly([1.0, 2.0, 2.0]),),
    ],
    "mean": [((normal(3, 4),), {"axis": 0}), ((normal(3, 4),), {"where": _ROWS, "axis": 1})],
    "median": [
        (distinct(5),),
        ((distinct(3, 4),), {"axis": 1}),
        ((distinct(2, 3, 4),), {"axis": (0, 2), "keepdims": True}),
    ],
    "meshgrid": [(normal(2), normal(3)), ((normal(2), normal(3)), {"indexing": "ij"})],
    "min": [((distinct(3, 4),), {"axis": 0}), ((distinct(3, 4),), {"initial": -0.2})],
    "modf": [(_part("numpy.modf", 0), uniform(5, low=1.1, high=1.9))],
    "moveaxis": [(_before("numpy.moveaxis", 0, -1), normal(2, 3, 4))],
    "nancumprod": [(_HOLES,), ((_HOLES,), {"axis": 1})],
    "nancumsum": [(_HOLES,), ((_HOLES,), {"axis": 0})],
    "nanmax": [((_HOLES,), {"axis": 1}), (_HOLES,)],
    "nanmean": [(_HOLES,), ((_HOLES,), {"axis": 0, "keepdims": True})],
    "nanmedian": [(_HOLES,), ((_HOLES,), {"axis": 1})],
    "nanmin": [((_HOLES,), {"axis": 0}), (_HOLES,)],
    "nanpercentile": [((_HOLES,), {"q": 30.0}), ((_HOLES,), {"q": 60.0, "axis": 1})],
    "nanprod": [(_HOLES,), ((_HOLES,), {"axis": 1})],
    "nanquantile": [((_HOLES,), {"q": 0.3}), ((_HOLES,), {"q": 0.7, "axis": 0})],
    "nanstd": [(_HOLES,), ((_HOLES,), {"axis": 1})],
    "nansum": [(_HOLES,), ((_HOLES,), {"axis": 0})],
    "nanvar": [(_HOLES,), ((_HOLES,), {"axis": 1, "ddof": 1})],
    "outer": [(normal(3), normal(4)), (normal(2, 2), normal(3))],
    "pad": [
        ((normal(2, 3),), {"pad_width": 1}),
        ((normal(4),), {"pad_width": (2, 1), "mode": "reflect"}),
        ((normal(3),), {"pad_width": 2, "mode": "edge"}),
        ((normal(3),), {"pad_width": 2, "mode": "wrap"}),
    ],
    "partition": [(_before("numpy.partition", 2), distinct(5))],
    "percentile": [((distinct(5),), {"q": 30.0}), ((distinct(3, 4),), {"q": 75.0, "axis": 1})],
    "permute_dims": [(_before("numpy.permute_dims", (2, 0, 1)), normal(2, 3, 4))],
    "piecewise": [
        (lambda x: resolve("numpy.piecewise")(x, [x < 0, x >= 0], [lambda v: v * v, lambda v: v * 3]), normal(5))
    ],
    "polyval": [(normal(4), normal(3)), (normal(3), normal())],
    "prod": [(normal(3, 2),), ((normal(2, 3),), {"axis": 1}), (exactly([2.0, 0.0, 3.0]),)],
    "ptp": [(distinct(5),), ((distinct(3, 4),), {"axis": 1})],
    "quantile": [
        ((distinct(5),), {"q": 0.3}),
        ((distinct(3, 4),), {"q": 0.6, "axis": 0, "keepdims": True}),
        ((distinct(5),), {"q": 0.4, "method": "midpoint"}),
    ],
    "ravel": [(normal(2, 3),), ((normal(2, 3),), {"order": "F"})],
    "real": [(normal(2, 3),)],
    "real_if_close": [(normal(3),)],
    "repeat": [
        (_before("numpy.repeat", 2), normal(2, 3)),
        (_before("numpy.repeat", np.array([0, 2, 1]), axis=1), normal(2, 3)),
    ],
    "reshape": [(_before("numpy.reshape", (3, 2)), normal(2, 3)), (_before("numpy.reshape", (-1,)), normal(2, 3))],
    "resize": [(_before("numpy.resize", (2, 4)), normal(3))],
    "roll": [((normal(2, 3),), {"shift": 1}), ((normal(2, 3),), {"shift": (1, -1), "axis": (0, 1)})],
    "rollaxis": [(_before("numpy.rollaxis", 2), normal(2, 3, 4))],
    "rot90": [(normal(2, 3),), ((normal(2, 3),), {"k": 3})],
    "row_stack": [(_several("numpy.row_stack"), normal(3), normal(3))],
    "select": [(lambda x, y: resolve("numpy.select")([x < 0, x > 0.5], [x * y, y], 0.25), normal(5), normal(5))],
    "setdiff1d": [(_before("numpy.setdiff1d", np.array([9.0, 8.0])), distinct(4))],
    "sort": [(distinct(5),), ((distinct(3, 4),), {"axis": 0})],
    "split": [(_before("numpy.split", 2), normal(4)), (_before("numpy.split", [1], axis=1), normal(2, 3))],
    "squeeze": [((normal(1, 3, 1),), {"axis": 0})],
    "stack": [
        (_several("numpy.stack"), normal(2, 3), normal(2, 3)),
        (_several("numpy.stack", axis=-1), normal(2), normal(2)),
    ],
    "std": [((normal(3, 4),), {"axis": 1}), ((normal(3, 4),), {"correction": 1})],
    "sum": [((normal(3, 4),), {"axis": (0, 1)}), ((normal(3, 4),), {"where": _ROWS, "axis": 1, "initial": 2.5})],
    "swapaxes": [(_before("numpy.swapaxes", 0, 2), normal(2, 3, 4))],
    "take": [(_before("numpy.take", _AT, axis=0), normal(3, 2)), (_before("numpy.take", _AT), normal(2, 2))],
    "take_along_axis": [
        (lambda x: resolve("numpy.take_along_axis")(x, np.array([[1, 0], [0, 0]]), axis=1), normal(2, 3))
    ],
    "tensordot": [
        ((normal(2, 3), normal(3, 4)), {"axes": 1}),
        (normal(2, 3), normal(2, 3)),
        ((normal(2, 3), normal(3, 2)), {"axes": [[0, 1], [1, 0]]}),
    ],
    "tile": [(_before("numpy.tile", (2, 1)), normal(2, 3))],
    "trace": [(normal(3, 3),), ((normal(3, 4),), {"offset": 1})],
    "transpose": [(normal(2, 3),), (_before("numpy.transpose", (1, 2, 0)), normal(2, 3, 4))],
    "trapezoid": [
        (normal(5),),
        (lambda y, x: resolve("numpy.trapezoid")(y, x), normal(5), exactly([0.0, 0.7, 1.9, 2.4, 4.0])),
        ((normal(2, 4),), {"dx": 0.5, "axis": 1}),
    ],
    "sort_complex": [(distinct(5),)],
    "tril": [((normal(3, 4),), {"k": 1})],
    "trim_zeros": [(lambda x: resolve("numpy.trim_zeros")(x * np.array([0.0, 1.0, 1.0, 0.0])), positive(4))],
    "triu": [((normal(3, 4),), {"k": -1})],
    "union1d": [(distinct(3), distinct(4).then(lambda x: x + 0.4))],
    "unique": [(distinct(2, 3),)],
    "unique_values": [(distinct(5),)],
    "unstack": [(normal(2, 3),), ((normal(2, 3),), {"axis": 1})],
    "vander": [(normal(4),), ((normal(3),), {"N": 4, "increasing": True})],
    "var": [((normal(3, 4),), {"axis": 1}), ((normal(3, 4),), {"where": _ROWS, "axis": 0, "ddof": 1})],
    "vdot": [(normal(3, 2), normal(3, 2))],
    "vecdot": [(normal(2, 3), normal(3))],
    "vsplit": [(_before("numpy.vsplit", 2), normal(4, 2))],
    "vstack": [(_several("numpy.vstack"), normal(3), normal(2, 3))],
    "apply_over_axes": [(lambda x: resolve("numpy.apply_over_axes")(resolve("numpy.sum"), x, (0, 2)), normal(2, 3, 4))],
    "asanyarray": [(normal(3),)],
    "asarray_chkfinite": [(normal(3),)],
    "asfortranarray": [(normal(2, 3),)],
    "matvec": [(normal(2, 3), normal(3)), (normal(2, 3, 4), normal(4))],
    "poly": [(distinct(3),)],
    "polyadd": [(normal(3), normal(2))],
    "polyder": [(normal(4),), (_before("numpy.polyder", 2), normal(4))],
    "polydiv": [(normal(4), positive(2))],
    "polyfit": [(lambda y: resolve("numpy.polyfit")(np.array([0.0, 1.0, 2.0, 4.0]), y, 2), normal(4))],
    "polyint": [(normal(3),)],
    "polymul": [(normal(3), normal(2))],
    "polysub": [(normal(3), normal(2))],
    "setxor1d": [(_before("numpy.setxor1d", np.array([9.0, 8.0])), distinct(4))],
    "sliding_window_view": [(_before("numpy.sliding_window_view", 3), normal(5))],
    "unwrap": [(distinct(4),)],
    "fill_diagonal": [(_written("fill_diagonal"), normal(3, 3), normal())],
    "place": [(_written("place", np.array([True, False, True])), normal(3), normal(2))],
    "put": [(_written("put", np.array([2, 0])), normal(3), normal(2))],
    "put_along_axis": [(_written("put_along_axis", _AT[None, :3]), normal(3, 3), normal(1, 3))],
    "putmask": [(_written("putmask", np.array([True, False, True])), normal(3), normal(3))],
    "roots": [(exactly([1.0, -6.0, 11.0, -6.5]),)],
    "vectorize": [(lambda x: resolve("numpy.vectorize")(lambda v: v * v)(x), normal(3))],
    "vecmat": [(normal(3), normal(3, 2))],
    "where": [
        (lambda x, y: resolve("numpy.where")(_MASK, x, y), normal(5), normal(5)),
        (lambda x: resolve("numpy.where")(x > 0, x, 0.0), normal(5)),
    ],
}

_LINALG: dict[str, list[Any]] = {
    "cholesky": [(symmetric(3),), ((symmetric(2),), {"upper": True})],
    "cho_factor": [(_part("numpy.linalg.cho_factor", 0), symmetric(3))],
    "cho_solve": [(lambda c, b: resolve("numpy.linalg.cho_solve")((c, True), b), _regular(3), normal(3))],
    "cond": [(_regular(3),), (_before("numpy.linalg.cond", "fro"), _regular(2))],
    "cross": [(normal(2, 3), normal(2, 3))],
    "det": [(_regular(3),)],
    "diagonal": [((normal(2, 3, 3),), {"offset": 1})],
    "eig": [(_part("numpy.linalg.eig", 0), _regular(3))],
    "eigh": [(_part("numpy.linalg.eigh", 0), symmetric(3))],
    "eigvals": [(_regular(3),)],
    "eigvalsh": [(symmetric(3),)],
    "expm": [(normal(3, 3),)],
    "inv": [(_regular(3),)],
    "lstsq": [(_part("numpy.linalg.lstsq", 0), normal(4, 2), normal(4))],
    "matmul": [(normal(2, 3), normal(3))],
    "matrix_norm": [
        (normal(2, 3),),
        ((normal(2, 3),), {"ord": "nuc", "keepdims": True}),
        ((distinct(2, 3),), {"ord": 1}),
    ],
    "matrix_power": [((_regular(2),), {"n": 3}), ((_regular(2),), {"n": -2})],
    "matrix_transpose": [(normal(2, 3),)],
    "multi_dot": [(_several("numpy.linalg.multi_dot"), normal(2, 3), normal(3, 4), normal(4))],
    "norm": [(normal(3, 2),), ((normal(3, 2),), {"axis": 1, "ord": 3}), ((normal(3, 2),), {"ord": "nuc"})],
    "outer": [(normal(2), normal(3))],
    "pinv": [(normal(3, 2),)],
    "qr": [(normal(3, 2),)],
    "slogdet": [(_part("numpy.linalg.slogdet", 1), _regular(3))],
    "solve": [(_regular(3), normal(3, 2)), (_regular(2), normal(2))],
    "solve_triangular": [((_regular(3), normal(3, 2)), {"trans": 1})],
    "svd": [(_part("numpy.linalg.svd", 1), normal(3, 2))],
    "svdvals": [(normal(2, 3),)],
    "tensordot": [((normal(2, 3), normal(3)), {"axes": 1})],
    "tensorinv": [(_before("numpy.linalg.tensorinv", 1), _regular(4).then(lambda x: x.reshape(4, 2, 2)))],
    "tensorsolve": [(_regular(4).then(lambda x: x.reshape(2, 2, 4)), normal(2, 2))],
    "trace": [(normal(2, 3, 3),)],
    "vecdot": [(normal(2, 3), normal(2, 3))],
    "vector_norm": [((normal(2, 3),), {"axis": 1}), ((normal(2, 3),), {"ord": 3, "keepdims": True})],
}

_FFT: dict[str, list[Any]] = {
    **{
        name: [(normal(5),), ((normal(2, 4),), {"n": 3, "axis": 0, "norm": "ortho"})]
        for name in ("fft", "ifft", "rfft", "ihfft")
    },
    **{name: [(normal(4),), ((normal(4),), {"n": 5})] for name in ("irfft", "hfft")},
    **{name: [(normal(3, 4),)] for name in ("fft2", "ifft2", "rfft2", "irfft2")},
    **{name: [(normal(2, 3, 2),), ((normal(2, 4),), {"axes": (1,)})] for name in ("fftn", "ifftn", "rfftn", "irfftn")},
    **{name: [(normal(5),), ((normal(2, 4),), {"axes": 1})] for name in ("fftshift", "ifftshift")},
}

_SPECIAL: dict[str, list[Any]] = {
    "beta": [(positive(3, 1), positive(4))],
    "entr": [(positive(5),)],
    "exp10": [(normal(5),)],
    "huber": [(positive(3, 1), normal(3, 4))],
    "kl_div": [(positive(3, 1), positive(4))],
    "log_softmax": [((normal(3, 4),), {"axis": 1})],
    "logsumexp": [
        ((normal(3, 4),), {"axis": 0}),
        (lambda x, b: resolve("numpy.special.logsumexp")(x, 1, b), normal(3, 4), positive(4)),
    ],
    "multigammaln": [(_before("numpy.special.multigammaln", 3), positive(5).then(lambda x: x + 1.5))],
    "ndtr": [(normal(5),)],
    "polygamma": [(_after(1, name="numpy.special.polygamma"), positive(5))],
    "rel_entr": [(positive(3, 1), positive(4))],
    "softmax": [((normal(3, 4),), {"axis": 1})],
    "zeta": [(lambda q: resolve("numpy.special.zeta")(2.5, q), positive(5))],
}


def _nd(name: str, *rest: Any, part: int | None = None, **keywords: Any) -> Callable[..., Any]:
    """A function of MXNet's face on the core's arrays, with further arguments behind them; one of its results."""

    def call(*arrays: Any) -> Any:
        given = [x.as_nd_ndarray() for x in arrays]
        out = resolve(f"ndarray.{name}")(*given, *(made() if callable(made) else made for made in rest), **keywords)
        if part is not None:
            return out[part].as_np_ndarray()
        return [x.as_np_ndarray() for x in out] if isinstance(out, (list, tuple)) else out.as_np_ndarray()

    return call


def _index(*values: Any) -> Callable[[], Any]:
    """Indices of MXNet's face, made when they are wanted."""
    return lambda: resolve("ndarray.array")(list(values))


def _embedded(name: str) -> Callable[..., Any]:
    """A function that reads the rows of its one array at indices."""

    def call(weight: Any) -> Any:
        found = resolve(f"ndarray.{name}")(_index(0, 2, 2)(), weight.as_nd_ndarray(), input_dim=3, output_dim=2)
        return found.as_np_ndarray()

    return call


def _normalized(name: str) -> Callable[..., Any]:
    """Batch normalization in training, with moving statistics of its own at each call."""
    from ..autograd import train_mode

    def call(*arrays: Any) -> Any:
        x, gamma, beta = (a.as_nd_ndarray() for a in arrays)
        space = import_module("tapegrad.ndarray")
        with train_mode():
            found = resolve(f"ndarray.{name}")(x, gamma, beta, space.zeros(3), space.ones(3), fix_gamma=False)
        return found.as_np_ndarray()

    return call


def _listed(name: str, *arrays: Any, **keywords: Any) -> Any:
    """A function of MXNet's face that takes its arrays as one list."""
    return resolve(f"ndarray.{name}")([x.as_nd_ndarray() for x in arrays], **keywords).as_np_ndarray()


def _chosen(x: Any, y: Any) -> Any:
    return resolve("ndarray.where")(_index(1, 0, 1)(), x.as_nd_ndarray(), y.as_nd_ndarray()).as_np_ndarray()


def _counted(name: str) -> Callable[..., Any]:
    """The density of counts, as a function of its parameters."""

    def call(*arrays: Any) -> Any:
        counts = _index([0, 3, 1], [1, 2, 4])().astype("float64")
        return resolve(f"ndarray.{name}")(counts, *(x.as_nd_ndarray() for x in arrays)).as_np_ndarray()

    return call


def _shares(x: Any) -> Any:
    return x / x.sum(-1, keepdims=True)


_SAME = [normal(2, 3), normal(2, 3)]
_IMAGE = normal(1, 2, 4, 4)
_ND: dict[str, list[Any]] = {
    "Activation": [(_nd("Activation", act_type=kind), distinct(2, 3)) for kind in ("tanh", "relu", "softrelu")],
    "BilinearSampler": [(_nd("BilinearSampler"), _IMAGE, uniform(1, 2, 3, 3, low=-0.61, high=0.57))],
    "CTCLoss": [(_nd("CTCLoss", _index([1, 2])), normal(4, 1, 3))],
    "Cast": [(_nd("Cast", dtype="float64"), normal(3))],
    "Concat": [(_nd("Concat", dim=1), normal(2, 3), normal(2, 1))],
    "Convolution": [(_nd("Convolution", kernel=(2, 2), num_filter=3), _IMAGE, normal(3, 2, 2, 2), normal(3))],
    "Crop": [(_nd("Crop", offset=(1, 0), h_w=(2, 3)), _IMAGE)],
    "Deconvolution": [
        (_nd("Deconvolution", kernel=(2, 2), num_filter=1, stride=(2, 2)), normal(1, 2, 3, 3), normal(2, 1, 2, 2))
    ],
    "ElementWiseSum": [(_nd("ElementWiseSum"), *_SAME)],
    "Embedding": [(_embedded("Embedding"), normal(3, 2))],
    "Flatten": [(_nd("Flatten"), normal(2, 3, 2))],
    "FullyConnected": [(_nd("FullyConnected", num_hidden=4), normal(2, 3), normal(4, 3), normal(4))],
    "GridGenerator": [(_nd("GridGenerator", "affine", (3, 4)), normal(1, 6))],
    "GroupNorm": [(_nd("GroupNorm", num_groups=2), normal(2, 4, 3), positive(4), normal(4))],
    "InstanceNorm": [(_nd("InstanceNorm"), normal(2, 3, 4), positive(3), normal(3))],
    "L2Normalization": [(_nd("L2Normalization", mode=mode), normal(2, 3, 2)) for mode in ("channel", "instance")],
    "LRN": [(_nd("LRN", nsize=3, alpha=0.5), normal(1, 4, 2, 2))],
    "LayerNorm": [(_nd("LayerNorm"), normal(2, 4), positive(4), normal(4))],
    "LeakyReLU": [(_nd("LeakyReLU", act_type=kind), distinct(5)) for kind in ("leaky", "elu", "gelu", "selu")],
    "Pad": [(_nd("Pad", mode=mode, pad_width=(0, 0, 0, 0, 1, 1, 2, 1)), _IMAGE) for mode in ("edge", "reflect")],
    "Pooling": [
        (_nd("Pooling", kernel=(2, 2), pool_type=kind, stride=(2, 2)), _IMAGE) for kind in ("avg", "max", "sum")
    ],
    "Reshape": [(_nd("Reshape", shape=(0, -1)), normal(2, 3, 2))],
    "SequenceLast": [(_nd("SequenceLast", _index(1, 3), True), normal(3, 2, 2))],
    "SequenceMask": [(_nd("SequenceMask", _index(1, 2), True), normal(3, 2))],
    "SequenceReverse": [(_nd("SequenceReverse", _index(2, 3), True), normal(3, 2, 2))],
    "SliceChannel": [(_nd("SliceChannel", num_outputs=2), normal(2, 4))],
    "SoftmaxActivation": [(_nd("SoftmaxActivation"), normal(2, 3))],
    "SwapAxis": [(_nd("SwapAxis", 0, 1), normal(2, 3))],
    "UpSampling": [(_nd("UpSampling", scale=2, sample_type="nearest"), normal(1, 2, 2, 2))],
    "add_n": [(_nd("add_n"), *_SAME)],
    "batch_dot": [(_nd("batch_dot"), normal(2, 3, 4), normal(2, 4, 2))],
    "batch_take": [(_nd("batch_take", _index(0, 2)), normal(2, 3))],
    "broadcast_axis": [(_nd("broadcast_axis", axis=1, size=3), normal(2, 1))],
    "broadcast_like": [(_nd("broadcast_like"), normal(2, 1), normal(2, 3))],
    "broadcast_to": [(_nd("broadcast_to", shape=(2, 3)), normal(2, 1))],
    "cast": [(_nd("cast", dtype="float64"), normal(3))],
    "cast_storage": [(_nd("cast_storage", stype="default"), normal(3))],
    "clip": [(_nd("clip", -0.6, 0.7), normal(6))],
    "concat": [(_nd("concat", dim=0), normal(2, 3), normal(1, 3))],
    "cumsum": [(_nd("cumsum", axis=1), normal(2, 3))],
    "depth_to_space": [(_nd("depth_to_space", 2), normal(1, 4, 2, 3))],
    "diag": [(_nd("diag", k=1), normal(3, 4)), (_nd("diag"), normal(3))],
    "dot": [(_nd("dot"), normal(2, 3), normal(3, 4)), (_nd("dot", transpose_a=True), normal(3, 2), normal(3, 4))],
    "elemwise_add": [(_nd("elemwise_add"), *_SAME)],
    "elemwise_div": [(_nd("elemwise_div"), normal(2, 3), positive(2, 3))],
    "elemwise_mul": [(_nd("elemwise_mul"), *_SAME)],
    "elemwise_sub": [(_nd("elemwise_sub"), *_SAME)],
    "expand_dims": [(_nd("expand_dims", axis=1), normal(2, 3))],
    "fill_element_0index": [(_nd("fill_element_0index", _index(2, 0)), normal(2, 3), normal(2))],
    "flatten": [(_nd("flatten"), normal(2, 3, 2))],
    "flip": [(_nd("flip", axis=1), normal(2, 3))],
    "gather_nd": [(_nd("gather_nd", _index([0, 1], [1, 0])), normal(2, 2))],
    "hard_sigmoid": [(_nd("hard_sigmoid"), normal(5))],
    "identity": [(_nd("identity"), normal(3))],
    "khatri_rao": [(_nd("khatri_rao"), normal(2, 3), normal(4, 3))],
    "linalg_det": [(_nd("linalg_det"), _regular(3))],
    "linalg_extractdiag": [(_nd("linalg_extractdiag", offset=1), normal(2, 3, 3))],
    "linalg_extracttrian": [(_nd("linalg_extracttrian"), normal(2, 3, 3))],
    "linalg_gemm": [(_nd("linalg_gemm", transpose_b=True), normal(2, 3), normal(4, 3), normal(2, 4))],
    "linalg_gemm2": [(_nd("linalg_gemm2"), normal(2, 3), normal(3, 4))],
    "linalg_inverse": [(_nd("linalg_inverse"), _regular(3))],
    "linalg_makediag": [(_nd("linalg_makediag", offset=-1), normal(2, 3))],
    "linalg_maketrian": [(_nd("linalg_maketrian", offset=1), normal(2, 6))],
    "linalg_potrf": [(_nd("linalg_potrf"), symmetric(3))],
    "linalg_slogdet": [(_nd("linalg_slogdet", part=1), _regular(3))],
    "linalg_sumlogdiag": [(_nd("linalg_sumlogdiag"), _regular(3))],
    "linalg_syevd": [(_nd("linalg_syevd", part=1), symmetric(3))],
    "linalg_syrk": [(_nd("linalg_syrk", transpose=True, alpha=0.5), normal(3, 2))],
    "linalg_trmm": [(_nd("linalg_trmm", transpose=True, alpha=2.0), normal(3, 3), normal(3, 2))],
    "linalg_trsm": [(_nd("linalg_trsm"), _regular(3), normal(3, 2))],
    "log_softmax": [(_nd("log_softmax", axis=0), normal(2, 3))],
    "max": [(_nd("max", axis=1), distinct(3, 4)), (_nd("max"), distinct(3, 4))],
    "mean": [(_nd("mean", axis=1), normal(2, 3)), (_nd("mean", axis=0, exclude=True), normal(2, 3))],
    "min": [(_nd("min", axis=0), distinct(3, 4))],
    "moments": [(_nd("moments", axes=(0,)), normal(3, 2))],
    "nanprod": [(_nd("nanprod", axis=0), _HOLES)],
    "nansum": [(_nd("nansum", axis=1), _HOLES)],
    "norm": [(_nd("norm"), normal(2, 3)), (_nd("norm", ord=1, axis=1), normal(2, 3))],
    "pad": [(_nd("pad", mode="constant", pad_width=(0, 0, 0, 0, 1, 0, 0, 2), constant_value=3.0), _IMAGE)],
    "pick": [(_nd("pick", _index(0, 2)), normal(2, 3))],
    "prod": [(_nd("prod", axis=0), normal(3, 2))],
    "repeat": [(_nd("repeat", 2, axis=1), normal(2, 3))],
    "reshape": [(_nd("reshape", (3, 2)), normal(2, 3))],
    "reshape_like": [(_nd("reshape_like"), normal(2, 3), normal(3, 2))],
    "reverse": [(_nd("reverse", axis=0), normal(3, 2))],
    "slice": [(_nd("slice", begin=(1, None), end=(None, 3), step=(1, 2)), normal(3, 4))],
    "slice_axis": [(_nd("slice_axis", axis=1, begin=1, end=3), normal(2, 4))],
    "slice_like": [(_nd("slice_like"), normal(3, 4), normal(2, 2))],
    "smooth_l1": [(_nd("smooth_l1", scalar=2.0), distinct(5))],
    "softmax": [(_nd("softmax"), normal(2, 3)), (_nd("softmax", axis=0, temperature=2.0), normal(2, 3))],
    "softmax_cross_entropy": [(_nd("softmax_cross_entropy", _index(0, 2)), normal(2, 3))],
    "softmin": [(_nd("softmin"), normal(2, 3))],
    "sort": [(_nd("sort"), distinct(2, 4)), (_nd("sort", axis=0, is_ascend=False), distinct(3, 2))],
    "space_to_depth": [(_nd("space_to_depth", 2), normal(1, 1, 4, 6))],
    "split": [(_nd("split", num_outputs=3, axis=0), normal(6, 2))],
    "split_v2": [(_nd("split_v2", (1, 3), axis=1), normal(2, 4))],
    "squeeze": [(_nd("squeeze", axis=0), normal(1, 3))],
    "stack": [(_nd("stack", axis=1), *_SAME)],
    "sum": [(_nd("sum"), normal(2, 3)), (_nd("sum", axis=(0, 2), keepdims=True), normal(2, 3, 2))],
    "swapaxes": [(_nd("swapaxes", 0, 2), normal(2, 3, 2))],
    "take": [(_nd("take", _index(2, 0, 2, 9)), normal(3, 2))],
    "tile": [(_nd("tile", (2, 1)), normal(2, 3))],
    "topk": [(_nd("topk", axis=1, k=2, ret_typ="value"), distinct(2, 4))],
    "transpose": [(_nd("transpose", (2, 0, 1)), normal(2, 3, 2))],
    "BatchNorm": [(_normalized("BatchNorm"), normal(2, 3, 2), normal(3), normal(3))],
    "RNN": [
        (_nd("RNN", mode=mode, state_size=2, num_layers=1), normal(3, 1, 2), normal(size), normal(1, 1, 2))
        for mode, size in (("rnn_tanh", 12), ("gru", 36))
    ],
    "ROIPooling": [
        (_nd("ROIPooling", _index([0, 0, 0, 3, 3]), pooled_size=(2, 2), spatial_scale=1.0), distinct(1, 1, 4, 4))
    ],
    "SpatialTransformer": [
        (
            _nd("SpatialTransformer", target_shape=(3, 3), transform_type="affine", sampler_type="bilinear"),
            _IMAGE,
            exactly([[0.51, 0.1, 0.03, -0.07, 0.62, 0.04]]),
        )
    ],
    "amp_multicast": [(_nd("amp_multicast", num_outputs=2), *_SAME)],
    "concatenate": [(lambda x, y: _listed("concatenate", x, y, axis=1), normal(2, 3), normal(2, 1))],
    "im2col": [(_nd("im2col", kernel=(2, 2), stride=(1, 1)), _IMAGE)],
    "col2im": [(_nd("col2im", output_size=(3, 3), kernel=(2, 2), stride=(1, 1)), normal(1, 4, 4))],
    "linalg_gelqf": [(_nd("linalg_gelqf"), normal(2, 3))],
    "linalg_potri": [(_nd("linalg_potri"), _regular(3).then(np.tril))],
    "moveaxis": [(_nd("moveaxis", 0, 2), normal(2, 3, 2))],
    "multi_sum_sq": [(_nd("multi_sum_sq", num_arrays=2), *_SAME)],
    "random_pdf_dirichlet": [(_nd("random_pdf_dirichlet"), positive(2, 3).then(_shares), positive(3))],
    "random_pdf_exponential": [(_nd("random_pdf_exponential"), positive(2, 3), positive(2))],
    "random_pdf_gamma": [(_nd("random_pdf_gamma"), positive(2, 3), positive(2), positive(2))],
    "random_pdf_negative_binomial": [
        (_counted("random_pdf_negative_binomial"), positive(2), uniform(2, low=0.2, high=0.8))
    ],
    "random_pdf_generalized_negative_binomial": [
        (_counted("random_pdf_generalized_negative_binomial"), positive(2), positive(2))
    ],
    "random_pdf_normal": [(_nd("random_pdf_normal"), normal(2, 3), normal(2), positive(2))],
    "random_pdf_poisson": [(_counted("random_pdf_poisson"), positive(2))],
    "random_pdf_uniform": [
        (
            _nd("random_pdf_uniform"),
            uniform(2, 3, low=0.2, high=0.8),
            uniform(2, low=-1.0, high=0.0),
            uniform(2, low=1.0, high=2.0),
        )
    ],
    "scatter_nd": [(_nd("scatter_nd", _index([0, 1], [1, 0]), (2, 2)), normal(2))],
    "where": [(lambda x, y: _chosen(x, y), normal(3, 2), normal(3, 2))],
}


def _scanned(rows: Any, state: Any) -> Any:
    """A loop over rows by the face's control flow: its outputs, and its last state."""

    def step(row: Any, state: Any) -> Any:
        state = state * row + row
        return state.tanh(), state

    outs, last = resolve("ndarray.contrib.foreach")(step, rows.as_nd_ndarray(), state.as_nd_ndarray())
    return [outs.as_np_ndarray(), last.as_np_ndarray()]


def _repeated(x: Any) -> Any:
    """A loop of three turns by the face's control flow."""
    start = [x.as_nd_ndarray(), _index(0)()]
    _, (last, _) = resolve("ndarray.contrib.while_loop")(
        lambda _, turn: turn < 3, lambda y, turn: ([], [y * y - y, turn + 1]), start, max_iterations=5
    )
    return last.as_np_ndarray()


def _branched(x: Any, y: Any) -> Any:
    """The branch that is taken."""
    a, b = x.as_nd_ndarray(), y.as_nd_ndarray()
    return resolve("ndarray.contrib.cond")(_index(1)(), lambda: a * b, lambda: a + b).as_np_ndarray()


_BOXES = exactly([[[0.1, 0.2, 1.3, 1.1], [0.5, 0.4, 2.1, 1.7], [1.2, 0.9, 1.8, 2.6]]])
_CONTRIB: dict[str, list[Any]] = {
    "AdaptiveAvgPooling2D": [(_nd("contrib.AdaptiveAvgPooling2D", 3), _IMAGE)],
    "BatchNormWithReLU": [(_normalized("contrib.BatchNormWithReLU"), normal(2, 3, 2), normal(3), normal(3))],
    "BilinearResize2D": [
        (_nd("contrib.BilinearResize2D", height=3, width=5), _IMAGE),
        (_nd("contrib.BilinearResize2D", height=6, width=2, align_corners=False), _IMAGE),
    ],
    "ROIAlign": [(_nd("contrib.ROIAlign", _index([0, 0.25, 0.125, 3.125, 2.75]), (2, 2), 1.0), _IMAGE)],
    "SparseEmbedding": [(_embedded("contrib.SparseEmbedding"), normal(3, 2))],
    "SyncBatchNorm": [(_normalized("contrib.SyncBatchNorm"), normal(2, 3, 2), normal(3), normal(3))],
    "boolean_mask": [(_nd("contrib.boolean_mask", _index(1, 0, 1)), normal(3, 2))],
    "box_decode": [
        (_nd("contrib.box_decode", format=form, std0=0.1, std3=0.2), normal(1, 3, 4), _BOXES)
        for form in ("corner", "center")
    ],
    "box_iou": [(_nd("contrib.box_iou"), _BOXES, _BOXES.then(lambda boxes: boxes[:, :2] + 0.13))],
    "cond": [(_branched, *_SAME)],
    "div_sqrt_dim": [(_nd("contrib.div_sqrt_dim"), normal(2, 3))],
    "fft": [(_nd("contrib.fft"), normal(2, 4))],
    "foreach": [(_scanned, normal(3, 2), normal(2))],
    "ifft": [(_nd("contrib.ifft"), normal(2, 6))],
    "index_copy": [
        (
            lambda old, new: _nd("contrib.index_copy")(old, _index(2, 0)().as_np_ndarray(), new),
            normal(3, 2),
            normal(2, 2),
        )
    ],
    "interleaved_matmul_encdec_qk": [
        (_nd("contrib.interleaved_matmul_encdec_qk", heads=2), normal(2, 1, 4), normal(3, 1, 8))
    ],
    "interleaved_matmul_encdec_valatt": [
        (_nd("contrib.interleaved_matmul_encdec_valatt", heads=2), normal(3, 1, 8), normal(2, 2, 3))
    ],
    "interleaved_matmul_selfatt_qk": [(_nd("contrib.interleaved_matmul_selfatt_qk", heads=2), normal(2, 1, 12))],
    "interleaved_matmul_selfatt_valatt": [
        (_nd("contrib.interleaved_matmul_selfatt_valatt", heads=2), normal(2, 1, 12), normal(2, 2, 2))
    ],
    "quadratic": [(_nd("contrib.quadratic", a=0.5, b=-2.0, c=1.0), normal(2, 3))],
    "while_loop": [(_repeated, normal(3))],
}

FUNCTIONS: dict[str, list[Any]] = {
    f"{space}.{name}": samples
    for space, table in (
        ("numpy", _NUMPY),
        ("numpy.linalg", _LINALG),
        ("numpy.fft", _FFT),
        ("numpy.special", _SPECIAL),
        ("ndarray", _ND),
        ("ndarray.contrib", _CONTRIB),
    )
    for name, samples in table.items()
}
"""The functions by their names under `tapegrad`, with their samples."""
