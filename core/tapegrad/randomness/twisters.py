"""The stream that draws what MXNet 1.9.1 draws on a CPU."""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .stream import (
    REAL_OR_HALF,
    Floats,
    Integers,
    Sizes,
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
            self.seedings += 1
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
        return draw.result(self._one_by_one(_Gamma, draw.count, draw.real, alpha, scale))

    def poisson(self, lam: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """Counts of independent events of which `lam` are expected, as real numbers, which is what MXNet returns.

        >>> MXNetStream(0).poisson(4.0, shape=3).dtype
        dtype('float32')
        """
        draw = _Draw(shape, dtype, lam=lam)
        (lam,) = draw.parameters
        require(lam >= 0, "lam", lam, "at least 0")
        return draw.result(self._one_by_one(_Poisson, draw.count, np.float32, lam))

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
        return draw.result(self._one_by_one(_PoissonOfGamma, draw.count, np.float32, k.astype(np.float32), scale))

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
        return draw.result(self._one_by_one(_PoissonOfDispersed, draw.count, np.float32, mu, alpha))

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
        steps = np.arange(as_count(count))[1:]
        with self._lock:
            if rows:
                others = self._below(steps[::-1] + 1)[::-1]
            else:
                others = self._below(steps + 1)
        others = np.concatenate([[0], others])[:count]
        return _swapped_downwards(others) if rows else _swapped_upwards(others)

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

    def _below(self, bounds: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each bound an integer in 0, …, bound − 1, from the single twister.

        A word is divided by a whole number, and passed over where that leads to the bound or beyond, as happens with a
        probability of bound / 2³².
        """
        out = np.empty(len(bounds), np.int64)
        shares = 0xFFFFFFFF // bounds
        done = 0
        while done < len(out):
            stretch = slice(done, done + 4096)
            share = shares[stretch]
            words = self._single.peek(len(share)).astype(np.int64)
            fits = words < share * bounds[stretch]
            length = len(share) if fits.all() else int(fits.argmin())
            out[done : done + length] = words[:length] // share[:length]
            self._single.skip(min(length + 1, len(share)))
            done += length
        return out

    def _one_by_one(
        self,
        sampler: type[_Sampler],
        count: int,
        real: type[np.floating[Any]],
        *parameters: Floats,
    ) -> NDArray[Any]:
        """`count` numbers of a sampler that reads unforeseeably many for each, with all twisters side by side.

        In each round every twister makes an attempt at the number it has come to, however many it has made before.
        """
        if not count:
            return np.empty(0, real)
        alike = parameters[0].size == 1
        share = count // parameters[0].size
        with self._lock, np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            team, each = self._team(count)
            reader = _Reader(team, real, each)
            rows = np.arange(len(team))
            wanted = np.minimum(each, count - rows * each)
            made = np.zeros(len(team), np.intp)
            out = np.empty((len(team), each), real)
            drawn = sampler(reader)
            drawn.begin(rows, *(p[rows * each // share] for p in parameters))
            while rows.size:
                reader.look()
                done, values = drawn.attempt(rows)
                ended = rows[done]
                out[ended, made[ended]] = values[done]
                made[ended] += 1
                going = made[ended] < wanted[ended]
                if not alike:
                    ended = ended[going]
                    drawn.begin(ended, *(p[(ended * each + made[ended]) // share] for p in parameters))
                if not going.all():
                    rows = rows[made[rows] < wanted[rows]]
            reader.finish()
        return out.reshape(-1)[:count]


class NumPyStream(MXNetStream):
    """What MXNet 1.9.1 draws for `mx.np.random`: all of it one by one, from the single twister of another stream.

    Seeding one of the two seeds both.

    Shapes: as `MXNetStream`.

    Dtypes: as `MXNetStream`.

    Raises: as `MXNetStream`.

    >>> NumPyStream(MXNetStream(1)).normal(shape=3)
    array([-0.6776515 ,  0.03629481,  0.10073948], dtype=float32)
    """

    def __init__(self, stream: MXNetStream) -> None:
        self._stream, self._lock = stream, stream._lock

    def seed(self, seed: int, *, device: bool = False) -> None:
        """Start the other stream again."""
        self._stream.seed(seed, device=device)

    def uniform(
        self, low: ArrayLike = 0.0, high: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Real numbers over [low, high), of 32 bits in every dtype.

        >>> NumPyStream(MXNetStream(1)).uniform(shape=2, dtype="float64")
        array([0.52383333, 0.05501367])
        """
        return super().uniform(low, high, shape=shape).astype(choose_dtype(dtype, REAL_OR_HALF, "float32"))

    def normal(
        self, loc: ArrayLike = 0.0, scale: ArrayLike = 1.0, *, shape: Sizes = None, dtype: DTypeLike | None = None
    ) -> Floats:
        """Normal numbers by the polar method, of 32 bits in every dtype.

        >>> NumPyStream(MXNetStream(1)).normal(shape=3)
        array([-0.6776515 ,  0.03629481,  0.10073948], dtype=float32)
        """
        return super().normal(loc, scale, shape=shape).astype(choose_dtype(dtype, REAL_OR_HALF, "float32"))

    def exponential(self, *, rate: ArrayLike = 1.0, shape: Sizes = None, dtype: DTypeLike | None = None) -> Floats:
        """Waiting times of mean 1/rate: `-log(u) / rate`.

        >>> NumPyStream(MXNetStream(1)).exponential(rate=0.5, shape=2)
        array([1.2931634, 5.8003473], dtype=float32)
        """
        unit = self.uniform(shape=shape, dtype=dtype)
        return np.asarray(-_log(unit) / np.asarray(rate, unit.dtype))

    def multinomial(self, n: int, pvals: ArrayLike, *, shape: Sizes = None) -> NDArray[np.int64]:
        """How often each outcome came in `n` draws of the probabilities `pvals`.

        >>> NumPyStream(MXNetStream(1)).multinomial(10, [0.2, 0.3, 0.5])
        array([2, 3, 5])
        """
        table, size = as_probabilities(np.asarray(pvals, np.float64)), as_sizes(shape)
        count = math.prod(size) * as_count(n)
        with self._lock:
            unit = self._uniforms(count, np.float64).reshape(-1, n)
            self._uniforms(len(table), np.float64)  # MXNet draws as many more, for which it has no use
        places = invert_cumulative(table[None], table.cumsum()[None], unit.reshape(1, -1)).reshape(unit.shape)
        counts = (places[..., None] == np.arange(len(table))).sum(axis=1, dtype=np.int64)
        return np.asarray(counts.reshape(*size, len(table)))

    def choice(self, count: int, *, shape: Sizes = None, probs: ArrayLike | None = None) -> NDArray[np.int64]:
        """Numbers below `count`, with the probabilities `probs` if there are any, each anew.

        >>> NumPyStream(MXNetStream(1)).choice(10, shape=3)
        array([5, 6, 0])
        """
        size = as_sizes(shape)
        if probs is None:
            with self._lock:
                words = _take(self._single, math.prod(size))
            return (words % np.uint32(as_count(count))).astype(np.int64).reshape(size)
        table = as_probabilities(np.asarray(probs, np.float32))[None]
        unit = self.uniform(shape=size).reshape(1, -1)
        return invert_cumulative(table, table.cumsum(-1), unit).astype(np.int64).reshape(size)

    @property
    def _single(self) -> _Twister:  # type: ignore[override]
        return self._stream._single

    def _team(self, count: int) -> tuple[list[_Twister], int]:
        return [self._single], count

    def _normals(self, count: int, real: type[np.floating[Any]]) -> Floats:
        """Both numbers of each accepted pair."""
        pairs = (count + 1) // 2
        return _polar([self._single], pairs, np.array([pairs]), real, both=True).reshape(-1)[:count]


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


def _swapped_upwards(others: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2, … after the element at each place from the first on was swapped with that at others[place] ≤ place.

    At its step a place gets what its other then holds: the last step before that went there, as no step is undone, or
    else what the other got at its own. In the end it holds the last step that went to it.
    """
    steps = np.arange(len(others))
    before, last = _same(others)
    known = np.where(before >= 0, before, np.where(others == steps, steps, -1))
    source = _ends(np.where(known >= 0, steps, others))
    return np.where(last >= 0, last, known[source])


def _swapped_downwards(others: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2, … after the element at each place from the last on was swapped with that at others[place] ≤ place.

    Before its step a place holds what the last step that went to it held before its own. It ends up with what its other
    holds at its step; what is beyond the step is settled.
    """
    steps = np.arange(len(others))
    behind, last = _same(others[::-1])
    behind, last = (np.where(found >= 0, len(others) - 1 - found, -1) for found in (behind[::-1], last))
    # A swap with itself is none: then the step before it is the last one that went there.
    last = np.where(last == steps, behind, last)
    if len(others):
        # The first place has no step.
        last[0] = behind[0]
    held = _ends(np.where(last >= 0, last, steps))
    return np.where(others == steps, held, np.where(behind >= 0, held[behind], others))


def _same(others: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each step the one before it with the same other, and for each place the last step with it; −1 for none."""
    order = np.argsort(others, kind="stable")
    ordered = others[order]
    before, last = np.full((2, len(others)), -1)
    alike = ordered[1:] == ordered[:-1]
    before[order[1:][alike]] = order[:-1][alike]
    last[ordered] = order
    return before, last


def _ends(links: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each chain of links ends, at a place that is linked to itself."""
    while True:
        further = links[links]
        if (further == links).all():
            return links
        links = further


class _Reader:
    """Reads uniform and normal numbers from several twisters, each at its own pace.

    `look` goes before each round: then a row can read `_REACH` numbers, and one normal number, before the next one.
    """

    _REACH = 64

    def __init__(self, team: list[_Twister], real: type[np.floating[Any]], each: int) -> None:
        self._team = team
        self.real = real
        self.size = len(team)
        self._ahead = min(6 * each + self._REACH, 1024)
        self._read = np.zeros(self.size, np.intp)
        self._fill()

    def _fill(self) -> None:
        self._numbers = _unit(_peek(self._team, self._ahead * _width(self.real)), self.real)
        self._flat = self._numbers.reshape(-1)
        self._starts = np.arange(self.size) * self._ahead
        self._pairs: NDArray[np.int32] | None = None

    def look(self) -> None:
        """Look further ahead if a row has come near the end of what was looked at."""
        if self._read.max() > self._ahead - self._REACH:
            self.finish()
            self._fill()

    def finish(self) -> None:
        """Leave each twister behind the last word that was read."""
        for twister, count in zip(self._team, self._read.tolist(), strict=True):
            twister.skip(count * _width(self.real))
        self._read[:] = 0

    def uniform(self, rows: NDArray[np.intp]) -> Floats:
        """The next number of each of these rows."""
        position = self._read[rows]
        self._read[rows] = position + 1
        return self._flat.take(self._starts[rows] + position)

    def uniforms(self, rows: NDArray[np.intp], count: int) -> Floats:
        """The next few numbers of each of these rows, one below the other; `skip` uses them up."""
        return self._flat.take(self._starts[rows] + self._read[rows] + np.arange(count)[:, None])

    def skip(self, rows: NDArray[np.intp], counts: NDArray[np.intp]) -> None:
        """Use up some of the numbers looked at."""
        self._read[rows] += counts

    def normal(self, rows: NDArray[np.intp]) -> Floats:
        """The next standard normal number of each of these rows, by the polar method."""
        first = self._next_pair(rows)
        while first.max() == self._ahead:
            # So many points outside of the disc in turn that what was looked at ends with them.
            self.finish()
            self._ahead *= 2
            self._fill()
            first = self._next_pair(rows)
        self._read[rows] = first + 2
        at = self._starts[rows] + first
        x, y = 2 * self._flat.take(at) - 1, 2 * self._flat.take(at + 1) - 1
        return np.asarray(y * _polar_factor(x * x + y * y))

    def _next_pair(self, rows: NDArray[np.intp]) -> Integers:
        """Where the next pair of numbers in the disc begins; `_ahead` if there is none before the end."""
        if self._pairs is None:
            points = 2 * self._numbers - 1
            points *= points
            square = points[:, :-1] + points[:, 1:]
            good = (square <= 1) & (square != 0)
            found = np.full(points.shape, self._ahead, np.int32)
            np.copyto(found[:, :-1], np.arange(self._ahead - 1, dtype=np.int32), where=good)
            for parity in (0, 1):
                backwards = np.ascontiguousarray(found[:, parity::2].T[::-1])
                found[:, parity::2] = np.minimum.accumulate(backwards, axis=0, out=backwards)[::-1].T
            self._pairs = found.reshape(-1)
        return self._pairs.take(self._starts[rows] + self._read[rows])


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


def _polar(
    team: list[_Twister],
    most: int,
    wanted: NDArray[np.intp],
    real: type[np.floating[Any]],
    both: bool = False,
) -> Floats:
    """Standard normal numbers: rows of `most`, of which the i-th twister fills the first wanted[i].

    All want the same, but for the last one. A pair of uniform numbers is a point of the square, accepted in the disc,
    so some π/4 of them are. Looked at are as many as will almost surely do, and used up those to the last one wanted.
    With `both` the result is the two numbers of each accepted point, of one twister.
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
    factor = _polar_factor(square[good])
    numbers: Floats = y[good] * factor
    if both:
        return np.stack([numbers, x[good] * factor], axis=-1)
    if numbers.size == len(team) * most:
        return numbers.reshape(len(team), most)
    out = np.zeros((len(team), most), real)
    out.reshape(-1)[: numbers.size] = numbers
    return out


class _Sampler(ABC):
    """A distribution whose numbers take unforeseeably many attempts: the state of one number for each row."""

    def __init__(self, reader: _Reader) -> None:
        self.reader = reader

    @abstractmethod
    def begin(self, rows: NDArray[np.intp], *parameters: Floats) -> None:
        """Set the parameters of the numbers that these rows make next."""

    @abstractmethod
    def attempt(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
        """Which of these rows have made their number, and for these the number; the others go on with it next time.

        A row that has made its number can begin another one with the same parameters.
        """

    def _state(self, *dtypes: DTypeLike) -> list[NDArray[Any]]:
        return [np.zeros(self.reader.size, dtype) for dtype in dtypes]


class _Gamma(_Sampler):
    """Gamma variates: G. Marsaglia and W. W. Tsang, A simple method for generating gamma variables, 2000.

    An alpha below 1 is drawn one higher and brought down by a power of a uniform number. Roundings to `real` stand
    where MXNet stores an intermediate; what is between them it computes in float64.
    """

    def __init__(self, reader: _Reader) -> None:
        super().__init__(reader)
        real = reader.real
        self.d, self.k, self.c, self.scale = self._state(real, real, real, np.float32)
        self.bound, self.power = self._state(np.float64, np.float64)
        (self.small,) = self._state(bool)

    def begin(self, rows: NDArray[np.intp], *parameters: Floats) -> None:
        """`alpha` and `scale`."""
        real, wide = self.reader.real, np.float64
        alpha, scale = parameters
        alpha = alpha.astype(wide)
        small = alpha < 1
        d = np.where(small, alpha + 2.0 / 3.0, alpha - 1.0 / 3.0).astype(real)
        k = np.sqrt(9.0 * d.astype(wide)).astype(real)
        self.d[rows], self.k[rows], self.c[rows] = d, k, (1.0 / k.astype(wide)).astype(real)
        self.small[rows], self.power[rows] = small, (1.0 / alpha).astype(real)
        self.bound[rows] = 1.0 - 1e-4 - 1e-5 * d
        if self.scale.dtype != scale.dtype:
            self.scale = self.scale.astype(scale.dtype)
        self.scale[rows] = scale

    def attempt(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
        """One point of the enclosing density."""
        reader, real, wide = self.reader, self.reader.real, np.float64
        z = reader.normal(rows)
        done = z > -self.k[rows]
        tried = rows
        if not done.all():
            tried, z = rows[done], z[done]
        d = self.d[tried]
        x = (1.0 + (self.c[tried] * z).astype(wide)).astype(real)
        v = x * x * x
        chance = 1.0 - reader.uniform(tried).astype(wide)
        # Marsaglia and Tsang's bound, below which all are accepted, less what roundings may amount to.
        square = z * z
        good = chance < self.bound[tried] - 0.0331 * (square * square)
        near = np.flatnonzero(~good)
        if near.size:
            z, v_near, d_near = z[near].astype(wide), v[near], d[near].astype(wide)
            limit = 0.5 * z * z + d_near * (1.0 - v_near.astype(wide) + _log(v_near).astype(wide))
            good[near] = np.log(chance[near]) < limit
        made = tried[good]
        found = (d[good] * v[good] * self.scale[made]).astype(real)
        small = self.small[made]
        if small.any():
            below = made[small]
            power = reader.uniform(below).astype(wide) ** self.power[below]
            found[small] *= power.astype(real)
        done[done] = good
        values = np.empty(rows.size, real)
        values[done] = found
        return done, values


class _Poisson(_Sampler):
    """Poisson counts, in float32: by multiplying uniform numbers below a mean of 12, else by rejection."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(reader)
        single = [np.float32] * 7
        self.lam, self.end, self.product, self.count, self.width, self.log, self.peak = self._state(*single)
        (self.few,) = self._state(bool)
        self.window = 2

    def begin(self, rows: NDArray[np.intp], *parameters: Floats) -> None:
        """`lam`."""
        (lam,) = parameters
        lam = lam.astype(np.float32)
        few = lam < 12
        self.lam[rows], self.few[rows], self.product[rows], self.count[rows] = lam, few, 1, 0
        self.end[rows] = np.exp(-lam.astype(np.float64)).astype(np.float32)
        if few.any():
            # Mostly enough for a count and the factor that ends it.
            most = float(lam[few].max())
            self.window = max(self.window, int(most + math.sqrt(most)) + 2)
        if not few.all():
            many, lam = rows[~few], lam[~few]
            log = _log(lam)
            self.width[many] = np.sqrt(2.0 * lam.astype(np.float64)).astype(np.float32)
            self.log[many], self.peak[many] = log, lam * log - _log_factorial(lam)

    def attempt(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
        """Some factors, or one point under the curve."""
        few = self.few[rows]
        if few.all():
            return self._multiply(rows)
        if not few.any():
            return self._reject(rows)
        done, values = np.empty(rows.size, bool), np.empty(rows.size, np.float32)
        done[few], values[few] = self._multiply(rows[few])
        done[~few], values[~few] = self._reject(rows[~few])
        return done, values

    def _multiply(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
        """How many uniform numbers can be multiplied before the product falls to exp(−lam)."""
        factors = self.reader.uniforms(rows, self.window)
        factors[0] *= self.product[rows]
        products = np.multiply.accumulate(factors, axis=0, out=factors)
        # Factors are less than 1, so that those which leave the product above the end come first.
        passed = (products > self.end[rows]).sum(axis=0)
        done = passed < self.window
        self.reader.skip(rows, passed + done)
        counts = self.count[rows] + passed.astype(np.float32)
        self.product[rows] = np.where(done, np.float32(1), products[-1])
        self.count[rows] = np.where(done, np.float32(0), counts)
        return done, counts

    def _reject(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
        """Rejection from a Lorentzian: W. H. Press et al., Numerical Recipes in C, section 7.3."""
        wide = np.float64
        angle = np.float32(math.pi) * self.reader.uniform(rows)
        slope = np.tan(angle.astype(wide)).astype(np.float32)
        counts = self.width[rows] * slope + self.lam[rows]
        done = ~(counts < 0)
        at, slope = rows[done], slope[done]
        count = np.floor(counts[done])
        height = (count * self.log[at] - _log_factorial(count) - self.peak[at]).astype(wide)
        ratio = (0.9 * (1.0 + (slope * slope).astype(wide)) * np.exp(height).astype(np.float32)).astype(np.float32)
        counts[done] = count
        done[done] = ~(self.reader.uniform(at) > ratio)
        return done, counts


class _PoissonOfGamma(_Sampler):
    """Poisson counts whose mean is a gamma variate."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(reader)
        self.means, self.counts = _Gamma(reader), _Poisson(reader)
        (self.counting,) = self._state(bool)

    def begin(self, rows: NDArray[np.intp], *parameters: Floats) -> None:
        """`alpha` and `scale` of the mean."""
        self.means.begin(rows, *parameters)

    def attempt(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
        """One at the mean, then at the count."""
        done, values = np.zeros(rows.size, bool), np.empty(rows.size, np.float32)
        counting = self.counting[rows]
        if not counting.all():
            waiting = rows[~counting]
            found, means = self.means.attempt(waiting)
            self.counts.begin(waiting[found], means[found])
            self.counting[waiting[found]] = True
        if counting.any():
            done[counting], values[counting] = self.counts.attempt(rows[counting])
            self.counting[rows[done]] = False
        return done, values


class _PoissonOfDispersed(_PoissonOfGamma):
    """Poisson counts whose mean has mean `mu` and variance alpha·mu²; no dispersion, no draw for it."""

    def __init__(self, reader: _Reader) -> None:
        super().__init__(reader)
        (self.fixed,) = self._state(bool)

    def begin(self, rows: NDArray[np.intp], *parameters: Floats) -> None:
        """`mu` and `alpha`."""
        mu, alpha = parameters
        fixed = alpha == 0
        self.fixed[rows] = self.counting[rows] = fixed
        spread = rows[~fixed]
        self.means.begin(spread, 1 / alpha[~fixed], alpha[~fixed] * mu[~fixed])
        self.counts.begin(rows[fixed], mu[fixed])

    def attempt(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
        """One at the mean if it is drawn, then at the count."""
        done, values = super().attempt(rows)
        # A fixed mean stays, and the next number starts at the count.
        self.counting[rows[done]] = self.fixed[rows[done]]
        return done, values


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
