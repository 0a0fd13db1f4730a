"""NumPy's `Generator`, with arrays of any engine for its numbers, and derivatives where a draw has one."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

import numpy as host

from .. import dtypes
from ..arrays.array import Array
from ..errors import ArgumentError, ArgumentTypeError, NoGradientError, ShapeError, a_kind
from ..op.rules import is_tracked
from ..randomness.defaults import philox
from ..tape.tracebacks import open_doors
from ..transforms.custom import custom
from ..transforms.draws import HostGenerator, drawn
from . import manipulation
from .arguments import asarray, make, op
from .searching import take, take_along_axis

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..typing import ArrayLike, DTypeLike, ShapeLike
    from .arrays import ndarray

__all__ = ["Generator", "bernoulli_mask", "default_rng"]


def default_rng(seed: int | Sequence[int] | None = None) -> Generator:
    """A generator of random numbers with NumPy's methods: a seed gives NumPy's numbers, on every engine.

    `seed`: an integer or several, one of NumPy's bit generators, seed sequences or generators, None for one that the
    operating system supplies, or a generator, which is returned as it is. Numbers are drawn by NumPy in float64 and
    rounded to the default float, so they are the same to the bit on all engines, as far as these have the dtype.

    Dtypes: integers for the seed.
    Shapes: any for the seed.
    Raises: `TypeError` for anything that is not a seed, `ValueError` for a negative one.

    >>> rng = tnp.random.default_rng(0)
    >>> rng.normal(size=2)
    Array([ 0.1257..., -0.1321...], dtype=float32)
    >>> tapegrad.grad(lambda scale: tnp.random.default_rng(0).normal(0.0, scale))(tnp.asarray(2.0))
    Array(0.1257..., dtype=float32)
    """
    if isinstance(seed, Generator):
        return seed
    if isinstance(seed, host.random.Generator):
        return Generator(seed.bit_generator)
    try:
        return Generator(host.random.default_rng(seed.asnumpy() if isinstance(seed, Array) else seed).bit_generator)
    except (TypeError, ValueError) as error:
        kind = ArgumentTypeError if isinstance(error, TypeError) else ArgumentError
        raise kind(f"default_rng: {seed!r} is not a seed: {error}") from error


def bernoulli_mask(rate: float, shape: tuple[int, ...], rng: Any) -> ndarray:
    """Booleans that hold with that probability, from a generator or seed, or from the stream of this face for None."""
    if rng is None:
        return drawn(lambda: philox.uniform(shape=shape, dtype="float64") < rate, make)
    stream = default_rng(rng)
    return drawn(lambda: stream.draw("random", None, (shape,), {}) < rate, make)


def _shape(size: Any, *parameters: Any) -> Any:
    """The shape asked for, or that of the parameters together."""
    return manipulation.broadcast_shapes(*map(manipulation.shape, parameters)) if size is None else size


def _front(size: Any) -> tuple[int, ...]:
    """The axes that a size asks for in front of those of a parameter."""
    return () if size is None else (size,) if isinstance(size, int) else tuple(size)


def _float_of(*parameters: Any) -> host.dtype[Any]:
    """The dtype of numbers that meet these parameters: that of the arrays among them, or the default float."""
    known = [p.dtype for p in parameters if isinstance(p, Array) and p.dtype in dtypes.FLOATING]
    return functools.reduce(dtypes.promote, known) if known else dtypes.get_default_dtype()


@custom
def _gamma_variate(shape: ndarray, x: ndarray) -> ndarray:
    return x


_gamma_variate.defvjp(shape=lambda g, shape, x: g * op.gamma_slope(shape, x))
_gamma_variate.defjvp(shape=lambda d, shape, x: d * op.gamma_slope(shape, x))


@custom
def _beta_variate(a: ndarray, b: ndarray, x: ndarray) -> ndarray:
    return x


def _in_b(a: ndarray, b: ndarray, x: ndarray) -> ndarray:
    return -op.beta_slope(b, a, 1 - x)


_beta_variate.defvjp(a=lambda g, a, b, x: g * op.beta_slope(a, b, x), b=lambda g, a, b, x: g * _in_b(a, b, x))
_beta_variate.defjvp(a=lambda d, a, b, x: d * op.beta_slope(a, b, x), b=lambda d, a, b, x: d * _in_b(a, b, x))


class Generator(HostGenerator):
    """A stream of random numbers with the methods of NumPy's `Generator`; `default_rng` makes one.

    Parameters are numbers or arrays. Where they are arrays, draws have derivatives in them, with the same numbers:
    those of location and scale, of the gamma and beta distributions and what is made of them by implicit
    differentiation (Figurnov and others, 2018), to first order. Counts, choices and orders have none: a parameter
    that is being differentiated is refused.

    Shapes: `size`, an int or several; () if None, or that of the parameters together.

    Dtypes: that of the parameters that are arrays of floats, or the default float; counts and places are int64.

    Raises: `ValueError` for parameters outside of their range, `TypeError` for what is not a number, `NoGradientError`
    for a tracked parameter in which there is no derivative, `RandomnessError` under a `vmap` that does not say what a
    draw means. Whether parameters that are arrays are in their range is not looked at where a draw has a derivative.

    >>> import tapegrad.numpy as tnp
    >>> rng = tnp.random.default_rng(7)
    >>> rng.integers(10, size=3), rng.permutation(3)
    (Array([9, 6, 6], dtype=int64), Array([1, 2, 0], dtype=int64))
    """

    __slots__ = ()

    def __init__(self, bit_generator: host.random.BitGenerator) -> None:
        super().__init__(host.random.Generator(bit_generator))

    def __repr__(self) -> str:
        return f"Generator({type(self.bit_generator).__name__})"

    @property
    def bit_generator(self) -> host.random.BitGenerator:
        """NumPy's source of bits, which can be asked for its state."""
        return self.generator.bit_generator

    def spawn(self, n_children: int) -> list[Generator]:
        """That many generators, independent of this one and of each other."""
        return [Generator(child.bit_generator) for child in self.generator.spawn(n_children)]

    def _drawn(self, name: str, rounded: Any, /, *parameters: Any, **keywords: Any) -> ndarray:
        """What NumPy's method of that name draws with these parameters, as a constant of that dtype."""
        arrays = {f"p{i}": p for i, p in enumerate(parameters) if isinstance(p, Array)}
        if any(map(is_tracked, arrays.values())):
            raise NoGradientError(f"{name}: there is no derivative in the parameters of this draw; pass x.detach()")

        def draw(**hosts: Any) -> Any:
            return self.draw(name, rounded, [hosts.get(f"p{i}", p) for i, p in enumerate(parameters)], keywords)

        return drawn(draw, make, **arrays)

    def _floats(self, name: str, size: Any, *parameters: Any, dtype: Any = None) -> ndarray:
        return self._drawn(name, dtype or dtypes.get_default_dtype(), *parameters, size=size)

    def _counts(self, name: str, size: Any, *parameters: Any) -> ndarray:
        return self._drawn(name, host.int64, *parameters, size=size)

    def _formed(
        self, name: str, size: Any, parameters: Sequence[Any], standard: Sequence[Any], formula: Callable[..., ndarray]
    ) -> ndarray:
        """Draws that are a formula of standard ones and the parameters, in which they have derivatives."""
        if not any(isinstance(p, Array) for p in parameters):
            return self._floats(name, size, *parameters)
        method, *rest = standard
        shape = _shape(size, *parameters)
        return formula(self._floats(method, shape, *rest, dtype=_float_of(*parameters)), *parameters)

    def _unit(self, name: str, size: Any, dtype: Any) -> ndarray:
        if dtype is None:
            return self._floats(name, size)
        return self._drawn(name, None, size=size, dtype=dtypes.to_dtype(dtype).type)

    def random(self, size: ShapeLike | None = None, dtype: DTypeLike | None = None) -> ndarray:
        """Numbers evenly spread from 0 up to 1; with `dtype` float32 those that NumPy draws in that."""
        return self._unit("random", size, dtype)

    def standard_normal(self, size: ShapeLike | None = None, dtype: DTypeLike | None = None) -> ndarray:
        """Standard normal numbers; with `dtype` float32 those that NumPy draws in that."""
        return self._unit("standard_normal", size, dtype)

    def standard_exponential(self, size: ShapeLike | None = None, dtype: DTypeLike | None = None) -> ndarray:
        """Exponential numbers of mean 1; with `dtype` float32 those that NumPy draws in that."""
        return self._unit("standard_exponential", size, dtype)

    def standard_cauchy(self, size: ShapeLike | None = None) -> ndarray:
        """Standard Cauchy numbers."""
        return self._floats("standard_cauchy", size)

    def normal(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Normal numbers of that mean and standard deviation."""
        return self._formed("normal", size, (loc, scale), ("standard_normal",), _located)

    def uniform(self, low: ArrayLike = 0.0, high: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Numbers evenly spread from `low` up to `high`."""
        return self._formed("uniform", size, (low, high), ("random",), lambda z, low, high: low + (high - low) * z)

    def exponential(self, scale: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Exponential numbers of that mean."""
        return self._formed("exponential", size, (scale,), ("standard_exponential",), op.multiply)

    def laplace(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Numbers of Laplace's double exponential distribution."""
        return self._formed("laplace", size, (loc, scale), ("laplace", 0.0, 1.0), _located)

    def logistic(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Numbers of the logistic distribution."""
        return self._formed("logistic", size, (loc, scale), ("logistic", 0.0, 1.0), _located)

    def gumbel(self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Numbers of Gumbel's distribution of largest values."""
        return self._formed("gumbel", size, (loc, scale), ("gumbel", 0.0, 1.0), _located)

    def lognormal(self, mean: ArrayLike = 0.0, sigma: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Numbers whose logarithms are normal, of that mean and standard deviation."""
        return self._formed("lognormal", size, (mean, sigma), ("standard_normal",), lambda *p: op.exp(_located(*p)))

    def rayleigh(self, scale: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Numbers of Rayleigh's distribution."""
        return self._formed("rayleigh", size, (scale,), ("rayleigh", 1.0), op.multiply)

    def weibull(self, a: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Numbers of Weibull's distribution of shape `a`."""
        return self._formed("weibull", size, (a,), ("standard_exponential",), lambda z, a: z ** (1 / a))

    def pareto(self, a: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Numbers of the second Pareto (Lomax) distribution of shape `a`."""
        return self._formed("pareto", size, (a,), ("standard_exponential",), lambda z, a: op.expm1(z / a))

    def power(self, a: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Numbers from 0 to 1 with the density a · x^(a - 1)."""
        return self._formed("power", size, (a,), ("standard_exponential",), lambda z, a: (-op.expm1(-z)) ** (1 / a))

    def standard_gamma(
        self, shape: ShapeLike, size: ShapeLike | None = None, dtype: DTypeLike | None = None
    ) -> ndarray:
        """Gamma variates of shape parameter `shape` and scale 1."""
        if not isinstance(shape, Array):
            return self._floats("standard_gamma", size, shape, dtype=dtype and dtypes.to_dtype(dtype))
        x = self._floats("standard_gamma", size, shape._detached(), dtype=_float_of(shape))
        return _gamma_variate(op.broadcast_to(shape, shape=x.shape), x)  # type: ignore[no-any-return]

    def gamma(self, shape: ShapeLike, scale: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Gamma variates of mean shape · scale and variance shape · scale²."""
        if not isinstance(shape, Array) and not isinstance(scale, Array):
            return self._floats("gamma", size, shape, scale)
        shape = shape if isinstance(shape, Array) else make(shape, _float_of(scale))
        return op.multiply(self.standard_gamma(shape, _shape(size, shape, scale)), scale)

    def chisquare(self, df: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """The sum of the squares of `df` standard normal numbers."""
        return 2 * self.standard_gamma(df / 2, size) if isinstance(df, Array) else self._floats("chisquare", size, df)

    def beta(self, a: ArrayLike, b: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Beta variates, from 0 to 1, of mean a / (a + b)."""
        if not isinstance(a, Array) and not isinstance(b, Array):
            return self._floats("beta", size, a, b)
        dtype = _float_of(a, b)
        a, b = (p if isinstance(p, Array) else make(p, dtype) for p in (a, b))
        x = self._floats("beta", size, a._detached(), b._detached(), dtype=dtype)
        return _beta_variate(*(op.broadcast_to(p, shape=x.shape) for p in (a, b)), x)  # type: ignore[no-any-return]

    def dirichlet(self, alpha: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Distributions over the entries of `alpha`, an axis that the result has behind `size`."""
        if not isinstance(alpha, Array):
            return self._floats("dirichlet", size, alpha)
        parts = self.standard_gamma(alpha, (*_front(size), *alpha.shape))
        return op.divide(parts, op.sum(parts, axis=-1, keepdims=True))

    def multivariate_normal(
        self, mean: ArrayLike, cov: ArrayLike, size: ShapeLike | None = None, *, method: str = "cholesky"
    ) -> ndarray:
        """Normal vectors of that mean (n,) and covariance (n, n), an axis that the result has behind `size`.

        `method` is "cholesky", which has derivatives, or for parameters that are no arrays "eigh" or "svd", NumPy's.
        """
        if not isinstance(mean, Array) and not isinstance(cov, Array):
            dtype = dtypes.get_default_dtype()
            return self._drawn("multivariate_normal", dtype, mean, cov, size=size, method=method)
        if method != "cholesky":
            raise NoGradientError(f"multivariate_normal: method {method!r} has no derivatives; choose 'cholesky'")
        mean, cov = asarray(mean), asarray(cov)
        if mean.ndim != 1 or cov.shape != mean.shape * 2:
            raise ShapeError(f"multivariate_normal: mean {mean.shape} and cov {cov.shape}; give (n,) and (n, n)")
        z = self._floats("standard_normal", (*_front(size), *mean.shape), dtype=_float_of(mean, cov))
        return op.add(mean, op.matmul(z, op.matrix_transpose(op.cholesky(cov))))

    def standard_t(self, df: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Numbers of Student's distribution of `df` degrees of freedom."""
        return self._floats("standard_t", size, df)

    def f(self, dfnum: ArrayLike, dfden: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Numbers of Fisher's distribution."""
        return self._floats("f", size, dfnum, dfden)

    def noncentral_chisquare(self, df: ArrayLike, nonc: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Numbers of the chi-square distribution that is not central."""
        return self._floats("noncentral_chisquare", size, df, nonc)

    def noncentral_f(
        self, dfnum: ArrayLike, dfden: ArrayLike, nonc: ArrayLike, size: ShapeLike | None = None
    ) -> ndarray:
        """Numbers of Fisher's distribution that is not central."""
        return self._floats("noncentral_f", size, dfnum, dfden, nonc)

    def triangular(self, left: ArrayLike, mode: ArrayLike, right: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Numbers of the distribution whose density is a triangle."""
        return self._floats("triangular", size, left, mode, right)

    def vonmises(self, mu: ArrayLike, kappa: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Angles of von Mises' distribution around `mu`."""
        return self._floats("vonmises", size, mu, kappa)

    def wald(self, mean: ArrayLike, scale: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Numbers of Wald's inverse Gaussian distribution."""
        return self._floats("wald", size, mean, scale)

    def integers(
        self,
        low: ArrayLike,
        high: ArrayLike | None = None,
        size: ShapeLike | None = None,
        dtype: DTypeLike = "int64",
        endpoint: bool = False,
    ) -> ndarray:
        """Integers from `low` up to `high`, without it unless `endpoint`; with one number, from zero."""
        kind = dtypes.to_dtype(dtype).type
        return self._drawn("integers", None, low, high, size=size, dtype=kind, endpoint=endpoint)

    def poisson(self, lam: ArrayLike = 1.0, size: ShapeLike | None = None) -> ndarray:
        """Counts of independent events of which `lam` are expected."""
        return self._counts("poisson", size, lam)

    def binomial(self, n: ArrayLike, p: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """How many of `n` trials succeed, each with probability `p`."""
        return self._counts("binomial", size, n, p)

    def negative_binomial(self, n: ArrayLike, p: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """How many trials fail before the `n`-th success, each with probability `p`."""
        return self._counts("negative_binomial", size, n, p)

    def geometric(self, p: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """How many trials it takes to the first success, each with probability `p`."""
        return self._counts("geometric", size, p)

    def hypergeometric(
        self, ngood: ArrayLike, nbad: ArrayLike, nsample: ArrayLike, size: ShapeLike | None = None
    ) -> ndarray:
        """How many good ones are among `nsample` that are taken without putting them back."""
        return self._counts("hypergeometric", size, ngood, nbad, nsample)

    def logseries(self, p: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Counts of the logarithmic series distribution."""
        return self._counts("logseries", size, p)

    def zipf(self, a: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """Ranks of Zipf's distribution."""
        return self._counts("zipf", size, a)

    def multinomial(self, n: ArrayLike, pvals: ArrayLike, size: ShapeLike | None = None) -> ndarray:
        """How often each outcome comes in `n` trials, an axis that the result has behind `size`."""
        return self._counts("multinomial", size, n, pvals)

    def choice(
        self,
        a: ArrayLike,
        size: ShapeLike | None = None,
        replace: bool = True,
        p: ArrayLike | None = None,
        axis: int = 0,
        shuffle: bool = True,
    ) -> ndarray:
        """Elements of `a` along an axis, or numbers below it, chosen with the probabilities `p`."""
        if isinstance(a, (int, host.integer)):
            return self._drawn("choice", host.int64, int(a), size, replace, p, shuffle=shuffle)
        a = asarray(a)
        if not a.ndim:
            raise ShapeError(f"choice: a is {a}; give an integer or an array with axes")
        return take(a, self.choice(a.shape[axis], size, replace, p, shuffle=shuffle), axis=axis)

    def permutation(self, x: ArrayLike, axis: int = 0) -> ndarray:
        """The numbers below `x`, or the elements of `x` along an axis, in random order."""
        if isinstance(x, (int, host.integer)):
            return self._drawn("permutation", host.int64, int(x))
        x = asarray(x)
        if not x.ndim:
            raise ShapeError(f"permutation: x is {x}; give an integer or an array with axes")
        return take(x, self.permutation(x.shape[axis]), axis=axis)

    def permuted(self, x: ArrayLike, *, axis: int | None = None) -> ndarray:
        """The elements of `x` in random order, along an axis each row in its own; without an axis all of them."""
        x = asarray(x)
        if axis is None:
            return op.reshape(self.permutation(op.reshape(x, shape=(x.size,))), shape=x.shape)
        places = host.moveaxis(
            host.broadcast_to(host.arange(x.shape[axis]), (*_without(x.shape, axis), x.shape[axis])), -1, axis
        )
        return take_along_axis(x, self._drawn("permuted", host.int64, places, axis=axis), axis=axis)

    def shuffle(self, x: ArrayLike, axis: int = 0) -> None:
        """Put the elements of an array along an axis into random order, in place."""
        if not isinstance(x, Array):
            raise ArgumentTypeError(f"shuffle writes to an array of tapegrad, not to {a_kind(x)}; see permutation")
        x[...] = self.permutation(x, axis)


def _located(z: Any, loc: Any, scale: Any) -> Any:
    return loc + scale * z


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    axis %= len(shape)
    return (*shape[:axis], *shape[axis + 1 :])


open_doors(Generator)
open_doors(sys.modules[__name__])
