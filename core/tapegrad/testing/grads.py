"""Is a derivative right? Checks against difference quotients in wider precision, for any function of arrays.

from tapegrad.testing import check_grads

check_grads(tapegrad.numpy.tanh, [numpy.linspace(-2, 2, 7)])
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .checks import Judge, Report, engine
from .laws import check_everything
from .runs import as_target

__all__ = ["check_grads", "check_jvp", "check_vjp"]


def check_grads(
    f: Any,
    args: Sequence[Any],
    kwargs: dict[str, Any] | None = None,
    *,
    orders: int = 2,
    modes: Sequence[str] = ("rev", "fwd"),
    dtype: Any = "float64",
    argnums: int | Sequence[int] | None = None,
    backend: Any = None,
    rtol: float | None = None,
    scale: float = 1.0,
    seed: int = 0,
) -> Report:
    """The derivatives of a function of arrays are right; else `GradientError`, which says where and by how much.

    `f`: an op or any function of arrays that returns an array or a tuple of them; `args`: its arguments, as arrays,
    numbers or draws of `tapegrad.testing.samples`, taken in `dtype`; `kwargs`: handed through. Checked are, in the
    `modes` "rev" and "fwd": the values; the first order against difference quotients in longdouble; with `orders=2`
    reverse over reverse and forward over reverse; ⟨g, push dx⟩ = ⟨pull g, dx⟩; shapes and dtypes; that no input was
    written to. `argnums` says in which arguments (default: all that are real or complex), `backend` on which engine.
    `rtol` is relative to the sizes of the terms that make up a number (default 1e-10 in float64). `scale` multiplies
    the cotangents.

    Shapes: any; differences are taken element by element, so small ones are quickest.

    Dtypes: arguments are taken in `dtype`, float64 unless given.

    Raises: `GradientError`, an `AssertionError`, where a derivative is wrong, `ValueError` for unknown `modes` or
    `orders`.

    >>> import numpy, tapegrad.testing
    >>> def cube(x):
    ...     return x * x * x
    >>> tapegrad.testing.check_grads(cube, [numpy.array([1.0, -2.0])]).laws["pull"]
    1
    """
    if orders not in (1, 2):
        raise ValueError(f"orders is {orders!r}; choose 1 or 2")
    unknown = set(modes) - {"rev", "fwd"}
    if unknown:
        raise ValueError(f"unknown modes {sorted(unknown)}; choose of 'rev' and 'fwd'")
    target = as_target(f, args, kwargs, dtype, seed, argnums)
    judge = Judge(target.name, dtype, rtol)
    check_everything(target, judge, engine(backend), orders=orders, modes=modes, scale=scale, seed=seed)
    return judge.verdict()


def check_vjp(f: Any, args: Sequence[Any], kwargs: dict[str, Any] | None = None, **options: Any) -> Report:
    """The reverse derivative of a function is right, to first order. Options are those of `check_grads`.

    Shapes: as `check_grads`.

    Dtypes: as `check_grads`.

    Raises: as `check_grads`.

    >>> import numpy, tapegrad.testing
    >>> tapegrad.testing.check_vjp(lambda x: x * x, [numpy.array([3.0])]).worst < 1e-10
    True
    """
    return check_grads(f, args, kwargs, orders=1, modes=("rev",), **options)


def check_jvp(f: Any, args: Sequence[Any], kwargs: dict[str, Any] | None = None, **options: Any) -> Report:
    """The forward derivative of a function is right, to first order. Options are those of `check_grads`.

    Shapes: as `check_grads`.

    Dtypes: as `check_grads`.

    Raises: as `check_grads`.

    >>> import numpy, tapegrad.testing
    >>> tapegrad.testing.check_jvp(lambda x: x * x, [numpy.array([3.0])]).compared > 0
    True
    """
    return check_grads(f, args, kwargs, orders=1, modes=("fwd",), **options)
