"""The distributions that MXNet draws from: what the functions under the long names and the short have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import cleandoc
from typing import TYPE_CHECKING, Any

from ..arrays.array import Array
from ..context import Context
from ..errors import ArgumentError
from ..randomness.defaults import mxnet as stream
from ..transforms import draws as _draws
from .checks import dtype_of, need
from .function import Field, public
from .ndarray import NDArray, give, maker, shape_of

if TYPE_CHECKING:
    from ..typing import DTypeLike, ShapeLike


def drawn(method: str, *parameters: Any, ctx: Context | None = None, **named: Any) -> NDArray:
    """What MXNet's stream draws by that method, as an array in a context."""
    draw = partial(getattr(stream, method), *parameters)
    return _draws.drawn(draw, maker(ctx), **named)


def sample(
    method: str,
    named: dict[str, Any],
    shape: ShapeLike | None = None,
    dtype: DTypeLike | None = None,
    ctx: Context | None = None,
    out: NDArray | None = None,
) -> NDArray:
    """Numbers for parameters that are numbers (of `shape`) or arrays (`shape` numbers for each element)."""
    arrays = [p for p in named.values() if isinstance(p, Array)]
    if out is not None and shape is None and not arrays:
        shape, dtype = out.shape, dtype or dtype_of(out)
    if arrays:
        ctx = need(arrays[0], method).context
    size = shape_of(shape) if shape is not None else () if arrays else (1,)
    return give(out, drawn(method, ctx=ctx, shape=size, dtype=dtype, **named))


FLOATING = "Dtypes: float16, float32 (unless `dtype` says otherwise) or float64."
SHAPE, DTYPE, CONTEXT = (
    Field("shape", "ShapeLike | None", None),
    Field("dtype", "DTypeLike | None", None),
    Field("ctx", "Context | None", None),
)
OUT = Field("out", "NDArray | None", None)


@dataclass(frozen=True)
class Distribution:
    """One of MXNet's distributions, from which `normal`, `normal_like`, `random_normal`, `sample_normal`, … draw."""

    method: str
    """The method of the stream that draws."""
    numbers: str
    """What is drawn, with the parameters as {0} and {1}."""
    refused: str
    """The parameters for which there is a `ValueError`."""
    parameters: tuple[Field, ...]
    stream: Callable[..., dict[str, Any]]
    """The parameters of the stream's method."""

    def function(
        self, name: str, parameters: Sequence[Field], rest: Sequence[Field], doc: str, module: str
    ) -> Callable[..., NDArray]:
        """A function of the distribution's parameters, under these names, and the `rest`, such as `shape`.

        In its docstring {numbers}, {refused} and {names} stand for those of the distribution.
        """
        count, names = len(parameters), [p.name for p in rest]

        def body(*values: Any) -> NDArray:
            return sample(self.method, self.stream(*values[:count]), **dict(zip(names, values[count:], strict=True)))

        listed = [f"`{p.name}`" for p in parameters]
        numbers, refused = self.numbers.format(*listed), self.refused.format(*listed)
        doc = doc.format(numbers=numbers, refused=refused, names=" and ".join(listed), method=self.method)
        return public(body, name, [*parameters, *rest], cleandoc(doc), module)

    def drawing(self, module: str, example: str) -> Callable[..., NDArray]:
        """The function under `random`, whose parameters are numbers or arrays."""
        doc = f"""{{numbers}}, of `shape`.

        Where a parameter is an array, that many are drawn for each of its elements.

        Shapes: parameters that are numbers: `shape`, (1,) unless given; arrays: their own, then `shape`.
        {FLOATING}
        Raises: `ValueError` for {{refused}}, `DtypeError` for any other dtype, `ShapeError` for arrays that do not
        broadcast.

        {example}
        """
        parameters = [p._replace(annotation="ArrayLike") for p in self.parameters]
        return self.function(self.method, parameters, (SHAPE, DTYPE, CONTEXT, OUT), doc, module)

    def drawing_like(self, module: str) -> Callable[..., NDArray]:
        """The function that takes shape, dtype and context from an array."""
        name = f"{self.method}_like"

        def body(data: NDArray, *values: Any) -> NDArray:
            return sample(self.method, self.stream(*values), data.shape, dtype_of(data), data.context)

        doc = f"""{self.numbers}, in the shape, dtype and context of an array.

        Shapes: that of `data`.
        Dtypes: that of `data`, a floating one.
        Raises: `DtypeError` for integers, `ValueError` for {self.refused}.

        >>> nd.random.{name}(nd.ones((2, 3))).shape
        (2, 3)
        """.format(*(f"`{p.name}`" for p in self.parameters))
        return public(body, name, [Field("data", "NDArray"), *self.parameters], cleandoc(doc), module)


def _rate(lam: Any) -> dict[str, Any]:
    if not isinstance(lam, Array) and lam <= 0:
        raise ArgumentError(f"the rate lam must be more than 0, got {lam}")
    return {"rate": 1.0 / (1.0 / lam)}


UNIFORM = Distribution(
    "uniform",
    "Numbers spread evenly over [low, high)",
    "{1} below {0}",
    (Field("low", "float", 0), Field("high", "float", 1)),
    lambda low, high: {"low": low, "high": high},
)
NORMAL = Distribution(
    "normal",
    "Normal numbers of mean {0} and standard deviation {1}",
    "a negative {1}",
    (Field("loc", "float", 0), Field("scale", "float", 1)),
    lambda loc, scale: {"loc": loc, "scale": scale},
)
EXPONENTIAL = Distribution(
    "exponential",
    "Waiting times of rate {0}, of mean 1 / {0}",
    "a {0} that is not positive",
    (Field("lam", "float", 1),),
    _rate,
)
GAMMA = Distribution(
    "gamma",
    "Gamma variates of mean alpha · beta and variance alpha · beta²",
    "parameters that are not positive",
    (Field("alpha", "float", 1), Field("beta", "float", 1)),
    lambda alpha, beta: {"alpha": alpha, "scale": beta},
)
POISSON = Distribution(
    "poisson",
    "Counts of independent events of which {0} are expected, as floats",
    "a negative {0}",
    (Field("lam", "float", 1),),
    lambda lam: {"lam": lam},
)
NEGATIVE_BINOMIAL = Distribution(
    "negative_binomial",
    "Counts, as floats, of the trials that fail before {0} of probability {1} each have succeeded",
    "a {1} outside (0, 1]",
    (Field("k", "int", 1), Field("p", "float", 1)),
    lambda k, p: {"k": k, "p": p},
)
GENERALIZED_NEGATIVE_BINOMIAL = Distribution(
    "generalized_negative_binomial",
    "Counts of mean mu and variance mu + alpha · mu², as floats",
    "a negative parameter",
    (Field("mu", "float", 1), Field("alpha", "float", 1)),
    lambda mu, alpha: {"mu": mu, "alpha": alpha},
)
