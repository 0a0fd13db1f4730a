"""The two streams: MXNet's numbers as MXNet drew them, and for both what holds of any source of random numbers."""

from __future__ import annotations

import hashlib
import itertools
import math
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tapegrad import random
from tapegrad.errors import DtypeError, ShapeError
from tapegrad.randomness import twisters
from tapegrad.randomness.philox import PhiloxStream
from tapegrad.randomness.stream import Stream
from tapegrad.randomness.twisters import MXNetStream

STREAMS = [MXNetStream, PhiloxStream]
streams = pytest.mark.parametrize("make", STREAMS)


def ulps(a: np.ndarray, b: np.ndarray) -> int:
    """How many floating-point numbers lie between the two, at most."""
    assert a.dtype == b.dtype
    assert (np.sign(a) == np.sign(b)).all()
    kind = np.int32 if a.dtype == np.float32 else np.int64
    return int(abs(a.view(kind).astype(np.int64) - b.view(kind).astype(np.int64)).max())


# What MXNet itself drew.


def test_normal_of_seed_0_is_what_mxnet_1_9_1_drew():
    recorded = np.float32([2.2122064, 0.7740038, 1.0434403, 1.1839255, 1.8917114])
    np.testing.assert_array_equal(MXNetStream().normal(shape=5), recorded)


def test_normal_of_seed_0_is_what_the_books_print():
    printed = np.float32(
        [
            *(2.2122064, 0.7740038, 1.0434405, 1.1839255, 1.8917114, -1.2347414, -1.771029, -0.45138445),
            *(0.57938355, -1.856082, -1.9768796, -0.20801921, 0.2444218, -0.03716067, -0.48774993, -0.02261727),
            *(0.57461417, 1.4661262, 0.6862904, 0.35496104, 1.0731696, 0.12017461, -0.9711102, -0.77569664, -0.7882176),
        ]
    )
    # An older C library than the one of the recording: its third number is 2 ulp away from that one's.
    assert ulps(MXNetStream(0).normal(shape=(5, 5)).ravel(), printed) <= 2


def test_uniform_of_seed_1_is_what_mxnet_1_9_1_drew():
    recorded = np.float32([0.52383333, 0.05501367, 0.03996297, 0.59453225, 0.18596531])
    np.testing.assert_array_equal(MXNetStream(1).uniform(shape=5), recorded)


def test_exponential_of_seed_0_is_what_mxnet_documents():
    assert MXNetStream(0).exponential(rate=1).item() == np.float32(0.79587454)


def test_two_large_draws_in_a_row_give_the_label_that_the_books_print():
    stream = MXNetStream(0)
    features = stream.normal(shape=(1000, 2))
    noise = stream.normal(scale=0.01, shape=1000)
    label = np.float32(2) * features[0, 0] - np.float32(3.4) * features[0, 1] + np.float32(4.2) + noise[0]
    assert label == np.float32(6.000587)


def test_dice_of_seed_0_are_what_the_books_print():
    stream = MXNetStream(0)
    die = np.ones(6, np.float32) / 6
    assert stream.categorical(die).item() == 3
    assert stream.categorical(die, shape=10).tolist() == [3, 4, 5, 3, 5, 3, 5, 2, 3, 3]
    assert stream.categorical(die, shape=(5, 10)).tolist() == [
        [2, 2, 1, 5, 0, 5, 1, 2, 2, 4],
        [4, 3, 2, 3, 2, 5, 5, 0, 2, 0],
        [3, 0, 2, 4, 5, 4, 0, 5, 5, 5],
        [2, 4, 4, 2, 3, 4, 4, 0, 4, 3],
        [3, 0, 3, 5, 4, 3, 0, 2, 2, 1],
    ]


def test_dice_do_not_move_the_other_numbers():
    stream = MXNetStream(0)
    stream.categorical([0.5, 0.5], shape=100)
    stream.permutation(10)
    assert stream.normal().item() == np.float32(2.2122064)


# What GCC's C++ library gives for the same distributions: seed 7, 70 numbers, of which six are written down.

GCC: list[tuple[str, Callable[[MXNetStream], np.ndarray], list[float], int]] = [
    (
        "uniform",
        lambda s: s.uniform(-2.5, 3.5, shape=70),
        [0.0713567734, 3.00509739, 2.34786654, 1.86871147, 1.48158789, -1.46020162],
        0,
    ),
    (
        "uniform64",
        lambda s: s.uniform(-2.5, 3.5, shape=70, dtype="float64"),
        [
            *(3.005097382834963, 3.4862430363073633, -0.73967546492405778),
            *(0.69839798783890972, 0.15394747629333017, 2.9845963646237443),
        ],
        0,
    ),
    (
        "exponential",
        lambda s: s.exponential(rate=0.7, shape=70),
        [0.799421191, 3.56450534, 2.35734844, 1.86055624, 1.55635488, 0.271875829],
        1,
    ),
    (
        "normal",
        lambda s: s.normal(0.3, 2.5, shape=70),
        [2.30710006, -1.79995441, -2.2042377, 1.8049767, -1.41046619, 0.105309129],
        0,
    ),
    (
        "normal64",
        lambda s: s.normal(0.3, 2.5, shape=70, dtype="float64"),
        [
            *(-1.4669496302467453, 1.9173472425564775, 1.8110463716887979),
            *(-1.8296957831173808, -1.0571440509052246, 2.8378535222257355),
        ],
        2,
    ),
    (
        "gamma",
        lambda s: s.gamma(2.3, 1.7, shape=70),
        [5.64581776, 1.87114632, 5.3794589, 3.95415497, 1.96308613, 5.29919386],
        8,
    ),
    (
        "gamma below 1",
        lambda s: s.gamma(0.3, 1.7, shape=70),
        [3.35781503, 0.000654698233, 2.52617788, 0.0212759916, 1.58230505e-05, 1.83424056],
        8,
    ),
    (
        "gamma64",
        lambda s: s.gamma(2.3, 1.7, shape=70, dtype="float64"),
        [
            *(1.9255587513179129, 6.1453033321308439, 2.8528239098791612),
            *(1.7270983727808273, 2.2089477278124576, 4.3056361259579292),
        ],
        8,
    ),
    ("poisson", lambda s: s.poisson(3.7, shape=70), [7, 5, 6, 4, 3, 1], 0),
    ("poisson of large mean", lambda s: s.poisson(40.5, shape=70), [31, 49, 36, 44, 38, 36], 0),
    ("negative binomial", lambda s: s.negative_binomial(5, 0.3, shape=70), [15, 13, 3, 22, 4, 4], 0),
    ("generalized", lambda s: s.generalized_negative_binomial(2.5, 0.4, shape=70), [4, 7, 2, 0, 0, 4], 0),
    ("randint", lambda s: s.randint(-3, 997, shape=70), [816, 98, 869, 424, 943, 591], 0),
]


@pytest.mark.parametrize(("draw", "expected", "distance"), [row[1:] for row in GCC], ids=[row[0] for row in GCC])
def test_distributions_are_those_of_the_cpp_library(draw, expected, distance):
    drawn = draw(MXNetStream(7))[[0, 1, 2, 34, 35, 69]]
    if distance:
        assert ulps(drawn, np.array(expected, drawn.dtype)) <= distance
    else:
        np.testing.assert_array_equal(drawn, np.array(expected, drawn.dtype))


def test_a_million_normal_numbers_are_those_of_the_cpp_library_to_the_bit():
    # The digest is of what tests/data/normals.cpp writes, compiled by GCC 12 for x86-64 with glibc 2.36.
    stream = MXNetStream(0)
    drawn = np.concatenate([stream.normal(shape=count) for count in (1000, 1_000_000, 65_537)])
    digest = hashlib.sha256(drawn.astype("<f4").tobytes()).hexdigest()
    assert digest == "8dfa3844de43348e83deb2ede1441c3d40dfb6682485fe708992b5ae6eea8e10"


def test_the_twisters_are_mt19937():
    # The C++ standard fixes the 10 000th word after seed 5489, which is that of state 28 under the seed 43.
    stream = MXNetStream(43)
    for _ in range(157):
        drawn = stream.uniform(shape=29 * 64)
    assert drawn[28 * 64 + 15] == np.float32(4123659995) / np.float32(2**32)


# The same, told one number at a time: how calls of any size share out the states, and where each goes on.


class OneByOne:
    """MXNet's generator without any array arithmetic."""

    def __init__(self, seed: int) -> None:
        self.states = [self.words(127 * seed + i) for i in range(1024)]

    @staticmethod
    def words(seed: int) -> Iterator[int]:
        source = np.random.RandomState(seed % 2**32)
        while True:
            yield from source.randint(0, 2**32, 50, np.uint32).tolist()

    @staticmethod
    def uniform(words: Iterator[int], real: Any) -> Any:
        if real is np.float32:
            return min(np.float32(next(words)) / np.float32(2**32), np.float32(1 - 2**-24))
        low, high = next(words), next(words)
        return min(float(low + high * 2**32) / 2.0**64, 1 - 2**-53)

    @classmethod
    def normal(cls, words: Iterator[int], real: Any) -> Any:
        square = real(0)
        while square > 1 or square == 0:
            x, y = (real(2) * cls.uniform(words, real) - real(1) for _ in range(2))
            square = x * x + y * y
        return y * np.sqrt(real(-2) * twisters._log(np.array([square]))[0] / square)

    @classmethod
    def poisson(cls, words: Iterator[int], real: Any) -> Any:
        count, product = 0, cls.uniform(words, np.float32)
        while product > np.float32(math.exp(-np.float32(2.5))):
            count, product = count + 1, product * cls.uniform(words, np.float32)
        return real(count)

    def draw(self, number: Callable[[Iterator[int], Any], Any], count: int, real: Any) -> np.ndarray:
        states = min(math.ceil(count / 64), 1024)
        each = math.ceil(count / states)
        shares = [min(each, max(count - i * each, 0)) for i in range(states)]
        drawn = (number(words, real) for words, n in zip(self.states, shares, strict=False) for _ in range(n))
        return np.fromiter(drawn, real, count)


SIZES = [1, 3, 64, 65, 3, 129, 1000, 127, 5000, 2]


@pytest.mark.parametrize("real", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["uniform", "normal", "poisson"])
def test_calls_go_on_where_each_state_stopped(kind, real):
    slow, fast = OneByOne(5), MXNetStream(5)
    for count in SIZES:
        expected = slow.draw(getattr(slow, kind), count, real)
        draw = {"uniform": fast.uniform, "normal": fast.normal, "poisson": lambda **k: fast.poisson(2.5, **k)}[kind]
        np.testing.assert_array_equal(draw(shape=count, dtype=real), expected)
    np.testing.assert_array_equal(fast.uniform(shape=5000), slow.draw(slow.uniform, 5000, np.float32))


def test_draws_that_need_all_states_and_leave_some_idle():
    # 65 537 numbers are 65 each for 1009 of the 1024 states, of which the last has only 17.
    slow, fast = OneByOne(0), MXNetStream(0)
    np.testing.assert_array_equal(fast.normal(shape=65537), slow.draw(slow.normal, 65537, np.float32))
    np.testing.assert_array_equal(fast.uniform(shape=65536), slow.draw(slow.uniform, 65536, np.float32))


def test_a_draw_larger_than_one_block(monkeypatch):
    monkeypatch.setattr(twisters, "_BLOCK", 37)
    slow, fast = OneByOne(2), MXNetStream(2)
    np.testing.assert_array_equal(fast.normal(shape=1000), slow.draw(slow.normal, 1000, np.float32))
    # 3151 numbers are 64 for each state but the last, which has 15 and is idle in the second block.
    np.testing.assert_array_equal(fast.normal(shape=3151), slow.draw(slow.normal, 3151, np.float32))
    np.testing.assert_array_equal(fast.uniform(shape=3200), slow.draw(slow.uniform, 3200, np.float32))


@pytest.mark.parametrize("rows", [False, True])
def test_permutation_swaps_with_a_place_not_yet_passed(rows):
    words, expected = OneByOne.words(127 * 3), list(range(2500))
    for place in range(2499, 0, -1) if rows else range(1, 2500):
        share = (2**32 - 1) // (place + 1)
        other = next(word // share for word in words if word < share * (place + 1))
        expected[place], expected[other] = expected[other], expected[place]
    stream = MXNetStream(3)
    assert stream.permutation(2500, rows=rows).tolist() == expected
    assert stream.categorical([0.25, 0.25, 0.5]).item() == [0, 1, 2, 2][next(words) >> 30]


def test_parameters_in_arrays_are_drawn_for_in_turn():
    loc, scale = np.float32([[1, 2, 3]]), np.float32([[2, 3, 4]])
    drawn = MXNetStream(1).normal(loc, scale, shape=(4, 5))
    unit = MXNetStream(1).normal(shape=(1, 3, 4, 5))
    assert drawn.shape == (1, 3, 4, 5)
    np.testing.assert_array_equal(drawn, unit * scale[..., None, None] + loc[..., None, None])


def test_parameters_in_arrays_where_numbers_are_rejected():
    lam = np.float32([0.0, 3.0, 1000.0])
    drawn = MXNetStream(1).poisson(lam, shape=5000)
    assert not drawn[0].any()
    np.testing.assert_allclose(drawn.mean(axis=1), lam, rtol=0.03)
    np.testing.assert_allclose(drawn.var(axis=1), lam, rtol=0.1)


def test_scalar_parameters_are_float32_and_arrays_keep_their_dtype():
    tenth = MXNetStream(0).uniform(0.1, 0.1, dtype="float64")
    assert tenth == np.float64(np.float32(0.1))
    assert MXNetStream(0).uniform(np.array([0.1]), np.array([0.1]), dtype="float64") == 0.1


def test_halves_are_rounded_doubles():
    half = MXNetStream(4).normal(shape=100, dtype="float16")
    assert half.dtype == np.float16
    wide = MXNetStream(4).normal(shape=100, dtype="float64")
    np.testing.assert_array_equal(half, wide.astype(np.float32).astype(np.float16))


def test_dropout_keeps_what_is_not_above_the_rate():
    unit = MXNetStream(6).uniform(shape=1000)
    mask = MXNetStream(6).dropout(0.3, shape=1000)
    keep = np.float32(1) - np.float32(0.3)
    np.testing.assert_array_equal(mask, np.where(unit <= keep, np.float32(1) / keep, np.float32(0)))
    equal = np.flatnonzero(unit > 0.5)[0]  # 1 − u is exact there
    assert MXNetStream(6).dropout(1 - unit[equal], shape=1000)[equal] == 1 / unit[equal]


def test_seeding_one_device_scales_only_the_states():
    plain, device = MXNetStream(9), MXNetStream(0)
    device.seed(9, device=True)
    assert plain.uniform(shape=10).tolist() == device.uniform(shape=10).tolist()
    single = MXNetStream(0)
    single.seed(1)  # 127·1, so that its twister is that of a device seeded 127
    device.seed(127, device=True)
    assert single.permutation(50).tolist() == device.permutation(50).tolist()
    assert plain.permutation(50).tolist() != device.permutation(50).tolist()


def test_seeds_of_mxnet_count_modulo_a_word():
    assert MXNetStream(-1).uniform(shape=3).tolist() == MXNetStream(2**32 - 1).uniform(shape=3).tolist()


def test_large_ranges_of_integers():
    drawn = MXNetStream(0).randint(-(2**62), 2**62, shape=1000, dtype="int64")
    assert drawn.dtype == np.int64
    assert drawn.min() < -(2**60) and drawn.max() > 2**60


# What holds of both.

MOMENTS: list[tuple[str, list[type[Stream]], Callable[[Any, int], np.ndarray], float, float]] = [
    ("uniform", STREAMS, lambda s, n: s.uniform(-1, 3, shape=n), 1, 16 / 12),
    ("normal", STREAMS, lambda s, n: s.normal(-2, 3, shape=n), -2, 9),
    ("exponential", STREAMS, lambda s, n: s.exponential(rate=4.0, shape=n), 0.25, 1 / 16),
    ("gamma", STREAMS, lambda s, n: s.gamma(2.5, 2, shape=n), 5, 10),
    ("gamma below 1", STREAMS, lambda s, n: s.gamma(0.4, 2, shape=n), 0.8, 1.6),
    ("poisson", STREAMS, lambda s, n: s.poisson(4.5, shape=n), 4.5, 4.5),
    ("poisson of large mean", STREAMS, lambda s, n: s.poisson(120, shape=n), 120, 120),
    ("randint", STREAMS, lambda s, n: s.randint(-2, 5, shape=n), 1, 4),
    ("bernoulli", STREAMS, lambda s, n: s.bernoulli(0.3, shape=n), 0.3, 0.21),
    ("dropout", STREAMS, lambda s, n: s.dropout(0.2, shape=n), 1, 0.25),
    ("categorical", STREAMS, lambda s, n: s.categorical([0.5, 0.25, 0.25], shape=n), 0.75, 0.6875),
    ("negative binomial", [MXNetStream], lambda s, n: s.negative_binomial(4, 0.4, shape=n), 6, 15),
    ("generalized", [MXNetStream], lambda s, n: s.generalized_negative_binomial(3, 0.5, shape=n), 3, 7.5),
    ("generalized, no dispersion", [MXNetStream], lambda s, n: s.generalized_negative_binomial(3, 0, shape=n), 3, 3),
    ("beta", [PhiloxStream], lambda s, n: s.beta(2, 3, shape=n), 0.4, 0.04),
    ("choice", [PhiloxStream], lambda s, n: s.choice(3, shape=n, probs=[0.2, 0.6, 0.2]), 1, 0.4),
]
CASES = [pytest.param(make, *row[2:], id=f"{make.__name__}-{row[0]}") for row in MOMENTS for make in row[1]]


@pytest.mark.parametrize(("make", "draw", "mean", "variance"), CASES)
def test_mean_and_variance(make, draw, mean, variance):
    count = 20_000
    drawn = draw(make(11), count).astype(np.float64)
    assert drawn.shape == (count,)
    error = math.sqrt(variance / count)
    assert abs(drawn.mean() - mean) < 5 * error
    spread = (drawn - mean) ** 2
    assert abs(spread.mean() - variance) < 5 * spread.std() / math.sqrt(count)


@streams
def test_two_calls_differ_and_a_seed_repeats_both(make):
    stream = make(3)
    first, second = stream.normal(shape=100), stream.normal(shape=100)
    assert not (first == second).any()
    stream.seed(3)
    np.testing.assert_array_equal(stream.normal(shape=100), first)
    np.testing.assert_array_equal(stream.normal(shape=100), second)
    stream.seed(4)
    assert not (stream.normal(shape=100) == first).any()


@streams
def test_numpys_global_generator_is_another_world(make):
    stream = make(3)
    np.random.seed(1)
    before = np.random.get_state()[1].tolist()
    first = stream.normal(shape=5)
    assert np.random.get_state()[1].tolist() == before
    stream.seed(3)
    np.random.seed(2)
    np.testing.assert_array_equal(stream.normal(shape=5), first)


@streams
def test_threads_share_a_stream_without_losing_or_repeating_a_number(make):
    stream, drawn = make(8), []

    def work():
        for _ in range(50):
            drawn.append(stream.normal(shape=200))

    threads = [threading.Thread(target=work) for _ in range(8)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that an unguarded draw would be interrupted in its middle
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    alone = make(8)
    expected = {tuple(alone.normal(shape=200).tolist()) for _ in range(400)}
    assert {tuple(part.tolist()) for part in drawn} == expected


REAL_DRAWS: list[Callable[..., np.ndarray]] = [
    lambda s, **k: s.uniform(**k),
    lambda s, **k: s.normal(**k),
    lambda s, **k: s.exponential(**k),
    lambda s, **k: s.gamma(2.0, **k),
    lambda s, **k: s.poisson(2.0, **k),
    lambda s, **k: s.bernoulli(0.5, **k),
    lambda s, **k: s.dropout(0.5, **k),
]


@streams
@pytest.mark.parametrize("draw", REAL_DRAWS)
@pytest.mark.parametrize("dtype", ["float32", np.float64])
@pytest.mark.parametrize("shape", [(), 4, (2, 3), (0, 2), [1, 2]])
def test_shape_and_dtype_are_those_asked_for(make, draw, dtype, shape):
    drawn = draw(make(0), shape=shape, dtype=dtype)
    assert drawn.dtype == dtype
    assert drawn.shape == ((shape,) if isinstance(shape, int) else tuple(shape))


@streams
def test_dtypes_where_none_is_asked_for(make):
    stream = make(0)
    assert {draw.dtype for draw in (stream.uniform(), stream.normal(), stream.dropout(0.5))} == {np.dtype("float32")}
    assert {draw.dtype.kind for draw in (stream.randint(5), stream.categorical([1.0]), stream.permutation(3))} == {"i"}
    assert stream.randint(3, shape=(2, 0)).shape == (2, 0)


@streams
def test_float64_is_drawn_with_all_its_bits(make):
    for draw in (make(0).uniform, make(0).normal, make(0).exponential):
        wide = draw(shape=50, dtype="float64")
        assert (wide != wide.astype(np.float32)).any()


@streams
@pytest.mark.parametrize("count", [0, 1, 2, 7, 300])
def test_a_permutation_holds_everything_once(make, count):
    assert sorted(make(1).permutation(count).tolist()) == list(range(count))


@streams
def test_permutations_are_equally_likely(make):
    stream = make(2)
    counts = dict.fromkeys(itertools.permutations(range(3)), 0)
    for _ in range(6000):
        counts[tuple(stream.permutation(3).tolist())] += 1
    assert sum((seen - 1000) ** 2 / 1000 for seen in counts.values()) < 20.5  # χ² of 5 degrees, once in 1000


@streams
def test_integers_are_equally_likely(make):
    drawn = make(2).randint(10, 16, shape=6000)
    assert sum((seen - 1000) ** 2 / 1000 for seen in np.bincount(drawn, minlength=16)[10:]) < 20.5


@streams
def test_an_impossible_outcome_is_never_drawn(make):
    # The probabilities fall short of 1, so that some numbers lie beyond the last one that is possible.
    assert (make(1).categorical([0.0, 0.992, 0.0], shape=10_000) == 1).all()
    assert not make(1).bernoulli([0.0], shape=(1000, 1) if make is PhiloxStream else 1000).any()


@streams
def test_many_distributions_at_once(make):
    probs = np.float32([[0.7, 0.1, 0.2, 0.0], [0.0, 0.0, 0.5, 0.5], [0.25, 0.25, 0.25, 0.25]])
    shape, axis = ((4000, 3), 0) if make is PhiloxStream else (4000, 1)
    drawn = make(5).categorical(probs, shape=shape)
    seen = np.stack([(drawn == outcome).mean(axis=axis) for outcome in range(4)], axis=-1)
    np.testing.assert_allclose(seen, probs, atol=0.04)
    assert make(5).categorical(probs).shape == (3,)
    assert make(5).categorical(probs[:0]).shape == (0,)


@streams
def test_dropping_everything_and_nothing(make):
    assert not make(0).dropout(1.0, shape=50).any()
    assert (make(0).dropout(0.0, shape=50) == 1).all()


# Philox alone.


def test_high_is_never_drawn_where_rounding_would_reach_it():
    high = np.nextafter(np.float32(1), np.float32(2))
    assert (PhiloxStream(0).uniform(np.float32(1), high, shape=1000) == 1).all()
    assert PhiloxStream(0).uniform(5.0, 5.0) == 5


def test_parameters_broadcast_into_the_shape():
    drawn = PhiloxStream(0).normal(np.array([[0.0], [1000.0]]), 1.0, shape=(3, 2, 4))
    assert drawn.shape == (3, 2, 4)
    assert (drawn[:, 0] < 100).all() and (drawn[:, 1] > 900).all()
    assert PhiloxStream(0).normal([0.0, 1.0], [[1.0], [2.0]]).shape == (2, 2)


def test_choice_without_replacement():
    drawn = PhiloxStream(0).choice(5, shape=(5,), replace=False)
    assert sorted(drawn.tolist()) == [0, 1, 2, 3, 4]


def test_streams_without_a_seed_differ():
    assert (PhiloxStream().uniform(shape=4) != PhiloxStream().uniform(shape=4)).any()


def test_the_module_seeds_both_streams():
    random.seed(5)
    assert random.mxnet.uniform() == MXNetStream(5).uniform()
    assert random.philox.uniform() == PhiloxStream(5).uniform()
    random.seed(0)


# Wrong arguments.

WRONG: list[tuple[list[type[Stream]], Callable[[Any], object], type[Exception], str]] = [
    (STREAMS, lambda s: s.normal(0.0, -1.0), ValueError, "scale must be at least 0, got -1.0"),
    (STREAMS, lambda s: s.normal(0.0, [1.0, math.nan]), ValueError, "scale must be at least 0, got nan"),
    (STREAMS, lambda s: s.normal("a"), TypeError, "loc must be a real number or an array of real numbers, not 'a'"),
    (STREAMS, lambda s: s.normal(1j), TypeError, "loc must be a real number"),
    (STREAMS, lambda s: s.normal([1.0, 2.0], [1.0, 2.0, 3.0]), ShapeError, r"\(2,\) and \(3,\) do not broadcast"),
    (STREAMS, lambda s: s.uniform(1.0, 0.0), ValueError, "high must be no less than low, got 0.0"),
    (STREAMS, lambda s: s.exponential(rate=0.0), ValueError, "rate must be more than 0, got 0"),
    (STREAMS, lambda s: s.exponential(2.0), TypeError, "positional argument"),
    (STREAMS, lambda s: s.gamma(0.0), ValueError, "alpha must be more than 0"),
    (STREAMS, lambda s: s.gamma(1.0, 0.0), ValueError, "scale must be more than 0"),
    (STREAMS, lambda s: s.poisson(-1.0), ValueError, "lam must be at least 0"),
    (STREAMS, lambda s: s.bernoulli(1.5), ValueError, "p must be from 0 to 1, got 1.5"),
    (STREAMS, lambda s: s.dropout(-0.1), ValueError, "rate must be from 0 to 1, got -0.1"),
    (STREAMS, lambda s: s.dropout([0.1, 0.2]), ShapeError, "rate must be one number"),
    (STREAMS, lambda s: s.randint(3, 3), ValueError, r"no integer in \[3, 3\)"),
    (STREAMS, lambda s: s.randint(0.5, 3), TypeError, "low must be an integer, not 0.5"),
    (STREAMS, lambda s: s.randint(0, 2**40, dtype="int32"), ValueError, "does not fit in int32"),
    (STREAMS, lambda s: s.randint(3, dtype="float32"), DtypeError, "must be one of int.*, not float32"),
    (STREAMS, lambda s: s.uniform(dtype="int32"), DtypeError, "must be one of .*float32, float64, not int32"),
    (STREAMS, lambda s: s.uniform(dtype="flaot32"), DtypeError, "not 'flaot32'"),
    (STREAMS, lambda s: s.uniform(shape=-1), ShapeError, r"shape \(-1,\) has a negative size"),
    (STREAMS, lambda s: s.uniform(shape=2.5), TypeError, "shape must be an int or a tuple of ints, not 2.5"),
    (STREAMS, lambda s: s.uniform(shape=(2, "3")), TypeError, "shape must be an int or a tuple of ints"),
    (STREAMS, lambda s: s.permutation(-1), ValueError, "count must be at least 0, got -1"),
    (STREAMS, lambda s: s.permutation(2.0), TypeError, "count must be an integer, not 2.0"),
    (STREAMS, lambda s: s.categorical([0.5, -0.5, 1.0]), ValueError, "probs must be at least 0, got -0.5"),
    (STREAMS, lambda s: s.categorical([0.5, 0.7]), ValueError, r"the sum of probs must be 1 \(divide by it\), got 1.2"),
    (STREAMS, lambda s: s.categorical(1.0), ShapeError, "probs must have at least one axis"),
    (STREAMS, lambda s: s.categorical(np.ones((3, 0))), ShapeError, "one outcome along the last"),
    (STREAMS, lambda s: s.seed("1"), TypeError, "seed must be an integer, not '1'"),
    (STREAMS, lambda s: s.seed(1.0), TypeError, "seed must be an integer, not 1.0"),
    ([MXNetStream], lambda s: s.negative_binomial(1, 0.0), ValueError, "p must be more than 0 and at most 1"),
    ([MXNetStream], lambda s: s.negative_binomial(-1, 0.5), ValueError, "k must be at least 0"),
    ([MXNetStream], lambda s: s.generalized_negative_binomial(-1.0), ValueError, "mu must be at least 0"),
    ([MXNetStream], lambda s: s.generalized_negative_binomial(1.0, -1.0), ValueError, "alpha must be at least 0"),
    ([PhiloxStream], lambda s: s.seed(-1), ValueError, "seed must be at least 0"),
    ([PhiloxStream], lambda s: s.beta(0.0, 1.0), ValueError, "a must be more than 0"),
    (
        [PhiloxStream],
        lambda s: s.normal([0.0, 1.0], shape=(2, 3)),
        ShapeError,
        r"\(2,\) do not broadcast to shape \(2, 3\)",
    ),
    ([PhiloxStream], lambda s: s.normal([0.0, 1.0], shape=()), ShapeError, r"do not broadcast to shape \(\)"),
    ([PhiloxStream], lambda s: s.choice(0, shape=1), ValueError, "among 0 things"),
    ([PhiloxStream], lambda s: s.choice(2, shape=3, replace=False), ValueError, "allow replace=True"),
    ([PhiloxStream], lambda s: s.choice(2, probs=[1.0]), ShapeError, r"probs must have shape \(2,\)"),
]
MISTAKES = [pytest.param(make, *row[1:], id=f"{make.__name__}-{n}") for n, row in enumerate(WRONG) for make in row[0]]


@pytest.mark.parametrize(("make", "draw", "error", "message"), MISTAKES)
def test_wrong_arguments_are_named_and_move_nothing(make, draw, error, message):
    stream = make(0)
    with pytest.raises(error, match=message):
        draw(stream)
    assert stream.uniform() == make(0).uniform()
