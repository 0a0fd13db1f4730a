"""The stream that draws what MXNet 1.9.1 draws on a CPU."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .stream import (
    Stream,
    as_count,
    as_integer,
    as_interval,
    as_numbers,
    as_probabilities,
    as_rate,
    as_sizes,
    choose_dtype,
    common_shape,
    invert_cumulative,
    require,
)

Floats: TypeAlias = NDArray[np.floating[Any]]
Integers: TypeAlias = NDArray[np.integer[Any]]
Sizes: TypeAlias = int | Sequence[int] | None

REAL = ("float32", "float64")
REAL_OR_HALF = ("float16", *REAL)
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


class MXNetStream(Stream):
    """What MXNet 1.9.1 draws on a CPU: the same seed, the same calls, the same numbers.

    MXNet keeps 1024 Mersenne twisters, the i-th seeded `127·seed + i` modulo 2³². A call for N numbers employs
    min(⌈N/64⌉, 1024) of them, each for a stretch of the result, and each goes on where it stopped in the next call.
    `categorical` and `permutation` read one more twister, seeded `127·seed`. A process that never seeds has seed 0.

    Where parameters are arrays, `shape` is drawn for *each* of their elements and comes after their shape, as in
    MXNet's `sample_…` operators. Parameters given as numbers are rounded to float32, as MXNet passes them. float64 and
    float16 numbers are made of float64 ones, which take two words each.

    How exactly the numbers are MXNet's, which asks the C library for logarithms and the like, whose last bits vary:
      * uniform, randint, dropout, categorical and normal to the bit (in float64 normal by way of this machine's C
        library), exponential but for the last bit of a logarithm;
      * gamma, poisson and the negative binomials step by step as MXNet makes them. There a last bit may also decide
        whether a proposal is accepted, and a twister that goes another way once does so for good. Of 300 000 numbers
        beside the same program in C++ (glibc 2.36) gamma with alpha from 1 up and counts of a mean up to 40 were all
        equal, of gamma below 1 all but one in 1700 (by 1 ulp), of counts of mean 400 all but one in 80;
      * permutation as far as is known: see there.

    Shapes: that of the parameters, then `shape`.

    Dtypes: real numbers and counts float16, float32 or float64; `randint` int32 or int64.

    Raises: as `Stream`.

    >>> stream = MXNetStream()
    >>> stream.seed(1)
    >>> stream.uniform(shape=3)
    array([0.52383333, 0.05501367, 0.03996297], dtype=float32)
    """

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.seed(seed)

    def seed(self, seed: int, *, device: bool = False) -> None:
        """Start again from `seed`, any integer, taken modulo 2³².

        `device=True` is MXNet's `seed(s, ctx=…)`, which seeds the twister of `categorical` and `permutation` with
        `seed` itself, and all the others as usual.
        """
        seed = as_integer("seed", seed)
        with self._lock:
            self._seed = 127 * seed
            self._made: list[_Twister] = []
            self._single = _Twister(seed if device else 127 * seed)

    def uniform(
        self, low: ArrayLike = 0.0, high: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Real numbers over [low, high): a 32-bit word over 2³², in float32, then `low + (high - low) * u`.

        The sum is rounded as MXNet rounds it, so `high` itself can occur.

        >>> MXNetStream(1).uniform(shape=4)
        array([0.52383333, 0.05501367, 0.03996297, 0.59453225], dtype=float32)
        >>> MXNetStream(1).uniform([0.0, 10.0], [1.0, 20.0], shape=3).shape
        (2, 3)
        """
        draw = _Draw(shape, dtype, low=low, high=high)
        low, high = draw.parameters
        require(low <= high, "high", high, "no less than low")
        with self._lock:
            unit = self._uniforms(draw.count, draw.real)
        low, high = draw.each(low), draw.each(high)
        return draw.result(low + (high - low) * unit)

    def normal(
        self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Normal numbers by Marsaglia's polar method, which makes two of each accepted pair; MXNet keeps one.

        >>> MXNetStream(0).normal(shape=5)
        array([2.2122064, 0.7740038, 1.0434403, 1.1839255, 1.8917114],
              dtype=float32)
        """
        draw = _Draw(shape, dtype, loc=loc, scale=scale)
        loc, scale = draw.parameters
        require(scale >= 0, "scale", scale, "at least 0")
        with self._lock:
            unit = self._normals(draw.count, draw.real)
        return draw.result(unit * draw.each(scale) + draw.each(loc))

    def exponential(self, *, rate: ArrayLike = 1.0, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """Waiting times of mean 1/rate: `-log(1 - u) / rate`. MXNet's operators call the rate `lam`.

        >>> MXNetStream(0).exponential()
        array(0.79587454, dtype=float32)
        """
        draw = _Draw(shape, dtype, rate=rate)
        (rate,) = draw.parameters
        require(rate > 0, "rate", rate, "more than 0")
        with self._lock:
            unit = self._uniforms(draw.count, draw.real)
        return draw.result(-np.log(1.0 - unit.astype(np.float64)) / draw.each(rate))

    def gamma(
        self, alpha: ArrayLike, scale: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Gamma variates by the method of Marsaglia and Tsang (2000). MXNet calls the scale `beta`.

        >>> MXNetStream(0).gamma(2.0, 3.0, shape=(2, 2)).shape
        (2, 2)
        """
        draw = _Draw(shape, dtype, alpha=alpha, scale=scale)
        alpha, scale = draw.parameters
        require(alpha > 0, "alpha", alpha, "more than 0")
        require(scale > 0, "scale", scale, "more than 0")
        return draw.result(self._one_by_one(_gamma, draw.count, draw.real, alpha, scale))

    def poisson(self, lam: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """Counts of independent events of which `lam` are expected, as real numbers, which is what MXNet returns.

        >>> MXNetStream(0).poisson(4.0, shape=3).dtype
        dtype('float32')
        """
        draw = _Draw(shape, dtype, lam=lam)
        (lam,) = draw.parameters
        require(lam >= 0, "lam", lam, "at least 0")
        return draw.result(self._one_by_one(_poisson, draw.count, np.float32, lam))

    def negative_binomial(
        self, k: ArrayLike = 1, p: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """How many trials go the other way before `k` of probability `p` each have come: mean k(1 − p)/p.

        >>> MXNetStream(0).negative_binomial(3, 1.0, shape=2)
        array([0., 0.], dtype=float32)
        """
        draw = _Draw(shape, dtype, k=k, p=p)
        k, p = draw.parameters
        require(k >= 0, "k", k, "at least 0")
        require((p > 0) & (p <= 1), "p", p, "more than 0 and at most 1")
        wide = p.astype(np.float64)
        scale = ((1.0 - wide) / wide).astype(np.float32)
        return draw.result(self._one_by_one(_poisson_of_gamma, draw.count, np.float32, k.astype(np.float32), scale))

    def generalized_negative_binomial(
        self, mu: ArrayLike = 1.0, alpha: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Poisson counts whose expectation is itself gamma distributed: mean `mu`, variance mu + alpha·mu².

        >>> MXNetStream(0).generalized_negative_binomial(0.0, 0.5, shape=2)
        array([0., 0.], dtype=float32)
        """
        draw = _Draw(shape, dtype, mu=mu, alpha=alpha)
        mu, alpha = draw.parameters
        require(mu >= 0, "mu", mu, "at least 0")
        require(alpha >= 0, "alpha", alpha, "at least 0")
        return draw.result(self._one_by_one(_poisson_of_dispersed, draw.count, np.float32, mu, alpha))

    def randint(
        self, low: int, high: int | None = None, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Integers:
        """Integers over low, …, high − 1: 63 bits of two words, modulo the width; int32 unless `dtype` is int64.

        MXNet's 63 bits overflow once in 2³³ draws, and its number is then below `low`; this one is not.

        >>> MXNetStream(0).randint(5, 100, shape=4)
        array([16, 24, 83, 29], dtype=int32)
        """
        kind = choose_dtype(dtype, ("int32", "int64"), "int32")
        low, high = as_interval(low, high, kind)
        size = as_sizes(shape)
        with self._lock:
            words = self._words(math.prod(size), 2).astype(np.uint64)
        offset = ((words[0::2] << np.uint64(31)) + words[1::2]) % np.uint64(high - low)
        return (offset.astype(np.int64) + np.int64(low)).astype(kind).reshape(size)

    def bernoulli(self, p: ArrayLike = 0.5, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """One where a uniform number is below `p`, else zero, as real numbers.

        >>> MXNetStream(1).bernoulli(0.5, shape=5)
        array([0., 1., 1., 0., 1.], dtype=float32)
        """
        draw = _Draw(shape, dtype, p=p)
        (p,) = draw.parameters
        require((p >= 0) & (p <= 1), "p", p, "from 0 to 1")
        with self._lock:
            unit = self._uniforms(draw.count, draw.real)
        return draw.result(unit < draw.each(p))

    def dropout(self, rate: float, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """The mask of MXNet's `Dropout`: 0 with probability `rate`, else 1/(1 − rate), in float32 arithmetic.

        A number that equals 1 − rate is kept. (With `axes`, MXNet drops it: one number in 2²⁴.)

        >>> MXNetStream(1).dropout(0.5, shape=5)
        array([0., 2., 2., 0., 2.], dtype=float32)
        """
        draw = _Draw(shape, dtype)
        keep = np.float32(1) - np.float32(as_rate(rate))
        with self._lock:
            unit = self._uniforms(draw.count, draw.real).astype(np.float32)
        if not keep:
            return draw.result(np.zeros(draw.count, np.float32))
        return draw.result((unit <= keep) * (np.float32(1) / keep))

    def categorical(self, probs: ArrayLike, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> NDArray[Any]:
        """Positions along the last axis of `probs`, `shape` for each distribution; int32 unless `dtype` says otherwise.

        MXNet's `sample_multinomial`. Sums are made in float64 and compared in float32. What MXNet leaves to chance is
        mended: rounding never leads past the last outcome, nor to one of probability zero. The logarithm of the
        probability, which `get_prob` asks for, is for the caller to look up, so that it is differentiable.

        >>> dice = MXNetStream(0)
        >>> dice.categorical([1 / 6] * 6, shape=10)
        array([3, 3, 4, 5, 3, 5, 3, 5, 2, 3], dtype=int32)
        """
        kind = choose_dtype(dtype, ("uint8", "int32", *REAL_OR_HALF), "int32")
        size = as_sizes(shape)
        probs = as_probabilities(probs)
        batch, outcomes = probs.shape[:-1], probs.shape[-1]
        table = probs.reshape(-1, outcomes)
        each = math.prod(size)
        with self._lock:
            unit = _unit(_take(self._single, len(table) * each), np.float32)
        cumulative = table.cumsum(axis=-1, dtype=np.float64).astype(np.float32).astype(table.dtype)
        levels = unit.astype(table.dtype).reshape(len(table), each)
        return invert_cumulative(table, cumulative, levels).astype(kind).reshape(batch + size)

    def permutation(self, count: int, *, rows: bool = False) -> NDArray[np.int64]:
        """The integers 0, …, count − 1 in the order in which MXNet's `shuffle` leaves the elements of a vector.

        MXNet shuffles vectors upwards, and the rows of anything of more axes downwards: `rows=True` gives the order of
        those. Both need integers below a bound, for which this takes what GCC's C++ library did before version 11:
        the word divided by a whole number. What the compiler of the MXNet wheels did is not on record. Vectors of 1000
        elements and more MXNet shuffles on all its threads, so that their order depends on the machine; here the rule
        for short ones goes on.

        >>> sorted(MXNetStream(0).permutation(4).tolist())
        [0, 1, 2, 3]
        """
        order = list(range(as_count(count)))
        places = range(len(order) - 1, 0, -1) if rows else range(1, len(order))
        with self._lock:
            others = self._below([place + 1 for place in places])
        for place, other in zip(places, others, strict=True):
            order[place], order[other] = order[other], order[place]
        return np.array(order, np.int64)

    # Words, and the two distributions that are made of them at full speed.

    def _team(self, count: int) -> tuple[list[_Twister], int]:
        """The twisters that draw `count` numbers, and how many each: all the same, the last one what is left."""
        most = min(-(-count // 64), 1024)
        each = -(-count // most)
        size = -(-count // each)
        while len(self._made) < size:
            self._made.append(_Twister(self._seed + len(self._made)))
        return self._made[:size], each

    def _words(self, count: int, width: int) -> NDArray[np.uint32]:
        """The words of `count` numbers that need `width` words each."""
        if not count:
            return np.empty(0, np.uint32)
        team, each = self._team(count)
        words = _peek(team, each * width)
        for twister in team[:-1]:
            twister.skip(each * width)
        team[-1].skip((count - each * (len(team) - 1)) * width)
        return words.reshape(-1)[: count * width]

    def _uniforms(self, count: int, real: type[np.floating[Any]]) -> Floats:
        """`count` numbers in [0, 1)."""
        return _unit(self._words(count, _width(real)), real)

    def _normals(self, count: int, real: type[np.floating[Any]]) -> Floats:
        """`count` standard normal numbers."""
        if not count:
            return np.empty(0, real)
        team, each = self._team(count)
        out = np.empty((len(team), each), real)
        wide = min(each, _BLOCK)
        tall = _BLOCK // wide
        for top in range(0, len(team), tall):
            for left in range(0, each, wide):
                block = out[top : top + tall, left : left + wide]
                wanted = np.full(len(block), block.shape[1])
                if top + tall >= len(team):
                    wanted[-1] = min(max(count - each * (len(team) - 1) - left, 0), wanted[-1])
                block[:] = _polar(team[top : top + tall], block.shape[1], wanted, real)
        return out.reshape(-1)[:count]

    def _below(self, bounds: Sequence[int]) -> list[int]:
        """For each bound an integer in 0, …, bound − 1, from the single twister."""
        out: list[int] = []
        words: list[int] = []
        read = 0
        for bound in bounds:
            share = 0xFFFFFFFF // bound
            word = share * bound
            while word >= share * bound:
                if read == len(words):
                    self._single.skip(read)
                    words, read = self._single.peek(min(len(bounds), 1024)).tolist(), 0
                word = words[read]
                read += 1
            out.append(word // share)
        self._single.skip(read)
        return out

    def _one_by_one(
        self,
        sampler: Callable[..., NDArray[Any]],
        count: int,
        real: type[np.floating[Any]],
        *parameters: Floats,
    ) -> NDArray[Any]:
        """`count` numbers of a sampler that reads unforeseeably many for each, with all twisters side by side."""
        if not count:
            return np.empty(0, real)
        share = count // parameters[0].size
        with self._lock, np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            team, each = self._team(count)
            reader = _Reader(team, real)
            out = np.empty((len(team), each), real)
            for turn in range(each):
                position = np.arange(turn, count, each)
                rows = np.arange(position.size)
                out[rows, turn] = sampler(reader, rows, *(p[position // share] for p in parameters))
            reader.finish()
        return out.reshape(-1)[:count]


class _Draw:
    """One call of `MXNetStream`: the checked shape, dtype and parameters, and what becomes of the drawn numbers."""

    def __init__(self, shape: Sizes, dtype: DTypeLike | None, **parameters: ArrayLike) -> None:
        self.dtype = choose_dtype(dtype, REAL_OR_HALF, "float32")
        self.real: type[np.floating[Any]] = np.float32 if self.dtype == np.float32 else np.float64
        given = [as_numbers(name, value) for name, value in parameters.items()]
        batch = common_shape(given) if any(p.ndim for p in given) else ()
        # A scalar is a float32 attribute of MXNet's operator; an array is an input, and keeps its dtype.
        typed = [p if p.ndim and p.dtype.kind == "f" else p.astype(np.float32) for p in given]
        self.parameters = [(p if p.shape == batch else np.broadcast_to(p, batch)).reshape(-1) for p in typed]
        self.shape = batch + as_sizes(shape)
        self.count = math.prod(self.shape)

    def each(self, parameter: Floats) -> Floats:
        """The parameter beside each number that it governs."""
        return parameter if parameter.size == 1 else np.repeat(parameter, self.count // max(parameter.size, 1))

    def result(self, values: NDArray[Any]) -> Floats:
        """The numbers in their shape and dtype; halves are rounded twice, as in MXNet."""
        if self.dtype == np.float16:
            values = values.astype(np.float32)
        return values.astype(self.dtype, copy=False).reshape(self.shape)


class _Unseeded(ISeedSequence):
    """No entropy: `RandomState.seed` sets the whole state a moment later, and to ask the system for it takes 80 µs."""

    def generate_state(self, n_words: int, dtype: Any = None) -> Any:
        """Zeros, in a list: the generator reads them one by one, which takes ten times as long from an array."""
        return [0] * n_words


class _Twister:
    """One Mersenne twister (mt19937, as in C++) whose coming words can be looked at before they are used up."""

    __slots__ = ("_bits", "_unread")

    def __init__(self, seed: int) -> None:
        self._bits = np.random.MT19937(_Unseeded())  # type: ignore[arg-type]
        # NumPy's legacy seeding is the one that C++ prescribes, and frozen for good.
        np.random.RandomState(self._bits).seed(seed % 2**32)
        self._unread: NDArray[np.uint32] = np.empty(0, np.uint32)

    def peek(self, count: int) -> NDArray[np.uint32]:
        """The next `count` words."""
        missing = count - self._unread.size
        if missing > 0:
            fresh = self._bits.random_raw(max(missing, 64))
            self._unread = np.concatenate((self._unread, fresh), dtype=np.uint32, casting="same_kind")
        return self._unread[:count]

    def skip(self, count: int) -> None:
        """Use up `count` of the words looked at."""
        self._unread = self._unread[count:]


class _Reader:
    """Reads uniform numbers from several twisters, each at its own pace, in rounds that name the rows they want."""

    _AHEAD = 128

    def __init__(self, team: list[_Twister], real: type[np.floating[Any]]) -> None:
        self._team = team
        self.real = real
        self._look()

    def _look(self) -> None:
        self._numbers = _unit(_peek(self._team, self._AHEAD * _width(self.real)), self.real)
        self._read = np.zeros(len(self._team), np.intp)

    def finish(self) -> None:
        """Leave each twister behind the last word that was read."""
        for twister, count in zip(self._team, self._read.tolist(), strict=True):
            twister.skip(count * _width(self.real))

    def uniform(self, rows: NDArray[np.intp]) -> Floats:
        """The next number of each of these rows."""
        if not rows.size:
            return np.empty(0, self.real)
        position = self._read[rows]
        if position.max() == self._AHEAD:
            self.finish()
            self._look()
            position = self._read[rows]
        self._read[rows] = position + 1
        return self._numbers[rows, position]

    def normal(self, rows: NDArray[np.intp]) -> Floats:
        """The next standard normal number of each of these rows."""
        out = np.empty(rows.size, self.real)
        waiting = np.arange(rows.size)
        while waiting.size:
            x = 2 * self.uniform(rows[waiting]) - 1
            y = 2 * self.uniform(rows[waiting]) - 1
            square = x * x + y * y
            good = (square <= 1) & (square != 0)
            out[waiting[good]] = y[good] * _polar_factor(square[good])
            waiting = waiting[~good]
        return out


# How many normal numbers are made at a time, so that the arrays in between stay in the cache.
_BLOCK = 1 << 14


def _width(real: type[np.floating[Any]]) -> int:
    """How many 32-bit words a uniform number takes."""
    return 1 if real is np.float32 else 2


def _peek(team: list[_Twister], count: int) -> NDArray[np.uint32]:
    """The next `count` words of each twister, one row each."""
    words = np.empty((len(team), count), np.uint32)
    for row, twister in zip(words, team, strict=True):
        row[:] = twister.peek(count)
    return words


def _take(twister: _Twister, count: int) -> NDArray[np.uint32]:
    """The next `count` words of one twister, used up."""
    words = twister.peek(count)
    twister.skip(count)
    return words


def _unit(words: NDArray[np.uint32], real: type[np.floating[Any]]) -> Floats:
    """Words as numbers in [0, 1), as C++ does it: one word, or the lower and then the upper half of a longer one."""
    numbers: Floats
    if real is np.float32:
        numbers = words.astype(np.float32)
        numbers *= np.float32(2.0**-32)
    else:
        numbers = words[..., 1::2].astype(np.float64)
        numbers *= 2.0**32
        numbers += words[..., 0::2]
        numbers *= 2.0**-64
    np.minimum(numbers, np.nextafter(real(1), real(0)), out=numbers)
    return numbers


def _log(x: Floats) -> Floats:
    """The logarithm of positive numbers, as the GNU C library (2.27 and later) has it in the dtype of `x`."""
    if x.dtype == np.float32:
        return _log_of_floats(x)
    # NumPy may have a logarithm of its own, whose last bits are others; Python asks the C library.
    return np.fromiter(map(math.log, x.ravel().tolist()), np.float64, x.size).reshape(x.shape)


def _log_of_floats(x: Floats) -> Floats:
    """The C library's `logf`, which is off by up to 0.82 ulp, so that no better logarithm gives the same numbers.

    x is 2ᵏ·z with z in one of sixteen intervals, of centre c, and log z is log c and a polynomial in z/c − 1, all in
    float64. Equal to the bit for every normal number (all 2 130 706 432 were compared with glibc 2.36).
    """
    inverse, log_centre = _centres()
    bits = x.view(np.int32)
    offset = bits - _LOWEST
    interval = (offset >> 19) & 15
    z = (bits - (offset & ~0x7FFFFF)).view(np.float32).astype(np.float64)
    r = z * inverse[interval] - 1.0
    square = r * r
    lead = (log_centre[interval] + (offset >> 23) * math.log(2.0)) + r
    return np.asarray((_CUBIC * r + _SQUARE + _FOURTH * square) * square + lead).astype(np.float32)


_LOWEST = np.int32(0x3F330000)
"""The bits of 0.69921875, where the first of the intervals of `_log_of_floats` begins; each is 2¹⁹ floats long."""
_SQUARE = float.fromhex("-0x1.ffffef20a4123p-2")
_CUBIC = float.fromhex("0x1.5575b0be00b6ap-2")
_FOURTH = float.fromhex("-0x1.00ea348b88334p-2")
"""The C library's coefficients of log(1 + r), near −1/2, 1/3 and −1/4."""


@functools.cache
def _centres() -> tuple[Floats, Floats]:
    """For each interval of `_log_of_floats` the inverse of its centre and the logarithm of that."""
    first = _LOWEST + np.arange(16, dtype=np.int32) * np.int32(1 << 19)
    last = first + np.int32((1 << 19) - 1)
    centre = (first.view(np.float32).astype(np.float64) + last.view(np.float32)) / 2
    # Around 1 the logarithm has to be exact, and the C library's next centre is not in the middle either.
    centre[9:11] = 1.0, 1.0534233324
    return 1.0 / centre, np.array([math.log(c) for c in centre.tolist()])


def _polar_factor(square: Floats) -> Floats:
    """What the coordinates of a point of the unit disc are multiplied with to become normal numbers."""
    return np.asarray(np.sqrt(-2 * _log(square) / square))


def _polar(team: list[_Twister], most: int, wanted: NDArray[np.intp], real: type[np.floating[Any]]) -> Floats:
    """Standard normal numbers: rows of `most`, of which the i-th twister fills the first wanted[i].

    All want the same, but for the last one. A pair of uniform numbers is a point of the square, accepted in the disc,
    so some π/4 of them are. Looked at are as many as will almost surely do, and used up those to the last one wanted.
    """
    width = _width(real)
    pairs = int(most * 4 / math.pi + 3 * math.sqrt(most)) + 3
    while True:
        points = _unit(_peek(team, 2 * pairs * width), real)
        points *= 2
        points -= 1
        x, y = points[:, 0::2], points[:, 1::2]
        square = x * x + y * y
        good = (square <= 1) & (square != 0)
        rank = good.cumsum(axis=1, dtype=np.int32)
        if (rank[:, -1] >= wanted).all():
            break
        pairs *= 2
    used = (rank < wanted[:, None]).sum(axis=1) + (wanted > 0)
    for twister, count in zip(team, used.tolist(), strict=True):
        twister.skip(2 * count * width)
    good &= rank <= wanted[:, None]
    numbers: Floats = y[good] * _polar_factor(square[good])
    if numbers.size == len(team) * most:
        return numbers.reshape(len(team), most)
    out = np.zeros((len(team), most), real)
    out.reshape(-1)[: numbers.size] = numbers
    return out


def _gamma(reader: _Reader, rows: NDArray[np.intp], alpha: Floats, scale: Floats) -> Floats:
    """One gamma variate per row: G. Marsaglia and W. W. Tsang, A simple method for generating gamma variables, 2000.

    An alpha below 1 is drawn one higher and brought down by a power of a uniform number. Roundings to `real` stand
    where MXNet stores an intermediate; what is between them it computes in float64.
    """
    real, wide = reader.real, np.float64
    alpha = alpha.astype(wide)
    small = alpha < 1
    d = np.where(small, alpha + 2.0 / 3.0, alpha - 1.0 / 3.0).astype(real)
    k = np.sqrt(9.0 * d.astype(wide)).astype(real)
    c = (1.0 / k.astype(wide)).astype(real)
    out = np.empty(rows.size, real)
    waiting, missing = np.arange(rows.size), np.ones(rows.size, bool)
    while waiting.size:
        z = reader.normal(rows[waiting])
        inside = z > -k[waiting]
        tried, z = waiting[inside], z[inside]
        x = (1.0 + (c[tried] * z).astype(wide)).astype(real)
        v = x * x * x
        level = np.log(1.0 - reader.uniform(rows[tried]).astype(wide))
        z = z.astype(wide)
        good = level < 0.5 * z * z + d[tried].astype(wide) * (1.0 - v.astype(wide) + _log(v).astype(wide))
        done = tried[good]
        out[done] = d[done] * v[good] * scale[done]
        missing[done] = False
        waiting = waiting[missing[waiting]]
    power = reader.uniform(rows[small]).astype(wide) ** (1.0 / alpha[small]).astype(real).astype(wide)
    out[small] *= power.astype(real)
    return out


def _poisson(reader: _Reader, rows: NDArray[np.intp], lam: Floats) -> Floats:
    """One Poisson count per row, in float32: by multiplying uniform numbers below a mean of 12, else by rejection."""
    lam = lam.astype(np.float32)
    out = np.empty(rows.size, np.float32)
    few = lam < 12
    out[few] = _poisson_few(reader, rows[few], lam[few])
    out[~few] = _poisson_many(reader, rows[~few], lam[~few])
    return out


def _poisson_few(reader: _Reader, rows: NDArray[np.intp], lam: Floats) -> Floats:
    """How many uniform numbers can be multiplied before the product falls to exp(−lam)."""
    end = np.exp(-lam.astype(np.float64)).astype(np.float32)
    out = np.zeros(rows.size, np.float32)
    waiting = np.arange(rows.size)
    product = reader.uniform(rows)
    while True:
        above = product > end[waiting]
        waiting, product = waiting[above], product[above]
        if not waiting.size:
            return out
        out[waiting] += 1
        product = product * reader.uniform(rows[waiting])


def _poisson_many(reader: _Reader, rows: NDArray[np.intp], lam: Floats) -> Floats:
    """Rejection from a Lorentzian: W. H. Press et al., Numerical Recipes in C, section 7.3."""
    wide = np.float64
    width = np.sqrt(2.0 * lam.astype(wide)).astype(np.float32)
    log = _log(lam)
    peak = lam * log - _log_factorial(lam)
    out = np.empty(rows.size, np.float32)
    waiting = np.arange(rows.size)
    while waiting.size:
        slope, count = np.empty(waiting.size, np.float32), np.full(waiting.size, -1, np.float32)
        while (below := np.flatnonzero(count < 0)).size:
            at = waiting[below]
            angle = np.float32(math.pi) * reader.uniform(rows[at])
            slope[below] = np.tan(angle.astype(wide)).astype(np.float32)
            count[below] = width[at] * slope[below] + lam[at]
        count = np.floor(count)
        height = np.exp((count * log[waiting] - _log_factorial(count) - peak[waiting]).astype(wide)).astype(np.float32)
        ratio = (0.9 * (1.0 + (slope * slope).astype(wide)) * height).astype(np.float32)
        good = ~(reader.uniform(rows[waiting]) > ratio)
        out[waiting[good]] = count[good]
        waiting = waiting[~good]
    return out


def _poisson_of_gamma(reader: _Reader, rows: NDArray[np.intp], alpha: Floats, scale: Floats) -> Floats:
    """A Poisson count whose mean is a gamma variate."""
    return _poisson(reader, rows, _gamma(reader, rows, alpha, scale))


def _poisson_of_dispersed(reader: _Reader, rows: NDArray[np.intp], mu: Floats, alpha: Floats) -> Floats:
    """A Poisson count whose mean has mean `mu` and variance alpha·mu²; no dispersion, no draw for it."""
    lam = mu.astype(np.float32)
    spread = alpha != 0
    lam[spread] = _gamma(reader, rows[spread], 1 / alpha[spread], alpha[spread] * mu[spread])
    return _poisson(reader, rows, lam)


def _log_factorial(x: Floats) -> Floats:
    """log Γ(x + 1) for x ≥ 0, rounded to float32: Stirling's series at x + 9, then down by eight factors."""
    z = x.astype(np.float64) + 1.0
    factors = np.ones_like(z)
    for step in range(8):
        factors *= z + step
    z += 8.0
    inverse = 1.0 / (z * z)
    series = (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / z
    value = (z - 0.5) * np.log(z) - z + 0.5 * math.log(2.0 * math.pi) + series - np.log(factors)
    return np.asarray(value).astype(np.float32)


# Arguments: what is asked for, checked where it is asked.
